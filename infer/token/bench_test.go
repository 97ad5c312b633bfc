package token

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/toller-search/toller/testdata"
)

func BenchmarkLoad(b *testing.B) {
	for _, name := range []string{"modernbert", "modernbert-pairs"} {
		b.Run(name, func(b *testing.B) {
			data := testdata.Read(b, "tokenizers/"+name+".json")
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				load(b, data)
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	tok := modernBERT(b)
	for _, category := range []string{"english", "code", "multilingual", "multilingual_nfd", "random_unicode"} {
		var all strings.Builder
		for _, l := range goldenLines(b) {
			if l.Category == category {
				all.WriteString(l.Text)
				all.WriteByte('\n')
			}
		}
		text := all.String()
		for _, o := range []Options{{}, {Strip: true, Lower: true}} {
			b.Run(fmt.Sprintf("%s/lower=%v", category, o.Lower), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					tok.Encode(text, o)
				}
			})
		}
	}
}

// BenchmarkQuery encodes what a search box sends.
func BenchmarkQuery(b *testing.B) {
	tok := modernBERT(b)
	b.ReportAllocs()
	for b.Loop() {
		tok.Encode("What is the capital of France?", Options{Strip: true, Lower: true, Limit: 47})
	}
}

// BenchmarkMerge compares the two ways to merge at the lengths where they meet.
func BenchmarkMerge(b *testing.B) {
	model := modernBERT(b).encoder.model.(*byteLevelBPE)
	rng := rand.New(rand.NewPCG(1, 1))
	text := english(b, 10000)
	for _, n := range []int{4, 16, 40, 64, 96, 128, 192} {
		words := make([][]byte, 64)
		for i := range words {
			at := rng.IntN(len(text) - n)
			words[i] = []byte(strings.ReplaceAll(text[at:at+n], " ", "e"))
		}
		symbols := func(m *merger, word []byte) []int32 {
			m.symbols = m.symbols[:0]
			for _, c := range word {
				m.symbols = append(m.symbols, model.bytes[c])
			}
			return m.symbols
		}
		var m merger
		ranks := make([]int32, n)
		b.Run(fmt.Sprintf("short/%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				model.mergeShort(symbols(&m, words[i%64]), ranks[:n])
			}
		})
		b.Run(fmt.Sprintf("long/%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				model.mergeLong(symbols(&m, words[i%64]), &m.queue)
			}
		})
	}
}

// BenchmarkLongTexts reports what 10 MB cost as a whole: the memory beside the
// result, at its highest.
func BenchmarkLongTexts(b *testing.B) {
	tok := modernBERT(b)
	for _, c := range longTexts(b, 10*megabytes) {
		b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				tokens := 0
				high := peak(func() { tokens = len(tok.Encode(c.text, Options{}).IDs) })
				b.ReportMetric(float64(high-20*tokens)/1e6, "MB-beside")
				b.ReportMetric(float64(tokens), "tokens")
			}
		})
	}
}

// TestLoadedSize: a loaded tokenizer stays small, it is in memory as long as
// the model is.
func TestLoadedSize(t *testing.T) {
	data := testdata.Read(t, "tokenizers/modernbert.json")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	tok := load(t, data)
	runtime.GC()
	runtime.ReadMemStats(&after)
	size := int(after.HeapAlloc) - int(before.HeapAlloc)
	t.Logf("%d bytes", size)
	if size > 6*megabytes {
		t.Errorf("a loaded tokenizer takes %d bytes, want at most 6 MB", size)
	}
	runtime.KeepAlive(tok)
	runtime.KeepAlive(data)
}
