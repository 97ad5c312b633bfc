package tokenizers

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/daulet/tokenizers"
	"github.com/toller-search/toller/infer/token"
)

var (
	texts = flag.Int("texts", 100_000, "how many random texts each kind of tokenizer is compared on")
	seed  = flag.Uint64("seed", 0, "where the random texts begin, 0 is anywhere")
	shown = flag.Int("shown", 5, "how many differences of each kind to print")
)

// TestSameTokens compares every kind of tokenizer on the golden lines and on
// random texts.
func TestSameTokens(t *testing.T) {
	for *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("-seed %d", *seed)
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			data := k.data(t)
			native := openNative(t, data)
			own, err := token.Load(k.file, data)
			if err != nil {
				t.Fatal(err)
			}
			var found tally
			for _, text := range goldenTexts(t, k.lines) {
				found.compare(t, own, native, text)
			}
			rng := rand.New(rand.NewPCG(*seed, 0))
			for range *texts {
				found.compare(t, own, native, randomText(rng))
			}
			t.Logf("%v", found)
		})
	}
}

// A tally counts texts by what was found.
type tally struct {
	same   int // ids and spans
	wider  int // same ids, and some of toller's spans hold more than the library's
	ids    int
	spans  int
	untold int // texts with a NUL, which can't be handed to the library
}

func (f tally) String() string {
	return fmt.Sprintf("%d texts are the same in ids and spans; %d in ids, some of toller's spans holding more; different ids %d, spans elsewhere %d; left out for a NUL %d",
		f.same, f.wider, f.ids, f.spans, f.untold)
}

func (f *tally) compare(t *testing.T, own *token.Tokenizer, native *tokenizers.Tokenizer, text string) {
	if strings.IndexByte(text, 0) >= 0 {
		f.untold++
		return
	}
	got := own.Encode(text, token.Options{})
	want := native.EncodeWithOptions(text, false, tokenizers.WithReturnOffsets())
	if difference := differentIDs(got, want); difference != "" {
		if f.ids++; f.ids <= *shown {
			t.Errorf("%+q: %s", text, difference)
		}
		return
	}
	wider := false
	for i, span := range got.Spans {
		theirs := wholeRunes(text, want.Offsets[i])
		if span == theirs || span.Start == span.End && span.Start <= theirs.Start {
			continue // the second is the space that a ByteLevel puts in front, of the first character in the library
		}
		if wider = true; span.Start > theirs.Start || span.End < theirs.End {
			if f.spans++; f.spans <= *shown {
				t.Errorf("%+q: token %d, %d, has span %v, the library's is %v", text, i, got.IDs[i], span, theirs)
			}
			return
		}
	}
	if wider {
		f.wider++
	} else {
		f.same++
	}
}

func differentIDs(got token.Encoding, want tokenizers.Encoding) string {
	for i := range min(len(got.IDs), len(want.IDs)) {
		if uint32(got.IDs[i]) != want.IDs[i] {
			return fmt.Sprintf("from token %d on %v, the library has %v", i, got.IDs[i:], want.IDs[i:])
		}
	}
	if len(got.IDs) != len(want.IDs) {
		return fmt.Sprintf("%v, the library has %v", got.IDs, want.IDs)
	}
	return ""
}

// wholeRunes widens offsets to whole characters, as toller's spans are.
func wholeRunes(text string, o tokenizers.Offset) token.Span {
	from, to := int(o[0]), int(o[1])
	for from > 0 && from < len(text) && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return token.Span{Start: from, End: to}
}
