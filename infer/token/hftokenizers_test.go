//go:build hftokenizers

package token

import (
	"slices"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// TestParity compares this package's implementation with
// github.com/daulet/tokenizers on the golden lines.
func TestParity(t *testing.T) {
	for name, tok := range map[string]*Tokenizer{"NFC": modernBERT(t), "lower and NFC": lowerNormalized(t)} {
		for _, l := range goldenLines(t) {
			for _, o := range append(everyOption, Options{Limit: 7}) {
				theirs, own := tok.Encode(l.Text, o), tok.own.encode(l.Text, o)
				if !slices.Equal(own.IDs, theirs.IDs) || own.Truncated != theirs.Truncated {
					t.Fatalf("%s, line %d %q, %+v: ids are\n%v, the library's\n%v", name, l.ID, l.Text, o, own.IDs, theirs.IDs)
				}
				unchanged := norm.NFC.IsNormalString(l.Text) && !o.Lower && name == "NFC"
				for i, s := range theirs.Spans {
					mine := own.Spans[i]
					if s.Start < mine.Start || s.End > mine.End || unchanged && s != mine {
						t.Fatalf("%s, line %d %q, %+v: token %d has span %v, the library's is %v", name, l.ID, l.Text, o, i, mine, s)
					}
				}
			}
		}
	}
}
