package terminal

import (
	"strings"
	"unicode"
)

// Clean is text as it may be shown on one line.
func Clean(text string) string { return Render(Cells(text, nil), false) }

// Printable is text without what would reorder a line or show as nothing; its
// line breaks stay.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}

// steers reports whether r could move the cursor, change colors or reorder
// the line instead of being shown.
func steers(r rune) bool {
	return unicode.IsControl(r) ||
		r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || // bidirectional embeddings, overrides, isolates
		r == 0x2028 || r == 0x2029 || r == 0xFEFF
}
