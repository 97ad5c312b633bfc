package store

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/store/codec"
)

func TestNotes(t *testing.T) {
	s := create(t, testOptions(8, codec.FP16))
	notes := map[string]string{"a:1": "one", "a:ä/[%_]": "two", "b": strings.Repeat("x", maxNote), "a": "none"}
	if err := s.SetNotes(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	if err := s.SetNotes(t.Context(), map[string]string{"a:1": "uno", "a": "", "no such": ""}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []map[string]string{{"": "x"}, {"a": "\xff"}, {"\xff": "x"}, {"a": strings.Repeat("x", maxNote+1)}, {strings.Repeat("x", maxNoteName+1): "x"}} {
		bad["kept back"] = "x"
		if s.SetNotes(t.Context(), bad) == nil {
			t.Errorf("%.20q is taken", bad)
		}
	}
	if err := s.Compact(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string][]string{"": {"a:1", "a:ä/[%_]", "b"}, "a:": {"a:1", "a:ä/[%_]"}, "a:ä": {"a:ä/[%_]"}, "c": nil} {
		found, err := s.Notes(t.Context(), prefix)
		if err != nil {
			t.Fatal(err)
		}
		if names := slices.Sorted(maps.Keys(found)); !slices.Equal(names, want) {
			t.Errorf("%q: %q, want %q", prefix, names, want)
		}
		if one, ok := found["a:1"]; ok && one != "uno" {
			t.Errorf("found %q", one)
		}
	}
	clean(t, s)
}

func TestFields(t *testing.T) {
	s := create(t, testOptions(8, codec.FP16))
	c := newCollection(1, 8, 20, 4)
	documents := []Document{c.document("1", 1, 4), c.document("2", 1, 4), c.document("3", 1, 4)}
	documents[0].Metadata = []byte(`{"author": "Ada", "n": {"x": 1}}`)
	documents[1].Metadata = []byte(`{"author": null, "year": 1840}`)
	documents[2].Metadata = nil
	documents[2].Passages[0].Heading = "pages 2-3"
	if _, err := s.Add(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
	names, err := s.Fields(t.Context())
	if want := []string{"author", "n", "year"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%q, %v, want %q", names, err, want)
	}
	missing, err := s.MissingFields(t.Context(), "author = 1 or yaer > 3 and n.y = 1 and n.x = 2 and page = 1 and has yaer")
	if want := []string{"yaer", "n.y"}; err != nil || !slices.Equal(missing, want) {
		t.Errorf("%q, %v, want %q", missing, err, want)
	}
	if _, err := s.MissingFields(t.Context(), "x ="); err == nil {
		t.Error("a broken filter has fields")
	}
	n := 0
	if err := s.Documents(t.Context(), Selection{Filter: "page = 3"}, func(d *Document) bool {
		n++
		return d.Key == "3"
	}); err != nil || n != 1 {
		t.Errorf("%d documents, %v", n, err)
	}
}
