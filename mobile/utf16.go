package mobile

import "unicode/utf8"

// A cursor counts the UTF-16 units in front of places in a text. Places that are
// asked for in their order take one pass together.
type cursor struct {
	text  string
	at, n int // bytes passed, and their units
}

// units returns how many UTF-16 units stand before a byte of the text. A byte within
// a character counts as its beginning, a byte that is no UTF-8 as U+FFFD, which is
// what the other side gets for it.
func (c *cursor) units(offset int) int {
	offset = min(max(offset, 0), len(c.text))
	if offset < c.at {
		c.at, c.n = 0, 0
	}
	for c.at < offset {
		r, size := utf8.DecodeRuneInString(c.text[c.at:])
		if c.at+size > offset {
			break
		}
		c.at += size
		c.n++
		if r > 0xffff {
			c.n++
		}
	}
	return c.n
}
