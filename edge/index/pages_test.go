package index

import (
	"fmt"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestPages finds passages of a text with pages, with the pages that each is on.
func TestPages(t *testing.T) {
	x := openIndex(t, open(t, tiny.New(t)), WithPassages(40, 0))
	text := strings.Repeat("the cat sat on the mat. ", 20) + "\n\f" + strings.Repeat("the mat sat on the cat. ", 20) + "\n\f\n\fa heron stands."
	err := x.Add(t.Context(), []Entry{{Key: "pages", Text: text, Plain: true}, {Key: "one", Text: "the dog sat on the bread", Plain: true}, {Key: "marked", Text: "a dove\n\f\nstands"}})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	first := func(r Result) int { return 1 + strings.Count(text[:r.Start], "\f") }
	last := func(r Result) int { return 1 + strings.Count(text[:r.End], "\f") }
	for _, r := range search(t, x, "cat heron dog dove", In(Exact), TopK(100)) {
		found[r.Key+" "+r.Heading] = true
		if r.Key != "pages" {
			continue
		}
		want := fmt.Sprintf("page %d", first(r))
		if last(r) > first(r) {
			want = fmt.Sprintf("pages %d-%d", first(r), last(r))
		}
		if r.Heading != want {
			t.Errorf("passage at byte %d: %q, want %s", r.Start, r.Heading, want)
		}
	}
	for _, want := range []string{"pages page 1", "pages page 2", "one ", "marked "} {
		if !found[want] {
			t.Errorf("no %q in %v", want, found)
		}
	}
	// Filters know pages, in all modes.
	for filter, holds := range map[string]func(Result) bool{
		"page = 2":                  func(r Result) bool { return first(r) <= 2 && last(r) >= 2 },
		"page >= 4":                 func(r Result) bool { return last(r) >= 4 },
		"page < 2":                  func(r Result) bool { return first(r) < 2 },
		"key = 'pages' and page!=1": func(r Result) bool { return first(r) > 1 },
	} {
		for _, mode := range []Mode{Exact, Pruned, Lexical, Hybrid} {
			n := 0
			for _, r := range search(t, x, "cat heron mat", In(mode), Where(filter), TopK(100)) {
				if n++; r.Key != "pages" || !holds(r) {
					t.Errorf("%s in mode %v: %s at byte %d, %s", filter, mode, r.Key, r.Start, r.Heading)
				}
			}
			if n == 0 {
				t.Errorf("%s in mode %v: nothing", filter, mode)
			}
		}
	}
}
