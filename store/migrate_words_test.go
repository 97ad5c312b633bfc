package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/toller-search/toller/store/codec"
	"github.com/toller-search/toller/testdata"
)

// lexicalHits is what a lexical search finds: key=BM25.
func lexicalHits(t testing.TB, s *Store, query string) []string {
	t.Helper()
	hits, err := s.Search(t.Context(), Query{Text: query, K: 10, Mode: Lexical})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, h := range hits {
		found = append(found, fmt.Sprintf("%s=%.4f", h.Key, h.BM25))
	}
	return found
}

// TestFormerWords opens a file of version 2 with texts of many scripts. Read-only
// it is searched as version 2 did; opened for writing, it finds the words of all.
func TestFormerWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.toller")
	if err := os.WriteFile(path, testdata.Read(t, "indexes/v2/unspaced.db"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, Options{ReadOnly: true})
	for query, want := range map[string][]string{
		"freedom of speech": {"eng-01=5.7483", "eng-24=2.9779", "eng-06=2.7409", "eng-00=2.3646", "eng-11=2.1306", "eng-04=1.8552", "eng-09=1.3797"},
		"自由":                nil,
		"世界における自由":          {"ja-00=6.3518"},
		"สิทธิ":             {"th-11=4.1277", "th-02=2.9081", "th-09=2.4648"},
		"자유":                {"kor-00=4.1731", "kor-01=3.5756"},
		"свобод":            {"rus-06=3.7206", "rus-05=3.4381", "rus-08=1.9541"},
		"Hafenanlage":       nil,
		"大会":                {"zh-07=5.7146"},
	} {
		if got := lexicalHits(t, s, query); !slices.Equal(got, want) {
			t.Errorf("read-only: %q: %q, expected %q", query, got, want)
		}
	}
	if all, err := s.Matches(t.Context(), "自由", []string{"自由, 自由的", "自由"}); err != nil || len(all[0]) != 1 || len(all[1]) != 1 {
		t.Errorf("read-only: %v, %v", all, err)
	}
	clean(t, s)
	s.Close()
	if v := versionOf(t, path); v != 2 {
		t.Errorf("version %d after reading", v)
	}

	s = open(t, path, Options{})
	if v := versionOf(t, path); v != schemaVersion {
		t.Errorf("version %d", v)
	}
	clean(t, s)
	for query, first := range map[string]string{
		"freedom of speech": "eng-01", "自由": "", "世界における自由": "ja-00", "Hafenanlage": "shy", "大会": "zh-07", "自由に": "", "คนเรา": "", "자유": "",
	} {
		got := lexicalHits(t, s, query)
		if first != "" && (len(got) == 0 || got[0][:len(first)] != first) {
			t.Errorf("%q: %q, expected %s first", query, got, first)
		}
	}
	if got := lexicalHits(t, s, "自由"); len(got) < 4 {
		t.Errorf("自由: %q", got)
	}
	if err := s.Compact(t.Context(), nil); err != nil {
		t.Error(err)
	}
	clean(t, s)
}

// downgrade makes a file of version 2 of one of this version.
func downgrade(t testing.TB, path string) {
	t.Helper()
	s := open(t, path, Options{})
	defer s.Close()
	if err := s.write(t.Context(), "downgrade", func(tx *transaction) error {
		if _, err := tx.exec(t.Context(), `INSERT INTO words (words) VALUES ('delete-all')`); err != nil {
			return err
		}
		passages, err := tx.worded(t.Context(), 0, 1<<20)
		if err != nil {
			return err
		}
		for _, p := range passages {
			if _, err := tx.exec(t.Context(), insertWords, p.id, p.title, p.heading, p.body); err != nil {
				return err
			}
		}
		_, err = tx.exec(t.Context(), `PRAGMA user_version = 2`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestMigrateWords compares migrated files with those that were written anew, where
// all, some and none of the passages change.
func TestMigrateWords(t *testing.T) {
	for _, every := range []int{1, 20, 1 << 20} {
		path := filepath.Join(t.TempDir(), "index.toller")
		s := open(t, path, testOptions(4, codec.FP16))
		var documents []Document
		for i := range 2345 { // more than one batch
			text := fmt.Sprintf("plain words, number %d, café", i)
			if i%every == every-1 {
				text += "、港口起重机 light\u00adhouse"
			}
			documents = append(documents, Document{Key: fmt.Sprint(i), Text: text, Passages: []Passage{{End: len(text), Vectors: []float32{1, 0, 0, 0}}}})
		}
		if _, err := s.Put(t.Context(), documents); err != nil {
			t.Fatal(err)
		}
		queries := []string{"起重", "lighthouse", "cafe 17", "港"}
		want := map[string][]Hit{}
		search := func(query string) []Hit {
			hits, err := s.Search(t.Context(), Query{Text: query, K: 3000, Mode: Lexical})
			if err != nil {
				t.Fatal(err)
			}
			return hits
		}
		for _, query := range queries {
			want[query] = search(query)
		}
		s.Close()
		downgrade(t, path)

		// Ended half-way, nothing has happened.
		ctx, cancel := context.WithCancel(t.Context())
		reword := migrations[2]
		migrations[2] = func(ctx context.Context, tx *transaction) error {
			err := reword(ctx, tx)
			cancel()
			return err
		}
		_, err := Open(ctx, path, Options{})
		migrations[2] = reword
		if !errors.Is(err, context.Canceled) || versionOf(t, path) != 2 {
			t.Fatalf("a migration that was ended: version %d, %v", versionOf(t, path), err)
		}

		s = open(t, path, Options{ReadOnly: true})
		if n := len(search("lighthouse")); n != 0 {
			t.Errorf("%d hits before", n)
		}
		clean(t, s)
		s.Close()
		s = open(t, path, Options{})
		clean(t, s)
		for _, query := range queries {
			got := search(query)
			if len(got) != len(want[query]) {
				t.Errorf("every %d: %q: %d hits, expected %d", every, query, len(got), len(want[query]))
				continue
			}
			for i := range got {
				// What was replaced still counts in the mean length.
				if h := want[query][i]; got[i].Key != h.Key || math.Abs(got[i].BM25-h.BM25) > 0.05*h.BM25 {
					t.Errorf("every %d: %q: hit %d is %s with %v, expected %s with %v", every, query, i, got[i].Key, got[i].BM25, h.Key, h.BM25)
					break
				}
			}
		}
	}
}
