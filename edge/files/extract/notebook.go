package extract

import (
	"encoding/json"
	"fmt"
	"strings"
)

// lines is a text of a notebook: a string, or a list of lines.
type lines string

func (l *lines) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		*l = lines(s)
		return nil
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("expected a string or a list of strings: %w", err)
	}
	*l = lines(strings.Join(list, ""))
	return nil
}

// cell is one of a notebook's, in the notations of version 3 and 4 (nbformat).
type cell struct {
	Type    string `json:"cell_type"`
	Source  lines  `json:"source"`
	Input   lines  `json:"input"`
	Outputs []struct {
		Text   lines                      `json:"text"`
		Data   map[string]json.RawMessage `json:"data"`
		Name   string                     `json:"ename"`
		Reason string                     `json:"evalue"`
	} `json:"outputs"`
}

// readNotebook reads a Jupyter notebook: its cells, and those of their outputs that are
// text. Pictures and pages among the outputs are left out.
func readNotebook(in *input) error {
	text, err := in.text()
	if err != nil {
		return err
	}
	var book struct {
		Cells      []cell `json:"cells"`
		Worksheets []struct {
			Cells []cell `json:"cells"`
		} `json:"worksheets"`
		Metadata struct {
			Title    string `json:"title"`
			Language struct {
				Name string `json:"name"`
			} `json:"language_info"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal([]byte(text), &book); err != nil {
		return fmt.Errorf("is no notebook: %w", err)
	}
	for _, sheet := range book.Worksheets {
		book.Cells = append(book.Cells, sheet.Cells...)
	}
	l := layout{limit: in.options.MaxText}
	d := Document{Title: book.Metadata.Title, Metadata: map[string]any{}}
	if book.Metadata.Language.Name != "" {
		d.Metadata["language"] = title(book.Metadata.Language.Name)
	}
	for _, c := range book.Cells {
		switch c.Type {
		case "markdown", "heading", "raw":
			var cutter markdownCutter
			for rest := tidy(string(c.Source)); rest != ""; {
				var part string
				part, rest = cutter.cut(rest)
				if err := layOutMarkdown(in.ctx, part, &l); err != nil {
					return err
				}
			}
			continue
		}
		l.code(string(c.Source + c.Input))
		for _, o := range c.Outputs {
			l.code(string(o.Text))
			var plain lines
			if raw := o.Data["text/plain"]; raw != nil && plain.UnmarshalJSON(raw) == nil {
				l.code(string(plain))
			}
			if o.Name != "" {
				l.code(o.Name + ": " + o.Reason)
			}
		}
		if l.err != nil {
			return l.err
		}
	}
	if d.Title == "" {
		d.Title = l.title
	}
	d.Text = l.out.String()
	in.emit(d)
	return nil
}
