package agent

import (
	"strings"
	"unicode/utf8"
)

// nameBytes is how much is shown of a title or heading.
const nameBytes = 200

// clipped is a title or heading, cut where it is long.
func clipped(text string) string {
	if len(text) <= nameBytes {
		return text
	}
	return text[:runeStart(text, nameBytes)] + "…"
}

// runeStart is the nearest place at i or before where a character of text begins.
func runeStart(text string, i int) int {
	for i > 0 && i < len(text) && !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}

// oneLine is text with its white space made single spaces.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
