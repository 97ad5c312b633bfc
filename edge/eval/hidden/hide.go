package hidden

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// hide puts a sentence somewhere between others.
func hide(r *rand.Rand, sentences []string, secret string) string {
	at := r.IntN(len(sentences) + 1)
	return strings.Join(slices.Insert(slices.Clone(sentences), at, secret), " ")
}
