package store

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/toller-search/toller/store/codec"
)

// Three documents change keys in a circle, a fourth is replaced, and one that isn't
// there is passed over; ids, passages and what full text has of them stay.
func TestAmend(t *testing.T) {
	s := open(t, t.TempDir()+"/index.toller", testOptions(12, codec.FP32))
	c := newCollection(5, 12, 100, 8)
	var all []Document
	for _, key := range []string{"a", "b", "c", "d"} {
		d := c.document(key, 2, 8)
		d.Title = "title " + key
		all = append(all, d)
	}
	ids, err := s.Put(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(1_700_000_000_123)
	n, err := s.Amend(t.Context(), []Amendment{
		{Key: "a", Rename: "b", Source: "1", Time: at}, {Key: "b", Rename: "c", Source: "2", Metadata: json.RawMessage(`{"x":1}`)},
		{Key: "c", Rename: "d", Source: "3"}, {Key: "none", Rename: "e"},
	})
	if n != 3 || err != nil {
		t.Fatalf("amended %d, %v", n, err)
	}
	for i, want := range []struct{ key, source, title string }{{"b", "1", "title a"}, {"c", "2", "title b"}, {"d", "3", "title c"}} {
		d, err := s.Get(t.Context(), want.key)
		if err != nil {
			t.Fatal(err)
		}
		if d.ID != ids[i] || d.Source != want.source || d.Title != want.title || d.Text != all[i].Text || len(d.Passages) != 2 || d.Time.Equal(at) != (i == 0) {
			t.Errorf("%s is %+v", want.key, d)
		}
		if kept := string(d.Metadata) == string(all[i].Metadata); kept == (i == 1) {
			t.Errorf("%s has metadata %s", want.key, d.Metadata)
		}
	}
	if _, err := s.Get(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a is still there: %v", err)
	}
	hits, err := s.Search(t.Context(), Query{Text: "title", K: 10, Mode: Lexical})
	if err != nil || len(hits) != 6 {
		t.Errorf("%d hits, %v", len(hits), err)
	}
	clean(t, s)
}

// What Amend refuses changes nothing.
func TestAmendRefuses(t *testing.T) {
	s := open(t, t.TempDir()+"/index.toller", testOptions(12, codec.FP32))
	c := newCollection(5, 12, 100, 8)
	if _, err := s.Put(t.Context(), []Document{c.document("a", 1, 8)}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Amendment{
		{}, {Key: "a", Rename: "\xff"}, {Key: "a", Source: "\xff"}, {Key: "a", Metadata: json.RawMessage(`[]`)}, {Key: "a", Metadata: json.RawMessage(`{`)},
	} {
		if n, err := s.Amend(t.Context(), []Amendment{{Key: "a", Rename: "b"}, bad}); n != 0 || err == nil {
			t.Errorf("%+v: amended %d", bad, n)
		}
	}
	if n, err := s.Amend(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("nothing: %d, %v", n, err)
	}
	if _, err := s.Get(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	clean(t, s)
}
