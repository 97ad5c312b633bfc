package index

import (
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestPages finds passages of a text with pages, with the page that each begins on.
func TestPages(t *testing.T) {
	x := openIndex(t, open(t, tiny.New(t)), WithPassages(40, 0))
	text := strings.Repeat("the cat sat on the mat. ", 20) + "\n\f" + strings.Repeat("the mat sat on the cat. ", 20) + "\n\f\n\fa heron stands."
	err := x.Add(t.Context(), []Entry{{Key: "pages", Text: text, Plain: true}, {Key: "one", Text: "the dog sat on the bread", Plain: true}, {Key: "marked", Text: "a dove\n\f\nstands"}})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, r := range search(t, x, "cat heron dog dove", In(Exact), TopK(100)) {
		found[r.Key+" "+r.Heading] = true
		page := 1 + strings.Count(text[:min(r.Start, len(text))], "\f")
		if r.Key == "pages" && r.Heading != "page "+string(rune('0'+page)) {
			t.Errorf("passage at byte %d: %q, want page %d", r.Start, r.Heading, page)
		}
	}
	for _, want := range []string{"pages page 1", "pages page 2", "one ", "marked "} {
		if !found[want] {
			t.Errorf("no %q in %v", want, found)
		}
	}
}
