package mobile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/toller-search/toller/edge"
	_ "github.com/toller-search/toller/mobile/builtin"
	"github.com/toller-search/toller/mobile/internal/embedded"
)

func openModel(t testing.TB) *Model {
	t.Helper()
	m, err := OpenBuiltin(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func texts(list ...string) *Texts {
	t := NewTexts()
	for _, text := range list {
		t.Add(text)
	}
	return t
}

// counter counts reports, and fails at the failAt-th.
type counter struct {
	calls, done, total, failAt int
	panics                     bool
}

var errTold = errors.New("enough")

func (c *counter) Report(done, total int) error {
	c.calls++
	c.done, c.total = done, total
	if c.calls == c.failAt {
		if c.panics {
			panic("in the callback")
		}
		return errTold
	}
	return nil
}

var animals = []string{"Bananas are rich in potassium.", "Paris is the capital of France.", "Berlin is the capital of Germany."}

func TestRank(t *testing.T) {
	m := openModel(t)
	var c counter
	r, err := m.Rank("What is the capital of France?", texts(animals...), 2, &c, NewCancel())
	if err != nil {
		t.Fatal(err)
	}
	if c.done != 3 || c.total != 3 || c.calls != 3 {
		t.Errorf("expected three reports, found %+v", c)
	}
	first, err := r.At(0)
	if err != nil || r.Len() != 2 || first.Index != 1 || !(first.Mean > 0) || first.Truncated {
		t.Fatalf("%d hits, the first %+v, %v", r.Len(), first, err)
	}
	b := r.Packed()
	if len(b) != 32 || binary.LittleEndian.Uint32(b) != 1 || float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4:]))) != first.Score {
		t.Errorf("packed: %x", b)
	}
	for _, i := range []int{-1, 2, math.MaxInt} {
		if _, err := r.At(i); err == nil {
			t.Errorf("At(%d): expected an error", i)
		}
	}
	if r, err := m.Rank("q", nil, 0, nil, nil); err != nil || r.Len() != 0 {
		t.Errorf("no texts: %v, %v", r, err)
	}
	if _, err := m.Rank("q", texts("a"), -1, nil, nil); err == nil {
		t.Error("topK -1: expected an error")
	}
}

// TestEncode checks that what goes through bytes is the same after.
func TestEncode(t *testing.T) {
	m := openModel(t)
	q, err := m.EncodeQuery("What is the capital of France?", nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.EncodeDocuments(texts(animals...), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	again := NewDocuments()
	for i := range d.Len() {
		one, err := d.At(i)
		if err != nil {
			t.Fatal(err)
		}
		if len(one.Vectors()) != 4*one.Len()*one.Dim() || one.Dim() != m.Dim() {
			t.Errorf("document %d: %d bytes for %d vectors", i, len(one.Vectors()), one.Len())
		}
		data, err := one.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		read, err := ReadDocument(data)
		if err == nil {
			err = again.Add(read)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadDocument(data[:len(data)-1]); err == nil {
			t.Error("cut data: expected an error")
		}
		if _, err := ReadQuery(data); err == nil {
			t.Error("a document read as a query: expected an error")
		}
	}
	data, err := q.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if q, err = ReadQuery(data); err != nil {
		t.Fatal(err)
	}
	ranked, err := m.Rank("What is the capital of France?", texts(animals...), 0, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := RankEncoded(q, again, 0)
	if err != nil || string(encoded.Packed()) != string(ranked.Packed()) {
		t.Errorf("encoded %x, ranked %x, %v", encoded.Packed(), ranked.Packed(), err)
	}
	for _, bad := range []func() error{
		func() error { _, err := RankEncoded(nil, again, 0); return err },
		func() error { _, err := RankEncoded(q, nil, 0); return err },
		func() error { return again.Add(nil) },
		func() error { return NewEntries().Add(nil) },
		func() error { return NewEntries().Add(&Entry{Key: "k", Metadata: "[1]"}) },
		func() error { _, err := OpenBytes("none", nil, nil); return err },
		func() error { _, err := Open(t.TempDir(), nil); return err },
		func() error { _, err := m.Explain("q", "d", -1, nil); return err },
		func() error { _, err := new(Result).Explain(); return err },
		func() error { return SetMemory("huge") },
	} {
		if err := bad(); err == nil || Kind(err) != KindOther {
			t.Errorf("expected an error of another kind, found %v", err)
		}
	}
}

// within returns the part of a text that a span in UTF-16 units covers.
func within(text string, s *Span) string {
	return string(utf16.Decode(utf16.Encode([]rune(text))[s.Start:s.End]))
}

// TestOffsets highlights behind characters that take one to four bytes and one or two
// units.
func TestOffsets(t *testing.T) {
	m := openModel(t)
	for _, before := range []string{"", "Grüße! ", "日本語。", "😀🧬 👩‍👩‍👧 ", "𝔘𝔫𝔦 "} {
		text := before + "Paris is the capital of France."
		e, err := m.Explain("What is the capital of France?", text, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for i := range e.Highlights().Len() {
			s, err := e.Highlights().At(i)
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, within(text, s))
		}
		if !strings.Contains(strings.Join(words, " "), "capital") || e.Highlights().Len()*12 != len(e.Highlights().Packed()) {
			t.Errorf("%q: highlights %q", text, words)
		}
		if got := within(text, &Span{Start: e.PassageStart, End: e.PassageStart + len(utf16.Encode([]rune(e.Passage)))}); got != e.Passage {
			t.Errorf("%q: passage %q at %q", text, e.Passage, got)
		}
		share := 0.0
		for i := range e.Len() {
			match, err := e.At(i)
			if err != nil {
				t.Fatal(err)
			}
			share += match.Share
			for j := range match.DocumentSpans().Len() {
				s, _ := match.DocumentSpans().At(j)
				if got := strings.TrimSpace(within(text, s)); got != match.DocumentToken {
					t.Errorf("%q: token %q at %q", text, match.DocumentToken, got)
				}
			}
		}
		if math.Abs(share-1) > 1e-5 {
			t.Errorf("%q: shares add up to %v", text, share)
		}
	}
}

// TestCursor compares with the standard library, at random places of random texts.
func TestCursor(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	alphabet := []string{"a", "é", "日", "😀", "\xff", "\xed\xa0\x80"}
	for range 2000 {
		var text string
		starts := []int{0}
		for range r.IntN(12) {
			text += alphabet[r.IntN(len(alphabet))]
		}
		for i := range text {
			starts = append(starts, i)
		}
		starts = append(starts, len(text))
		c := cursor{text: text}
		for range 8 {
			at := starts[r.IntN(len(starts))]
			want := len(utf16.Encode([]rune(text[:at])))
			if got := c.units(at); got != want {
				t.Fatalf("seed %d: %q: byte %d: expected %d units, found %d", seed, text, at, want, got)
			}
		}
	}
	c := cursor{text: "a😀"}
	if got := []int{c.units(3), c.units(-1), c.units(99)}; got[0] != 1 || got[1] != 0 || got[2] != 3 {
		t.Errorf("within a character, before and after the text: %v", got)
	}
}

func note(key, title, text string) *Entry {
	e := NewEntry(key, text)
	e.Title = title
	return e
}

func openIndex(t testing.TB, m *Model) *Index {
	t.Helper()
	x, err := OpenIndex(filepath.Join(t.TempDir(), "notes.db"), m, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func TestIndex(t *testing.T) {
	m := openModel(t)
	x := openIndex(t, m)
	entries := NewEntries()
	for _, e := range []*Entry{
		note("france", "France 🇫🇷", "😀 Some words first. Paris is the capital of France, and its largest town."),
		note("bananas", "Fruit", "Bananas are rich in potassium."),
		{Key: "germany", Text: "Berlin is the capital of Germany.", Metadata: `{"year":2020}`, Time: 1577836800000},
	} {
		if err := entries.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	var c counter
	if n, err := x.Put(entries, &c, nil); err != nil || n != 3 || c.done != 3 || c.total != 3 {
		t.Fatalf("%d stored, %+v, %v", n, c, err)
	}
	o := NewSearchOptions()
	o.Evidence = true
	found, err := x.Search("What is the capital of France?", o, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := found.At(0)
	if err != nil || first.Key != "france" || !strings.Contains(first.Snippet, "Paris") {
		t.Fatalf("found %+v, %v", first, err)
	}
	var words []string
	for i := range first.Highlights().Len() {
		s, _ := first.Highlights().At(i)
		words = append(words, within(first.Snippet, s))
	}
	if !strings.Contains(strings.Join(words, " "), "capital") {
		t.Errorf("highlights %q", words)
	}
	for i := range first.TitleHighlights().Len() {
		s, _ := first.TitleHighlights().At(i)
		if got := within(first.Title, s); strings.TrimSpace(got) == "" {
			t.Errorf("title highlight %q", got)
		}
	}
	place, err := x.Locate(first, nil)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := x.Get("france", nil)
	if err != nil || within(entry.Text, place) != first.Text {
		t.Errorf("located %+v in %+v, %v", place, entry, err)
	}
	e, err := first.Explain()
	if err != nil || e.Len() == 0 || e.Highlights().Len() == 0 {
		t.Errorf("explained %+v, %v", e, err)
	}
	o = NewSearchOptions()
	o.Where, o.TopK, o.Mode, o.NoSnippets = "year >= 2000", 1, "lexical", true
	if found, err = x.Search("capital", o, nil); err != nil || found.Len() != 1 {
		t.Fatal(found, err)
	}
	if r, _ := found.At(0); r.Key != "germany" || r.Snippet != "" || r.Highlights().Len() != 0 {
		t.Errorf("filtered: %+v", r)
	}
	if e, err := x.Get("germany", nil); err != nil || e.Metadata != `{"year":2020}` || e.Time != 1577836800000 {
		t.Errorf("got %+v, %v", e, err)
	}
	o.Mode = "best"
	if _, err := x.Search("capital", o, nil); err == nil {
		t.Error("mode best: expected an error")
	}
	if n, err := x.Delete(texts("france", "nowhere"), nil); err != nil || n != 1 {
		t.Errorf("%d deleted, %v", n, err)
	}
	if _, err := x.Get("france", nil); Kind(err) != KindNotFound {
		t.Errorf("expected %q, found %v", KindNotFound, err)
	}
	if _, err := x.Locate(first, nil); Kind(err) != KindNotFound {
		t.Errorf("expected %q, found %v", KindNotFound, err)
	}
	if keys, err := x.Keys("", nil); err != nil || keys.Len() != 2 || keys.list[0] != "bananas" {
		t.Errorf("keys %v, %v", keys, err)
	}
	if s, err := x.Stat(nil); err != nil || s.Documents != 2 || s.Model != m.Name() || s.Codec != "4bit" || s.FileBytes == 0 {
		t.Errorf("stat %+v, %v", s, err)
	}
	if p, err := x.Check(&c, nil); err != nil || p.Len() != 0 {
		t.Errorf("check: %v, %v", p, err)
	}
	if err := x.Compact(nil, nil); err != nil {
		t.Error(err)
	}

	// Without a model, and for reading alone.
	read := NewIndexOptions()
	read.ReadOnly = true
	words1, err := OpenIndex(x.Path(), nil, read, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer words1.Close()
	if found, err := words1.Search("potassium", nil, nil); err != nil || found.Len() != 1 {
		t.Errorf("by words: %v, %v", found, err)
	}
	if _, err := words1.Delete(texts("bananas"), nil); Kind(err) != KindReadOnly {
		t.Errorf("expected %q, found %v", KindReadOnly, err)
	}
	if _, err := OpenIndex(filepath.Join(t.TempDir(), "none.db"), nil, read, nil); Kind(err) != KindNotFound {
		t.Errorf("expected %q, found %v", KindNotFound, err)
	}
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("garbage", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenIndex(garbage, m, nil, nil); Kind(err) != KindSchema && Kind(err) != KindCorrupt {
		t.Errorf("garbage: %s: %v", Kind(err), err)
	}
}

// long is work for some seconds.
func long() *Texts {
	t := NewTexts()
	for i := range 500 {
		t.Add(strings.Repeat(fmt.Sprintf("Paris is the capital of France, number %d. ", i), 40))
	}
	return t
}

// TestEnds ends a call in each way that there is.
func TestEnds(t *testing.T) {
	m := openModel(t)
	before := NewCancel()
	before.Cancel()
	if !before.Cancelled() || new(Cancel).Cancelled() {
		t.Error("Cancelled says something else")
	}
	if _, err := m.Rank("q", long(), 0, nil, before); Kind(err) != KindCancelled {
		t.Errorf("cancelled before: %v", err)
	}

	c := NewCancel()
	cancelled := make(chan time.Time, 1)
	time.AfterFunc(150*time.Millisecond, func() { cancelled <- time.Now(); c.Cancel() })
	_, err := m.Rank("q", long(), 0, nil, c)
	if took := time.Since(<-cancelled); Kind(err) != KindCancelled || took > 2*time.Second {
		t.Errorf("cancelled during: %v after %v", err, took)
	}

	if _, err := m.Rank("q", long(), 0, &counter{failAt: 2}, nil); err != errTold {
		t.Errorf("expected the callback's own error, found %v", err)
	}
	if _, err := m.Rank("q", long(), 0, &counter{failAt: 2, panics: true}, nil); Kind(err) != KindInternal || !strings.Contains(err.Error(), "in the callback") {
		t.Errorf("panic in a callback: %v", err)
	}

	x := openIndex(t, m)
	entries := NewEntries()
	for i, text := range long().list {
		if err := entries.Add(NewEntry(fmt.Sprint(i), text)); err != nil {
			t.Fatal(err)
		}
	}
	c = NewCancel()
	time.AfterFunc(150*time.Millisecond, c.Cancel)
	if n, err := x.Put(entries, nil, c); Kind(err) != KindCancelled || n == 500 {
		t.Errorf("put %d: %v", n, err)
	}
	closing := make(chan error, 1)
	time.AfterFunc(150*time.Millisecond, func() { closing <- x.Close() })
	if _, err := x.Put(entries, nil, nil); Kind(err) != KindClosed {
		t.Errorf("closed during: %v", err)
	}
	if err := <-closing; err != nil {
		t.Error(err)
	}
	if _, err := x.Search("q", nil, nil); Kind(err) != KindClosed {
		t.Errorf("closed before: %v", err)
	}

	other, err := OpenBuiltin(&ModelOptions{Threads: 1, DocumentLength: 64})
	if err != nil {
		t.Fatal(err)
	}
	if other.Threads() != 1 {
		t.Errorf("%d threads", other.Threads())
	}
	for range 2 {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := other.EncodeQuery("q", nil); Kind(err) != KindClosed {
		t.Errorf("closed model: %v", err)
	}
}

// TestPanic has a call panic.
func TestPanic(t *testing.T) {
	was := embedded.Open
	defer func() { embedded.Open = was }()
	embedded.Open = func(...edge.Option) (*edge.Model, error) {
		var list []int
		_ = list[len(list)]
		return nil, nil
	}
	_, err := OpenBuiltin(nil)
	if Kind(err) != KindInternal || !strings.Contains(err.Error(), "index out of range") || !strings.Contains(err.Error(), "TestPanic") {
		t.Errorf("expected the panic and its place, found %v", err)
	}
	embedded.Open = nil
	if _, err := OpenBuiltin(nil); err == nil || HasBuiltin() {
		t.Error("without the embedded model: expected an error")
	}
}

// TestFromBytes opens a model whose bytes are overwritten after.
func TestFromBytes(t *testing.T) {
	packed, err := os.ReadFile("../edge/builtin/toller-small.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	m, err := OpenBytes("mine", packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	clear(packed)
	same := openModel(t)
	if m.Name() != "mine" || m.Fingerprint() != same.Fingerprint() {
		t.Errorf("%s %s, expected mine %s", m.Name(), m.Fingerprint(), same.Fingerprint())
	}
	a, err := m.EncodeQuery("hello", nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := same.EncodeQuery("hello", nil)
	if err != nil || string(a.Vectors()) != string(b.Vectors()) {
		t.Error("other vectors from bytes", err)
	}
	if text, err := m.Describe(); err != nil || !strings.Contains(text, `"name":"mine"`) {
		t.Error(text, err)
	}
	if n, err := m.CountTokens("hello there", 100); err != nil || n < 2 {
		t.Error(n, err)
	}
	if Version() == "" {
		t.Error("no version")
	}
}
