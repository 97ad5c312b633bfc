package main

import (
	"encoding/json"
	"fmt"
)

// record reads one JSONL record. The text is the title, if there is one, a
// space, and the field with the text, as BEIR's data sets are read.
func record(line []byte, textField string) (document, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return document{}, fmt.Errorf("is no JSON object: %w", err)
	}
	var d document
	text, ok, err := stringField(fields, textField)
	if err != nil {
		return d, err
	}
	if !ok {
		return d, fmt.Errorf("has no field %q", textField)
	}
	d.Text = text
	if textField != "title" {
		if d.Title, _, err = stringField(fields, "title"); err != nil {
			return d, err
		}
	}
	if d.Title != "" {
		d.Text = d.Title + " " + text
	}
	d.ID = identifier(fields)
	return d, nil
}

// stringField returns a field that must be a string if it is there at all.
func stringField(fields map[string]json.RawMessage, name string) (value string, ok bool, err error) {
	raw, ok := fields[name]
	if !ok || string(raw) == "null" {
		return "", false, nil
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return "", false, fmt.Errorf("field %q is %s, expected a string", name, jsonKind(raw))
	}
	return value, true, nil
}

// identifier is the field _id or id: a string, or the JSON of anything else.
func identifier(fields map[string]json.RawMessage) string {
	for _, name := range []string{"_id", "id"} {
		raw, ok := fields[name]
		if !ok || string(raw) == "null" {
			continue
		}
		var id string
		if json.Unmarshal(raw, &id) != nil {
			id = string(raw)
		}
		return id
	}
	return ""
}

func jsonKind(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "a truth value"
	default:
		return "a number"
	}
}
