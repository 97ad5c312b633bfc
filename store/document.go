package store

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// Document is one unit of what a caller stores, known by Key.
type Document struct {
	ID       int64  // given by the store; ignored when writing
	Key      string // unique, not empty: a path, a URL, a number
	Title    string
	Source   string          // where it came from, free form
	Text     string          // may be empty: hits then have no text, and only titles and headings are full text
	Metadata json.RawMessage // a JSON object, or nil
	Hash     [32]byte        // the caller's, to tell whether a source has changed
	Time     time.Time       // kept to the millisecond; zero: none
	Passages []Passage
}

// Passage is the stretch of a document that is encoded, scored and found as
// one.
type Passage struct {
	ID         int64 // given by the store; ignored when writing
	Start, End int   // bytes of the document's text
	Heading    string
	Vectors    []float32 // [n, Model.Dim] token vectors, unit rows
	Clusters   []uint32  // when pooled: for each kept token its row of Vectors; otherwise nil
}

// Limits of what is stored. They are generous: their purpose is that a file
// that says more is damaged.
const (
	maxTokens   = 1 << 20 // token vectors of a passage
	maxClusters = 1 << 24 // kept tokens of a pooled passage
	maxText     = 1 << 30 // bytes of a text
	maxMetadata = 1 << 24 // bytes of a document's metadata
	maxDepth    = 100     // of nested metadata; SQLite's own limit is 1,000
)

// validate checks a document before anything of it is written.
func (d *Document) validate(dim int) error {
	complain := func(format string, args ...any) error {
		return fmt.Errorf("store: document %q: %s", d.Key, fmt.Sprintf(format, args...))
	}
	if d.Key == "" {
		return fmt.Errorf("store: document with title %q has no key", d.Title)
	}
	for _, field := range []struct{ name, value string }{
		{"key", d.Key}, {"title", d.Title}, {"source", d.Source}, {"text", d.Text},
	} {
		if !utf8.ValidString(field.value) {
			return complain("%s is not valid UTF-8", field.name)
		}
	}
	if len(d.Text) > maxText {
		return complain("text of %d bytes, expected at most %d", len(d.Text), maxText)
	}
	if d.Metadata != nil {
		if len(d.Metadata) > maxMetadata {
			return complain("metadata of %d bytes, expected at most %d", len(d.Metadata), maxMetadata)
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(d.Metadata, &object); err != nil || object == nil {
			return complain("metadata is not a JSON object")
		}
		if depth := jsonDepth(d.Metadata); depth > maxDepth {
			return complain("metadata nested %d deep, expected at most %d", depth, maxDepth)
		}
	}
	for i := range d.Passages {
		if err := d.Passages[i].validate(d.Text, dim); err != nil {
			return complain("passage %d: %v", i, err)
		}
	}
	return nil
}

func (p *Passage) validate(text string, dim int) error {
	if p.Start < 0 || p.End < p.Start {
		return fmt.Errorf("bytes [%d, %d) are no range", p.Start, p.End)
	}
	if text != "" && p.End > len(text) {
		return fmt.Errorf("ends at byte %d of a text of %d bytes", p.End, len(text))
	}
	if !utf8.ValidString(p.Heading) {
		return fmt.Errorf("heading is not valid UTF-8")
	}
	if len(p.Vectors)%dim != 0 {
		return fmt.Errorf("%d vector components, expected a multiple of the model's %d dimensions", len(p.Vectors), dim)
	}
	if err := finite(p.Vectors, dim); err != nil {
		return err
	}
	n := len(p.Vectors) / dim
	if n > maxTokens || len(p.Clusters) > maxClusters {
		return fmt.Errorf("%d vectors for %d kept tokens, expected at most %d and %d", n, len(p.Clusters), maxTokens, maxClusters)
	}
	for i, c := range p.Clusters {
		if int(c) >= n {
			return fmt.Errorf("kept token %d belongs to vector %d of %d", i, c, n)
		}
	}
	return nil
}

// finite refuses NaN and infinities, naming the first.
func finite(vectors []float32, dim int) error {
	for i, v := range vectors {
		if bits := math.Float32bits(v); bits&0x7f800000 == 0x7f800000 {
			return fmt.Errorf("vector %d has %v in dimension %d, expected a finite number", i/dim, v, i%dim)
		}
	}
	return nil
}

// jsonDepth is how deeply objects and arrays of a valid JSON text are nested.
func jsonDepth(text []byte) int {
	deepest, depth := 0, 0
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}
