package index

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/store"
)

// An Entry is one document of an index, known by its key.
type Entry struct {
	Key    string // unique, not empty, valid UTF-8: a path, a URL, a number
	Title  string // encoded with each passage of the text
	Source string // where it came from, free form
	Text   string

	// Metadata must be what encoding/json can write. It comes back as
	// encoding/json reads it: numbers as float64.
	Metadata map[string]any
	Time     time.Time // kept to the millisecond; zero: none

	// Hash tells whether a source has changed; see [Index.Hashes]. Zero stands
	// for ContentHash.
	Hash [32]byte

	// Plain tells that # begins no heading in the text, as in source code. It
	// isn't stored.
	Plain bool
}

// MaxText is how many bytes an entry's text may have. All of its vectors are in
// memory at once, some 50 bytes for each byte of the text.
const MaxText = 16 << 20

// ContentHash is the hash that stands for an entry without one of its own: of
// the title, the source, the text, the metadata and the time.
func (e *Entry) ContentHash() ([32]byte, error) {
	metadata, err := e.metadata()
	if err != nil {
		return [32]byte{}, err
	}
	return e.contentHash(metadata), nil
}

func (e *Entry) contentHash(metadata []byte) [32]byte {
	moment := int64(0)
	if !e.Time.IsZero() {
		moment = e.Time.UnixMilli()
	}
	h := sha256.New()
	for _, field := range []string{e.Title, e.Source, e.Text, string(metadata)} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(field))))
		h.Write([]byte(field))
	}
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(moment)))
	return [32]byte(h.Sum(nil))
}

// metadata is the entry's metadata as JSON, nil if there is none.
func (e *Entry) metadata() ([]byte, error) {
	if e.Metadata == nil {
		return nil, nil
	}
	text, err := json.Marshal(e.Metadata)
	if err != nil {
		return nil, fmt.Errorf("index: entry %q: metadata: %w", e.Key, err)
	}
	return text, nil
}

// document is what the store keeps of an entry, without its passages. Bytes
// that are no UTF-8, which the store refuses, become U+FFFD.
func (e *Entry) document() (store.Document, error) {
	switch {
	case e.Key == "":
		return store.Document{}, fmt.Errorf("index: entry with title %q: expected a key, found none", e.Title)
	case !utf8.ValidString(e.Key):
		return store.Document{}, fmt.Errorf("index: entry %q: expected a key in UTF-8", e.Key)
	case len(e.Text) > MaxText:
		return store.Document{}, fmt.Errorf("index: entry %q: expected a text of at most %d bytes, found %d", e.Key, MaxText, len(e.Text))
	}
	metadata, err := e.metadata()
	if err != nil {
		return store.Document{}, err
	}
	d := store.Document{
		Key: e.Key, Title: repair(e.Title), Source: repair(e.Source), Text: repair(e.Text),
		Metadata: metadata, Hash: e.Hash, Time: e.Time,
	}
	if d.Hash == ([32]byte{}) {
		d.Hash = e.contentHash(metadata)
	}
	return d, nil
}

// repair replaces each byte that is no UTF-8 by U+FFFD, which the tokenizer
// reads it as.
func repair(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return string([]rune(text))
}

// newEntry is the inverse of document.
func newEntry(d *store.Document) (*Entry, error) {
	e := &Entry{Key: d.Key, Title: d.Title, Source: d.Source, Text: d.Text, Hash: d.Hash, Time: d.Time}
	if d.Metadata != nil {
		if err := json.Unmarshal(d.Metadata, &e.Metadata); err != nil {
			return nil, fmt.Errorf("index: entry %q: metadata: %w", d.Key, err)
		}
	}
	return e, nil
}

// Get returns the entry with this key; [ErrNotFound] if there is none.
func (x *Index) Get(ctx context.Context, key string) (*Entry, error) {
	if err := x.begin(); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	d, err := x.store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	return newEntry(d)
}

// Hashes returns the hash of every entry by its key.
func (x *Index) Hashes(ctx context.Context) (map[string][32]byte, error) {
	if err := x.begin(); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	return x.store.Hashes(ctx)
}

// Entries calls yield with the entries that meet a filter, all if it is empty,
// in the order in which they were added, until yield returns false. What is
// written meanwhile isn't seen. yield must not call methods of the index.
func (x *Index) Entries(ctx context.Context, filter string, yield func(*Entry) bool) error {
	return x.walk(ctx, store.Selection{Filter: filter}, func(_ *store.Document, e *Entry) bool { return yield(e) })
}

func (x *Index) walk(ctx context.Context, s store.Selection, yield func(*store.Document, *Entry) bool) error {
	if err := x.begin(); err != nil {
		return err
	}
	defer x.calls.Done()
	var bad error
	err := x.store.Documents(ctx, s, func(d *store.Document) bool {
		var e *Entry
		if e, bad = newEntry(d); bad != nil {
			return false
		}
		return yield(d, e)
	})
	if err != nil {
		return err
	}
	return bad
}

// Delete removes the entries with these keys, and returns how many there were.
func (x *Index) Delete(ctx context.Context, keys ...string) (int, error) {
	if err := x.begin(); err != nil {
		return 0, err
	}
	defer x.calls.Done()
	return x.store.Delete(ctx, keys...)
}
