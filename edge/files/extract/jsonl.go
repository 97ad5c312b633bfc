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
	ids := map[string]bool{}
	return in.lines(func(n int, line string, repaired bool) bool {
		d, err := record(line, in.options.TextField)
		if err != nil {
			return in.bad(Document{Part: linePart(n), Record: n}, err)
		}
		d.Record, d.Repaired = n, repaired || halves(line, d.Text)
		if d.Part = d.ID; d.Part == "" || ids[d.Part] {
			d.Part = linePart(n)
		} else {
			ids[d.Part] = true
		}
		return in.emit(d)
	})
}

// halves reports that half of a surrogate pair, escaped as in \ud83d, became U+FFFD.
func halves(line, text string) bool {
	return strings.Contains(text, replacement) && !strings.Contains(line, replacement) && !strings.Contains(strings.ToLower(line), `\ufffd`)
}

// record reads a record.
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
				d.ID = title(s)
			} else if raw, err := json.Marshal(id); err == nil {
				d.ID = title(string(raw))
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
