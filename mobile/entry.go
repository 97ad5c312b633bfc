package mobile

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/toller-search/toller/edge/index"
)

// An Entry is one document of an index, known by its key.
type Entry struct {
	Key      string // unique and not empty: a note's id, a path, a URL
	Title    string // encoded with each passage of the text
	Source   string // where it came from, free form
	Text     string // at most 16 MB
	Metadata string // a JSON object, or empty; Where in SearchOptions refers to its fields
	Time     int64  // milliseconds since 1970, as System.currentTimeMillis gives them; 0: none
	Plain    bool   // # begins no heading in the text, as in source code; isn't stored
}

// NewEntry returns an entry with a key and a text.
func NewEntry(key, text string) *Entry { return &Entry{Key: key, Text: text} }

// Entries is a list of entries to be handed over.
type Entries struct{ list []index.Entry }

// NewEntries returns an empty list.
func NewEntries() *Entries { return new(Entries) }

// Add appends a copy of an entry. Metadata that are no JSON object are refused.
func (e *Entries) Add(entry *Entry) (err error) {
	defer recovered(&err)
	if entry == nil {
		return missing("an entry")
	}
	x := index.Entry{Key: entry.Key, Title: entry.Title, Source: entry.Source, Text: entry.Text, Plain: entry.Plain}
	if entry.Metadata != "" {
		if err := json.Unmarshal([]byte(entry.Metadata), &x.Metadata); err != nil {
			return fmt.Errorf("mobile: entry %q: metadata: expected a JSON object, found %.40q: %w", entry.Key, entry.Metadata, err)
		}
	}
	if entry.Time != 0 {
		x.Time = time.UnixMilli(entry.Time)
	}
	e.list = append(e.list, x)
	return nil
}

// Len returns the number of entries.
func (e *Entries) Len() int { return len(e.list) }

func newEntry(x *index.Entry) (*Entry, error) {
	e := &Entry{Key: x.Key, Title: x.Title, Source: x.Source, Text: x.Text}
	if x.Metadata != nil {
		metadata, err := json.Marshal(x.Metadata)
		if err != nil {
			return nil, err
		}
		e.Metadata = string(metadata)
	}
	if !x.Time.IsZero() {
		e.Time = x.Time.UnixMilli()
	}
	return e, nil
}
