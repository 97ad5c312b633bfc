package split

import (
	"strings"
	"testing"
)

// TestWhere names where parts of texts stand, and for whole passages what they have
// themselves.
func TestWhere(t *testing.T) {
	const text = "Intro.\n\n# Animals\n\nAll of them.\n\n## Dogs\n\nThey bark.\n\n```\n# no heading\n```\n\n## Cats\n\nThey purr.\n\n# Plants\n\nThey grow.\n\f\nOn."
	for part, want := range map[string]string{
		"Intro.": "", "All of them.": "Animals", "bark": "Animals > Dogs", "no heading": "Animals > Dogs", "## Cats": "Animals > Cats",
		"purr.": "Animals > Cats", "bark.\n\n```\n# no heading\n```\n\n## Cats\n\nThey purr": "Animals", "purr.\n\n# Plants\n\nThey": "", "On.": "Plants", "": "",
	} {
		start := strings.Index(text, part)
		if got := Where(text, start, start+len(part), false); got != want {
			t.Errorf("%q: %q, want %q", part, got, want)
		}
	}
	const paged = "# one\n\ftwo\f\ffour"
	for part, want := range map[string]string{"one": "page 1", "two": "page 2", "one\n\ftwo": "pages 1-2", "two\f\ffour": "pages 2-4", "four": "page 4"} {
		start := strings.Index(paged, part)
		if got := Where(paged, start, start+len(part), true); got != want {
			t.Errorf("%q: %q, want %q", part, got, want)
		}
	}
	if got := Where("# one\ntwo", 0, 5, true); got != "" {
		t.Errorf("a plain text without pages: %q", got)
	}
	if got := Where("", 0, 0, false); got != "" {
		t.Errorf("nothing: %q", got)
	}
	for _, p := range Passages(text, Options{Budget: 30}) {
		if got := Where(text, p.Start, p.End, false); got != p.Heading {
			t.Errorf("%q: %q, as a passage %q", text[p.Start:p.End], got, p.Heading)
		}
	}
}
