package formats

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/toller-search/toller/edge/files/extract"
)

const (
	wordShare  = 0.995 // of words that must be found, by format
	orderShare = 0.98  // of them in the same order
)

// TestCorpus reads documents that programs of others made and compares with the text
// that those give: see corpus.py, which makes the folder that TOLLER_CORPUS names.
func TestCorpus(t *testing.T) {
	folder := os.Getenv("TOLLER_CORPUS")
	if folder == "" {
		t.Skip("TOLLER_CORPUS names no folder made by corpus.py")
	}
	texts, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) < 60 {
		t.Errorf("%d documents, expected 60 or more", len(texts))
	}
	type sum struct{ documents, words, found, ordered int }
	sums := map[string]*sum{}
	for _, text := range texts {
		file := strings.TrimSuffix(text, ".txt")
		expected, err := os.ReadFile(text)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for d, err := range extract.File(t.Context(), file, extract.Options{Readers: Readers()}) {
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
				continue
			}
			if len(d.Missing) > 0 {
				t.Errorf("%s: missing %q", filepath.Base(file), d.Missing)
			}
			got.WriteString(d.Text + "\n")
		}
		want, have := words(string(expected)), words(got.String())
		kind := filepath.Ext(file)
		s := sums[kind]
		if s == nil {
			s = &sum{}
			sums[kind] = s
		}
		found, ordered := common(want, have), inOrder(want, have)
		if min(found, ordered) < len(want)*998/1000 {
			t.Logf("%s: %d words, %d found, %d in order, lacks %q", filepath.Base(file), len(want), found, ordered, lacking(want, have))
		}
		s.documents, s.words, s.found, s.ordered = s.documents+1, s.words+len(want), s.found+found, s.ordered+ordered
	}
	for kind, s := range sums {
		share, order := float64(s.found)/float64(s.words), float64(s.ordered)/float64(s.words)
		t.Logf("%-7s %3d documents %7d words, found %.2f %%, in order %.2f %%", kind, s.documents, s.words, 100*share, 100*order)
		if share < wordShare || order < orderShare {
			t.Errorf("%s: found %.2f %% of the words, %.2f %% in order", kind, 100*share, 100*order)
		}
	}
}

// words are the letters and digits of a text, word by word, folded.
func words(s string) []string {
	s = strings.ToLower(norm.NFKC.String(strings.ReplaceAll(s, "\u00ad", "")))
	return strings.FieldsFunc(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

func counts(list []string) map[string]int {
	n := map[string]int{}
	for _, w := range list {
		n[w]++
	}
	return n
}

// common counts the words of want that have has as well.
func common(want, have []string) int {
	there, n := counts(have), 0
	for _, w := range want {
		if there[w] > 0 {
			there[w]--
			n++
		}
	}
	return n
}

// lacking returns words of want that have lacks.
func lacking(want, have []string) []string {
	there := counts(have)
	var list []string
	for _, w := range want {
		if there[w]--; there[w] < 0 && len(list) < 20 {
			list = append(list, w)
		}
	}
	return list
}

// inOrder is the length of the longest common subsequence.
func inOrder(want, have []string) int {
	row := make([]int, len(have)+1)
	for _, w := range want {
		before := 0
		for j, h := range have {
			above := row[j+1]
			if w == h {
				row[j+1] = before + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			before = above
		}
	}
	return slices.Max(row)
}
