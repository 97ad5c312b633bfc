package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/toller-search/toller/edge/index"
)

const (
	leastLength   = 16 // more than any character has
	defaultLength = 4000
	mostLength    = 20_000
	metadataBytes = 2000 // more is left out
	keyLength     = 1 << 16
)

type readArguments struct {
	Key    string `json:"key" jsonschema:"The document's key, exactly as search or list gave it."`
	Index  string `json:"index,omitempty" jsonschema:"Name of the index that has the document; needed only where several have this key."`
	Start  int    `json:"start,omitempty" jsonschema:"Byte of the text to start at: a hit's start, or next_start of the piece before. Go back some hundred bytes to see what comes before a hit."`
	Length int    `json:"length,omitempty" jsonschema:"How many bytes of text to return."`
}

type readResult struct {
	Index     string         `json:"index"`
	Key       string         `json:"key"`
	Title     string         `json:"title,omitempty"`
	Time      string         `json:"time,omitempty" jsonschema:"last change of the document"`
	Metadata  map[string]any `json:"metadata,omitempty" jsonschema:"fields that filters can name"`
	Start     int            `json:"start"`
	End       int            `json:"end"`
	Total     int            `json:"total" jsonschema:"bytes of the whole text"`
	NextStart int            `json:"next_start,omitempty" jsonschema:"start of the next piece; missing at the end"`
	Text      string         `json:"text"`
}

func (s *Server) addRead() error {
	return add(s, tool[readArguments, readResult]{
		name: "read_document", title: "Read a document",
		description: "Reads a piece of an indexed document's text, by the key that search or list gave, as it was when it was indexed. " +
			"Long documents are read piece by piece: the next one starts at next_start. Reads nothing that isn't in an index.",
		bound: func(p *properties) {
			p.text("key", 1, keyLength)
			oneOf(p.schema.Properties["index"], s.names())
			p.number("start", 0, index.MaxText, 0)
			p.number("length", leastLength, mostLength, defaultLength)
		},
		call: s.read,
	})
}

func (s *Server) read(ctx context.Context, _ *progress, a readArguments) (*readResult, string, error) {
	name, e, err := s.entry(ctx, a.Index, a.Key)
	if err != nil {
		return nil, "", err
	}
	if a.Start > len(e.Text) {
		return nil, "", fmt.Errorf("start is %d, and the text has %d bytes: start at 0, at a hit's start, or at next_start", a.Start, len(e.Text))
	}
	start := runeStart(e.Text, a.Start)
	end := runeStart(e.Text, min(start+a.Length, len(e.Text)))
	r := &readResult{
		Index: name, Key: e.Key, Title: clipped(e.Title), Time: moment(e.Time),
		Start: start, End: end, Total: len(e.Text), Text: e.Text[start:end],
	}
	if metadata, err := json.Marshal(e.Metadata); err == nil && len(metadata) <= metadataBytes {
		r.Metadata = e.Metadata
	}
	if end < len(e.Text) {
		r.NextStart = end
	}
	return r, r.text(), nil
}

// entry is the document with this key, in the index named or in the one that has it.
func (s *Server) entry(ctx context.Context, name, key string) (string, *index.Entry, error) {
	var names []string
	if name != "" {
		names = []string{name}
	}
	indexes, err := s.chosen(names...)
	if err != nil {
		return "", nil, err
	}
	var entry *index.Entry
	var in []string
	for _, x := range indexes {
		e, err := x.Index.Get(ctx, key)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", nil, err
		}
		entry, in = e, append(in, x.Name)
	}
	switch {
	case len(in) == 0:
		return "", nil, fmt.Errorf("no document has the key %.200q: copy a key exactly as search or list gave it; list with glob '*NAME*' finds keys by a part of their name", key)
	case len(in) > 1:
		return "", nil, fmt.Errorf("the indexes %s all have this key: name one as index", strings.Join(in, ", "))
	}
	return in[0], entry, nil
}

// text shows a piece of a document below a line that says which.
func (r *readResult) text() string {
	var b strings.Builder
	b.WriteString(r.Key)
	if r.Title != "" {
		b.WriteString(" | " + oneLine(r.Title))
	}
	fmt.Fprintf(&b, " | bytes %d-%d of %d", r.Start, r.End, r.Total)
	if r.NextStart > 0 {
		fmt.Fprintf(&b, " | more: start %d", r.NextStart)
	}
	b.WriteString("\n\n" + r.Text)
	return b.String()
}

// moment is a time as agents read it, "" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
