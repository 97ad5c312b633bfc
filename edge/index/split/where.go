package split

import (
	"fmt"
	"strings"
)

// PageBreak is what stands between the pages of a text without headings that has such.
const PageBreak = "\f"

// Pages names the pages that a passage is on: "page 3" or "pages 3-5".
func Pages(first, last int) string {
	if first == last {
		return fmt.Sprintf("page %d", first)
	}
	return fmt.Sprintf("pages %d-%d", first, last)
}

// Where says where in a text the bytes from start to end stand, in the words that a
// passage of an index has for it: the path of the headings that all of them stand under,
// as [Passage] has it, or, of a plain text with pages, the pages. It is empty where the
// text has neither.
func Where(text string, start, end int, plain bool) string {
	if plain {
		if !strings.Contains(text, PageBreak) {
			return ""
		}
		first := 1 + strings.Count(text[:start], PageBreak)
		return Pages(first, first+strings.Count(text[start:end], PageBreak))
	}
	o := readOutline(text, false)
	section := -1
	for _, b := range o.blocks {
		switch {
		case b.end <= start || b.start >= end:
		case section < 0:
			section = b.section
		default:
			section = o.common(section, b.section)
		}
	}
	return o.path(max(section, 0))
}
