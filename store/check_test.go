package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/store/codec"
)

// TestCheckAfterOthers checks through a connection that has used the full text
// before another one rewrote it.
func TestCheckAfterOthers(t *testing.T) {
	first, c := trained(t, codec.Residual4, 60)
	for range DefaultMemory().Readers {
		clean(t, first)
	}
	second := open(t, first.path, testOptions(24, codec.Residual4))
	for i := range 5 {
		var documents []Document
		for j := range 60 {
			documents = append(documents, c.document(fmt.Sprint(j), 2, 12))
		}
		if _, err := second.Put(t.Context(), documents); err != nil {
			t.Fatal(err)
		}
		if err := second.Compact(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		clean(t, first)
		hits, err := first.Search(t.Context(), Query{Text: documents[0].Text, K: 5})
		if err != nil || len(hits) != 5 {
			t.Errorf("round %d: %d hits, %v", i, len(hits), err)
		}
	}
}

// TestCheckNotices damages one thing after the other, in a way that SQLite
// itself can't see, and expects Check to name it.
func TestCheckNotices(t *testing.T) {
	source, _ := trained(t, codec.Residual4, 480)
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(source.path)
	if err != nil {
		t.Fatal(err)
	}
	for statement, complaint := range map[string]string{
		`DELETE FROM texts WHERE document = 4`:                  "documents without a text",
		`DELETE FROM codes WHERE passage = 5`:                   "passages without a code",
		`DELETE FROM documents WHERE id = 6`:                    "passages without a document",
		`DELETE FROM words WHERE rowid = 7`:                     "passages without full text",
		`UPDATE documents SET title = 'another' WHERE id = 8`:   "full text doesn't fit",
		`UPDATE documents SET hash = x'00' WHERE id = 9`:        "hash",
		`UPDATE documents SET metadata = '{' WHERE id = 9`:      "metadata",
		`UPDATE passages SET "end" = 100000 WHERE id = 10`:      "bytes [",
		`UPDATE passages SET tokens = tokens + 1 WHERE id = 11`: "vectors",
		`UPDATE passages SET clusters = x'7f' WHERE id = 11`:    "belongs to vector",
		`UPDATE codes SET code = x'01' WHERE passage = 12`:      "passage 12",
		`UPDATE codes SET code = (SELECT code FROM codes WHERE passage = 1), generation = (SELECT generation FROM codes WHERE passage = 1) WHERE passage = 13`: "passage 13",
		`UPDATE codes SET generation = 99 WHERE passage = 14`:                           "no codebook 99",
		`UPDATE codebooks SET book = x'00'`:                                             "codebook",
		`UPDATE texts SET text = x'01ff' WHERE document = 15`:                           "text",
		`UPDATE state SET tokens = 1`:                                                   "counters",
		`UPDATE state SET generation = 98`:                                              "no codebook 98",
		`DELETE FROM tail WHERE passage = (SELECT max(passage) FROM tail)`:              "not in the candidate index",
		`UPDATE tail SET cells = x'00' WHERE passage = (SELECT max(passage) FROM tail)`: "inverted lists don't fit",
		`UPDATE postings SET lists = x'00'`:                                             "segment",
		`DELETE FROM postings`:                                                          "no inverted lists",
		`UPDATE segments SET last = last + 1`:                                           "segment",
	} {
		t.Run(statement, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "index.toller")
			if err := os.WriteFile(path, good, 0o666); err != nil {
				t.Fatal(err)
			}
			s := open(t, path, Options{})
			if _, err := s.writer.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, path, Options{ReadOnly: true})
			report, err := s.Check(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(report.Problems, func(p string) bool { return strings.Contains(p, complaint) }) {
				t.Errorf("%q doesn't mention %q", report.Problems, complaint)
			}
		})
	}
}
