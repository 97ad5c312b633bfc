package extract

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// readJSONL reads a document from each line: the text and the title from the
// fields of those names, the id from _id or id; what else a record has becomes its
// metadata.
func readJSONL(in *input) error {
	text, err := in.text()
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for n := 1; text != ""; n++ {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		part := fmt.Sprintf("line %d", n)
		d, err := record(line, in.options.TextField)
		if err != nil {
			if !in.bad(part, err) {
				return nil
			}
			continue
		}
		if d.Part == "" || ids[d.Part] {
			d.Part = part
		} else {
			ids[d.Part] = true
		}
		if !in.emit(d) {
			return nil
		}
	}
	return nil
}

// record reads a record; its Part is its id.
func record(line, textField string) (Document, error) {
	var d Document
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&d.Metadata); err != nil {
		return d, fmt.Errorf("is no JSON object: %w", err)
	}
	if decoder.More() {
		return d, errors.New("has more than one JSON value")
	}
	var err error
	if _, ok := d.Metadata[textField]; !ok {
		return d, fmt.Errorf("has no field %q", textField)
	}
	if d.Text, err = takeString(d.Metadata, textField); err != nil {
		return d, err
	}
	if textField != "title" {
		if d.Title, err = takeString(d.Metadata, "title"); err != nil {
			return d, err
		}
	}
	for _, name := range []string{"_id", "id"} {
		if id, ok := d.Metadata[name]; ok && id != nil {
			delete(d.Metadata, name)
			if s, ok := id.(string); ok {
				d.Part = title(s)
			} else if raw, err := json.Marshal(id); err == nil {
				d.Part = title(string(raw))
			}
			break
		}
	}
	return d, nil
}

// takeString takes a field out of a record that must be a string if it is there
// at all.
func takeString(fields map[string]any, name string) (string, error) {
	value := fields[name]
	delete(fields, name)
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool:
		return "", fmt.Errorf("field %q is a truth value, expected a string", name)
	case []any:
		return "", fmt.Errorf("field %q is a list, expected a string", name)
	case map[string]any:
		return "", fmt.Errorf("field %q is an object, expected a string", name)
	}
	return "", fmt.Errorf("field %q is a number, expected a string", name)
}
