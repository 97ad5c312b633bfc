package main

import (
	"math/rand/v2"
	"strings"
)

// words are what people write, with what tokenizers trip over.
var words = strings.Fields("the of calcium slows bone loss Exercise VITAMIN-D naïve café 3.14 1,000 e.g. U.S.A. " +
	"https://example.org/a?b=1 foo_bar CamelCase x86_64 C++ don't we'll _ __ -- ... … İstanbul Straße ΟΔΟΣ ǅ ﬁn")

// literals are the names of tokens, and characters that vanish, join or look like
// another. Texts that have them show in which order a tokenizer works.
var literals = []string{
	"[CLS]", "[SEP]", "[MASK]", "[mask]", "[UNK]", "[PAD]", "[unused0]", "[unused1]", "[Q]", "[D]", "[Q] ", "[D] ",
	"<|endoftext|>", "|||IP_ADDRESS|||", "\u200d", "\ufeff", "\u00ad", "\ufffd", "e\u0301", "\u1100\u1161\u11a8", "##s", "##",
}

// spaces are what may stand between words.
var spaces = []string{" ", " ", " ", " ", "  ", "\n", "\t", "\r\n", "\u00a0", "\u2003", "\u2028", "\u3000", ""}

// scripts are ranges of characters, of all kinds that normalisation treats apart.
var scripts = [][2]rune{
	{' ', '~'}, {' ', '~'}, {' ', '~'}, // most text is ASCII
	{0x00, 0x1f}, {0x7f, 0x9f}, {0xa0, 0x17f}, {0x300, 0x36f}, {0x370, 0x3ff}, {0x400, 0x4ff}, {0x590, 0x5ff}, {0x600, 0x6ff},
	{0x900, 0x97f}, {0xe00, 0xe7f}, {0x1100, 0x11ff}, {0x1e00, 0x1eff}, {0x2000, 0x206f}, {0x2070, 0x20cf}, {0x2100, 0x214f},
	{0x2200, 0x22ff}, {0x2460, 0x24ff}, {0x2e80, 0x2fdf}, {0x3000, 0x30ff}, {0x3130, 0x318f}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3},
	{0xe000, 0xe0ff}, {0xf900, 0xfaff}, {0xfb00, 0xfb4f}, {0xfe00, 0xfe6f}, {0xff00, 0xffef}, {0x1d400, 0x1d7ff}, {0x1f300, 0x1faff},
	{0x20000, 0x2a6df},
}

// hardText is a text of a few to a few hundred tokens that no one would write.
func hardText(r *rand.Rand) string {
	var text strings.Builder
	for range oneOf(r, []int{1, 2, 3, 5, 8, 20, 60}) {
		switch c := r.IntN(20); {
		case c < 7:
			text.WriteString(oneOf(r, words))
		case c < 10:
			text.WriteString(oneOf(r, literals))
		default:
			script := oneOf(r, scripts)
			for range oneOf(r, []int{1, 1, 2, 3, 5, 9, 30, 120}) { // WordPiece gives up a word of more than 100
				text.WriteRune(script[0] + r.Int32N(script[1]-script[0]+1))
			}
		}
		if r.IntN(5) < 3 {
			text.WriteString(oneOf(r, spaces))
		}
	}
	if strings.TrimSpace(text.String()) == "" {
		text.WriteByte('a') // there is nothing to compare in a blank text
	}
	return text.String()
}

func oneOf[T any](r *rand.Rand, choices []T) T { return choices[r.IntN(len(choices))] }
