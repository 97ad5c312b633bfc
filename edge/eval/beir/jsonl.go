package beir

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// A Document is one line of the corpus.
type Document struct {
	ID    string
	Title string
	Text  string
}

// Content returns what BEIR's models encode: title and text joined by a
// space, without white space around the whole.
func (d Document) Content() string {
	return strings.TrimSpace(d.Title + " " + d.Text)
}

// A Query is one line of the queries file.
type Query struct {
	ID   string
	Text string
}

// Documents streams the documents of a corpus file in file order. The
// sequence ends after the first error. A file without documents and a
// repeated id are errors.
func Documents(path string) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		for r, err := range records(path) {
			if err != nil {
				yield(Document{}, err)
				return
			}
			if !yield(Document{ID: *r.ID, Title: r.Title, Text: *r.Text}, nil) {
				return
			}
		}
	}
}

// Queries streams the queries of a queries file, with the guarantees of
// [Documents].
func Queries(path string) iter.Seq2[Query, error] {
	return func(yield func(Query, error) bool) {
		for r, err := range records(path) {
			if err != nil {
				yield(Query{}, err)
				return
			}
			if !yield(Query{ID: *r.ID, Text: *r.Text}, nil) {
				return
			}
		}
	}
}

// A record is a line of either JSON file. ID and Text are never nil in a
// checked record.
type record struct {
	ID    *string `json:"_id"`
	Title string  `json:"title"`
	Text  *string `json:"text"`
}

func records(path string) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		seen := make(map[string]int) // id to line
		for line, err := range lines(path) {
			if err != nil {
				yield(record{}, err)
				return
			}
			r, err := parseRecord(line.text)
			if err == nil && seen[*r.ID] != 0 {
				err = fmt.Errorf("_id: %q was already used in line %d", *r.ID, seen[*r.ID])
			}
			if err != nil {
				yield(record{}, line.fail(err))
				return
			}
			seen[*r.ID] = line.number
			if !yield(r, nil) {
				return
			}
		}
		if len(seen) == 0 {
			yield(record{}, fmt.Errorf("beir: %s: expected a JSON object a line, found nothing", path))
		}
	}
}

func parseRecord(line []byte) (record, error) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		var mistyped *json.UnmarshalTypeError
		if !errors.As(err, &mistyped) {
			return record{}, err
		}
		if mistyped.Field == "" {
			return record{}, fmt.Errorf("expected a JSON object, found %s", mistyped.Value)
		}
		return record{}, fmt.Errorf("%s: expected a string, found %s", mistyped.Field, mistyped.Value)
	}
	switch {
	case r.ID == nil:
		return record{}, errors.New("_id: expected a string, found no such field")
	case *r.ID == "":
		return record{}, errors.New("_id: expected an id, found an empty string")
	case r.Text == nil:
		return record{}, errors.New("text: expected a string, found no such field")
	}
	return r, nil
}
