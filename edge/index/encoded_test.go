package index

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/store"
)

// encodeElsewhere encodes what Texts gives, in the form in which it travels.
func encodeElsewhere(t *testing.T, x *Index, m *edge.Model, entries []Entry) [][]*edge.Document {
	t.Helper()
	texts, most, err := x.Texts(t.Context(), entries)
	if err != nil {
		t.Fatal(err)
	}
	encoded := make([][]*edge.Document, len(texts))
	for i := range texts {
		documents, err := m.EncodeDocuments(t.Context(), texts[i], edge.MaxTokens(most))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range documents {
			data, err := d.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			arrived := new(edge.Document)
			if err := arrived.UnmarshalBinary(data); err != nil {
				t.Fatal(err)
			}
			encoded[i] = append(encoded[i], arrived)
		}
	}
	return encoded
}

// TestEncoded compares an index of documents that were encoded elsewhere with one
// that encoded them itself.
func TestEncoded(t *testing.T) {
	m := open(t, tiny.New(t))
	for name, opts := range map[string][]Option{"plain": nil, "pooled": {WithPooling(2)}, "cut": {WithPassages(40, 4)}} {
		t.Run(name, func(t *testing.T) {
			opts = append(opts, WithCodec("fp32"))
			here, there := openIndex(t, m, opts...), openIndex(t, m, opts...)
			entries := append(numbered(batchEntries+5), animals...)
			if err := here.Add(t.Context(), entries); err != nil {
				t.Fatal(err)
			}
			var last WriteProgress
			if err := there.Add(t.Context(), entries, Encoded(encodeElsewhere(t, there, m, entries)), Progress(func(p WriteProgress) { last = p })); err != nil {
				t.Fatal(err)
			}
			if last.Stored != len(entries) || last.Passages == 0 {
				t.Errorf("progress ended with %+v", last)
			}
			read := func(x *Index) (documents []*store.Document) {
				if err := x.walk(context.Background(), store.Selection{Vectors: true}, func(d *store.Document, _ *Entry) bool {
					documents = append(documents, d)
					return true
				}); err != nil {
					t.Fatal(err)
				}
				return documents
			}
			if want, got := read(here), read(there); !reflect.DeepEqual(want, got) {
				t.Error("what was encoded elsewhere is stored differently")
			}
			cleanIndex(t, there)
		})
	}
}

// TestEncodedRefused brings what doesn't fit the entries.
func TestEncodedRefused(t *testing.T) {
	m := open(t, tiny.New(t))
	x := openIndex(t, m)
	good := encodeElsewhere(t, x, m, animals)
	for name, change := range map[string]func([][]*edge.Document) [][]*edge.Document{
		"entry missing":   func(d [][]*edge.Document) [][]*edge.Document { return d[1:] },
		"passage missing": func(d [][]*edge.Document) [][]*edge.Document { d[0] = nil; return d },
		"no document":     func(d [][]*edge.Document) [][]*edge.Document { d[1] = []*edge.Document{nil}; return d },
		"another model":   func(d [][]*edge.Document) [][]*edge.Document { d[1] = []*edge.Document{{}}; return d },
	} {
		err := x.Add(t.Context(), animals, Encoded(change(append([][]*edge.Document{}, good...))))
		if err == nil || name == "another model" && !errors.Is(err, ErrModel) {
			t.Errorf("%s: found %v", name, err)
		}
	}
	if stat, err := x.Stat(t.Context()); err != nil || stat.Documents != 0 {
		t.Errorf("expected nothing stored, found %+v, %v", stat, err)
	}
}
