package tokenizers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/toller-search/toller/testdata"
)

// goldenTexts returns the texts of a file of golden lines.
func goldenTexts(tb testing.TB, name string) (texts []string) {
	in := bufio.NewScanner(bytes.NewReader(testdata.Read(tb, name)))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var line struct{ Text string }
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			tb.Fatal(err)
		}
		texts = append(texts, line.Text)
	}
	return texts
}

// pieces are what random texts are drawn from: letters that change length in
// lower case, combining marks of all orders and ages, Hangul in parts,
// characters that normalize to others or vanish, space and punctuation of all
// kinds, ideographs at the ends of their blocks, added tokens, and words.
var pieces = strings.Split("a b e s t l r v m d A E Q Σ σ ς İ ı Ⱥ ß ﬁ ² ½ Å Ω K é ǖ ậ "+
	"\u0301 \u0302 \u0323 \u0327 \u031b \u0345 \u034f \u0308\u0301 \u094d \u0899 \u1dfa \u0c3c \u302e \u302f \U0001d165 \U0001d16d \U0001d15e \u20dd \ufe0f "+
	"ᄀ ᅡ ᆨ 가 각 한 क़ हा ে া ো \U00011935\U00011930 \U00011938 \u1c89 \ua7cb \U00010d50 "+
	"1 2 Ⅷ ٣ ' ’ . : - _ , ! · $ + < ~ € © « 。 、 〇 「 \u111c9 \u166d "+
	"\u200d \u200b \ufeff \u00ad \u0085 \u00a0 \u2003 \u2028 \u3000 \u180e \n \r\n \t \x0b \x0c \x1c \x7f \ue000 \U000e0041 "+
	"中 文 한국 東京 \u4e00 \u9fff \u3400 \U00020000 \U0002b820 \U0002b830 \U0002b920 \uf900 \ufa30 \U0002f800 "+
	"😀 👩‍👩‍👧 🇩🇪 \ufffd ▁ ▁▁ <0x41> <0xE2> <unk> <s> <bos> <mask> "+
	"[SEP] [MASK] [CLS] [UNK] [Q] [q] [D] [unused0] [UNUSED0] ##s |||IP_ADDRESS||| <|endoftext|> "+
	"the and The Retrieval unaffable international 're 's don't électricité Straße Москва ελληνικά", " ")

// randomText draws up to 40 pieces, often of few kinds, with spaces between some.
func randomText(rng *rand.Rand) string {
	var b strings.Builder
	few := pieces
	if rng.IntN(2) == 0 {
		few = make([]string, 1+rng.IntN(6))
		for i := range few {
			few[i] = pieces[rng.IntN(len(pieces))]
		}
	}
	for range 1 + rng.IntN(40) {
		switch p := rng.IntN(100); {
		case p < 20:
			b.WriteString(strings.Repeat(" ", 1+rng.IntN(3)))
		case p < 24:
			b.WriteRune(rune(1 + rng.IntN(0x1FFFF)))
		case p < 26:
			b.WriteRune(rune(1 + rng.IntN(0x10FFFF)))
		default:
			b.WriteString(few[rng.IntN(len(few))])
		}
	}
	return strings.ToValidUTF8(b.String(), "\ufffd")
}
