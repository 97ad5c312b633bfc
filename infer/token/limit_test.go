package token

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// inChunks returns a tokenizer that cuts texts wherever it may.
func inChunks(t *Tokenizer) *encoder {
	e := *t.encoder
	e.minChunk = 1
	return &e
}

// checkChunks reports whether cutting a text changes its encoding.
func checkChunks(tok *Tokenizer, text string, o Options) bool {
	whole, cut := tok.Encode(text, o), inChunks(tok).encode(text, o)
	return slices.Equal(whole.IDs, cut.IDs) && slices.Equal(whole.Spans, cut.Spans) &&
		whole.Truncated == cut.Truncated && whole.Repaired == cut.Repaired
}

func TestChunksDoNotMatter(t *testing.T) {
	rng := newRand(t)
	for name, tok := range everyTokenizer(t) {
		for _, l := range goldenLines(t) {
			o := everyOption[rng.IntN(len(everyOption))]
			if !checkChunks(tok, l.Text, o) {
				t.Fatalf("%s, line %d %q, %+v: differs when cut into chunks", name, l.ID, l.Text, o)
			}
		}
		for range times(2000) {
			text := randomText(rng, 1+rng.IntN(40))
			o := everyOption[rng.IntN(len(everyOption))]
			if !checkChunks(tok, text, o) {
				t.Fatalf("%s, %q, %+v: differs when cut into chunks", name, text, o)
			}
		}
	}
}

// TestChunksOfRareModels has places that only models unlike ModernBERT's would
// let a chunk end at.
func TestChunksOfRareModels(t *testing.T) {
	for _, c := range []struct {
		name, merges, more string
		texts              []string
	}{
		{"inside a contraction, which no merge crosses", `["' r"]`, `"'r":300`,
			[]string{"a're b", "a'rx", "'r", "'re're're", "a're"}},
		{"before a letter whose first byte composition changes", `["x Ã"]`, `"xÃ":300`,
			[]string{"xe\u0301x", "xe", "xxe\u0301"}},
		{"before a letter that normalizes to another", `["x Î"]`, `"xÎ":300`,
			[]string{"x\u2126x", "xx\u2126"}},
	} {
		data := strings.Replace(string(tinyModel(t, c.merges, c.more)), "{", `{"normalizer":{"type":"NFC"},`, 1)
		tok := load(t, []byte(data))
		for _, text := range c.texts {
			if !checkChunks(tok, text, Options{}) {
				t.Errorf("%s: %q differs when cut into chunks", c.name, text)
			}
		}
	}
}

// checkLimit reports what is wrong with an encoding under a limit; "" if
// nothing is.
func checkLimit(tok *Tokenizer, text string, o Options, limit int) string {
	o.Limit = 0
	all := tok.Encode(text, o)
	o.Limit = limit
	got := tok.Encode(text, o)
	n := min(limit, len(all.IDs))
	switch {
	case !slices.Equal(got.IDs, all.IDs[:n]) || !slices.Equal(got.Spans, all.Spans[:n]):
		return "is not the beginning of the encoding without limit"
	case got.Truncated != (len(all.IDs) > limit):
		return "Truncated is wrong"
	}
	return ""
}

func TestLimit(t *testing.T) {
	rng := newRand(t)
	for name, tok := range everyTokenizer(t) {
		for range times(1000) {
			text := randomText(rng, 1+rng.IntN(30))
			o := everyOption[rng.IntN(len(everyOption))]
			limit := 1 + rng.IntN(20)
			if wrong := checkLimit(tok, text, o, limit); wrong != "" {
				t.Fatalf("%s, %q, %+v, limit %d: %s", name, text, o, limit, wrong)
			}
		}
	}
	tok := modernBERT(t)
	for _, l := range goldenLines(t) {
		for _, limit := range []int{1, len(l.IDs) - 1, len(l.IDs), len(l.IDs) + 1} {
			if limit < 1 {
				continue
			}
			if wrong := checkLimit(tok, l.Text, Options{}, limit); wrong != "" {
				t.Fatalf("line %d %q, limit %d: %s", l.ID, l.Text, limit, wrong)
			}
		}
	}
}

// english returns about n bytes of text from the English golden lines.
func english(tb testing.TB, n int) string {
	var b strings.Builder
	lines := goldenLines(tb)
	for b.Len() < n {
		for _, l := range lines {
			if l.Category == "english" {
				b.WriteString(l.Text)
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

// allocated returns the bytes that f allocates.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// peak returns how much the heap grows while f runs, sampled.
func peak(f func()) int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	done := make(chan struct{})
	go func() { f(); close(done) }()
	for {
		select {
		case <-done:
			return int(most - before)
		case <-time.After(2 * time.Millisecond):
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
}

const megabytes = 1 << 20

// A longText is one that tokenizers have failed on.
type longText struct {
	name, text string
	whole      bool // it has no place where it may be cut
}

func longTexts(tb testing.TB, n int) []longText {
	rng := rand.New(rand.NewPCG(7, 7))
	noise := make([]byte, n)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	repeat := func(s string) string { return strings.Repeat(s, n/len(s)) }
	return []longText{
		{"English", english(tb, n), false},
		{"Chinese", repeat("台北市立動物園在木柵"), false},
		{"random bytes", string(noise), false},
		{"NUL", repeat("\x00"), false},
		{"spaces", "a" + repeat(" ") + "a", true},
		{"line feeds", "a" + repeat("\n") + "a", true},
		{"one letter", repeat("a"), true},
		{"one letter in upper case", repeat("A"), true},
		{"combining marks", "e" + repeat("\u0301"), true},
		{"marks in disorder", "e" + repeat("\u0301\u0323"), true},
		{"Hangul in parts", repeat("\u1112\u1161\u11ab"), true},
		{"sigmas", repeat("Σ"), true},
		{"sigma, then ignored", "AΣ" + repeat("."), true},
		{"longer in lower case", repeat("İ"), true},
		{"special tokens", repeat("[MASK]"), true},
	}
}

// TestLimitOnLongTexts: the first tokens of 10 MB take little memory, and so
// little time, unless the text has no place where it may be cut.
func TestLimitOnLongTexts(t *testing.T) {
	tok := modernBERT(t)
	for _, c := range longTexts(t, times(10*megabytes)) {
		if c.whole {
			continue // BenchmarkLongTexts measures these
		}
		var got Encoding
		start := time.Now()
		size := allocated(func() { got = tok.Encode(c.text, Options{Strip: true, Lower: true, Limit: 509}) })
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: 509 tokens took %v", c.name, took)
		}
		if len(got.IDs) != 509 || !got.Truncated {
			t.Errorf("%s: %d tokens, truncated %v, want 509, true", c.name, len(got.IDs), got.Truncated)
		}
		if size > megabytes {
			t.Errorf("%s: allocated %d bytes for 509 tokens", c.name, size)
		}
	}
}

// TestMemoryOfLongTexts: a text that may be cut takes little memory beside the
// result, of which there is one copy at most while it grows.
func TestMemoryOfLongTexts(t *testing.T) {
	tok := modernBERT(t)
	text := english(t, times(10*megabytes))
	var got Encoding
	high := peak(func() { got = tok.Encode(text, Options{Strip: true, Lower: true}) })
	if result := 20 * len(got.IDs); high > result+64*megabytes {
		t.Errorf("the text took %d bytes at the highest, the result is %d", high, result)
	}
}

// TestLongTexts: no text makes the work quadratic.
func TestLongTexts(t *testing.T) {
	tok := modernBERT(t)
	for _, c := range longTexts(t, times(megabytes/4)) {
		for _, o := range []Options{{}, {Strip: true, Lower: true}} {
			start := time.Now()
			got := tok.Encode(c.text, o)
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%s, %+v: %d bytes took %v", c.name, o, len(c.text), took)
			}
			if len(got.IDs) == 0 {
				t.Errorf("%s, %+v: no tokens", c.name, o)
			}
		}
	}
}

// TestAllocations: encoding allocates the result and now and then scratch
// memory, but nothing for each token.
func TestAllocations(t *testing.T) {
	tok := modernBERT(t)
	text := english(t, 10000)
	n := testing.AllocsPerRun(100, func() { tok.Encode(text, Options{Strip: true, Lower: true}) })
	if n > 30 {
		t.Errorf("%v allocations for %d bytes of text", n, len(text))
	}
}

func TestConcurrentUse(t *testing.T) {
	tok := modernBERT(t)
	lines := goldenLines(t)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range lines {
				l := lines[(i*7+worker*450)%len(lines)]
				if got := tok.Encode(l.Text, Options{Strip: true, Lower: true}); !slices.Equal(got.IDs, l.IDsStripLower) {
					t.Errorf("line %d: got %v, want %v", l.ID, got.IDs, l.IDsStripLower)
				}
			}
		})
	}
	group.Wait()
}
