package store

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/toller-search/toller/store/codec"
)

func TestCodeCache(t *testing.T) {
	const limit = 32 << 20
	c := codeCache{limit: limit}
	if _, there := c.get(1, 1); there {
		t.Error("a code in an empty cache")
	}
	code := []byte("code")
	c.put(5, 1, cachedCode{document: 7, code: code})
	code[0] = 'x' // the caller's again
	if got, there := c.get(5, 1); !there || got.document != 7 || string(got.code) != "code" {
		t.Errorf("%+v, %t", got, there)
	}
	if _, there := c.get(6, 1); there {
		t.Error("a code of a state before")
	}
	c.put(4, 2, cachedCode{code: code})
	if _, there := c.get(4, 2); there {
		t.Error("a code for a state that is over")
	}
	c.put(6, 2, cachedCode{code: code})
	if _, there := c.get(5, 1); there {
		t.Error("a code of the state before")
	}

	big := bytes.Repeat([]byte{1}, 1<<20)
	for passage := range int64(100) {
		c.put(6, 100+passage, cachedCode{code: big})
		if _, there := c.get(6, 100+passage); !there {
			t.Errorf("passage %d isn't kept", passage)
		}
	}
	total := 0
	for _, code := range c.codes {
		total += len(code.code) + codeOverhead
	}
	if total != c.bytes || total > limit || total < limit/2 {
		t.Errorf("%d bytes, counted as %d", total, c.bytes)
	}
	c.put(6, 1, cachedCode{code: make([]byte, limit)})
	if _, there := c.get(6, 1); there {
		t.Error("a code larger than the cache")
	}
}

// TestCachedSearch repeats searches, whose codes then come from the cache, with
// writes in between.
func TestCachedSearch(t *testing.T) {
	s, c := trained(t, codec.Residual4, 1800)
	for round := range 5 {
		text, q := c.query(16)
		var first []Hit
		for try := range 3 {
			hits, err := s.Search(t.Context(), Query{Vectors: q, Text: text, K: 10, Mode: []Mode{Pruned, Hybrid}[round%2], PerDocument: round%3 == 0})
			if err != nil || len(hits) != 10 {
				t.Fatal(len(hits), err)
			}
			if try == 0 {
				first = hits
			} else if !reflect.DeepEqual(hits, first) {
				t.Errorf("round %d, search %d: other hits than the first time", round, try)
			}
		}
		if len(s.codes.codes) == 0 {
			t.Error("nothing is cached")
		}
		if n, err := s.Delete(t.Context(), first[0].Key); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		hits, err := s.Search(t.Context(), Query{Vectors: q, K: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			if h.Key == first[0].Key {
				t.Errorf("round %d: %s is deleted, and found", round, h.Key)
			}
		}
	}
}
