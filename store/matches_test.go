package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/store/codec"
)

func TestMatches(t *testing.T) {
	s := create(t, testOptions(4, codec.FP32))
	for _, test := range []struct {
		query, text string
		want        []string // place=word
	}{
		{"bread", "Bread and breads, breadth.", []string{"Bread=bread", "breads=bread"}},
		{"running studies", "She runs; he ran. A study, studied.", []string{"runs=running", "study=studies", "studied=studies"}},
		{"running run runs", "run", []string{"run=running"}},
		{"cafe naïve", "Café, cafe\u0301, NAIVE", []string{"Café=cafe", "cafe\u0301=cafe", "NAIVE=naïve"}},
		{"what is the heron", "The heron is what the fish see.", []string{"heron=heron"}},
		{"to be", "to be or not to be", []string{"to=to", "be=be", "to=to", "be=be"}},
		{"generation", "general generation generous", []string{"general=generation", "generation=generation", "generous=generation"}}, // Porter's
		{"東京", "東京 は、東京。東京都", []string{"東京=東京", "東京=東京", "東京=東京"}},
		{"हिन्दी", "हिन्दी में हिन्दी", []string{"हिन्दी=हिन्दी", "हिन्दी=हिन्दी"}},
		{"न्द न", "न, न्द", []string{"न=न", "न्द=न्द"}},
		{"起重机", "港口起重机，重机。", []string{"起重=起重", "机=重机", "重机=重机"}},
		{"クレーン", "港のクレーンが、ｸﾚｰﾝ車 クレヨン", []string{"クレーン=クレーン", "ｸﾚｰﾝ=クレーン"}},
		{"クレーンの音", "コンテナの音", []string{"の音=の音"}},
		{"한글", "\u1112\u1161\u11ab\u1100\u1173\u11af의", []string{"\u1112\u1161\u11ab\u1100\u1173\u11af=한글"}},
		{"がく", "か\u3099く", []string{"か\u3099く=がく"}},
		{"猫", "猫と犬、子猫", []string{"猫=猫", "猫=猫"}},
		{"크레인", "항구의 크레인이", []string{"크레=크레", "인=레인"}},
		{"เครน", "เครนที่ท่าเรือ", []string{"เครน=เครน"}},
		{"起重机", "起重\n  机 起重", []string{"起重=起重", "\n  机=重机", "起重=起重"}},
		{"lighthouse keepers", "The light\u00adhouse keep\u00ader light\u200bhouse light\u200bship", []string{"light\u00adhouse=lighthouse", "keep\u00ader=keepers", "light\u200bhouse=lighthouse"}},
		{"light", "light\u200bhouse", []string{"light=light"}},
		{"Hafenanlage", "Hafen\u00adan\u00ad\n lage", []string{"Hafen\u00adan\u00ad\n lage=Hafenanlage"}},
		{"strasse Lodz oeuvre", "Straße in Łódź, Œuvre", []string{"Straße=strasse", "Łódź=Lodz", "Œuvre=oeuvre"}},
		{"find office", "ﬁnd the oﬃce ＦＩＮＤ", []string{"ﬁnd=find", "oﬃce=office", "ＦＩＮＤ=find"}},
		{"οδος еще замок", "ΟΔΟΣ οδός, ещё за\u0301мок", []string{"ΟΔΟΣ=οδος", "οδός=οδος", "ещё=еще", "за\u0301мок=замок"}},
		{"محمد", "مُحَمَّد محمـــد", []string{"مُحَمَّد=محمد", "محمـــد=محمد"}},
		{"iPhone手机 2024年", "新iPhone手机，2024年", []string{"iPhone=iPhone", "手机=手机", "2024=2024", "年=年"}},
		{"great", "great🤣 🤣great", []string{"great=great", "great=great"}},
		{`a"b NEAR(c) d*`, "near a b, body d", []string{"near=NEAR", "b=b", "d=d"}},
		{"after null", "after\x00null", []string{"null=null"}},
		{"good bad", "good\xffbad\xc3", []string{"good=good", "bad=bad"}},
		{"...", "...", nil},
		{"\u0301", "\u0301 x", nil},
		{"x", "", nil},
		{"x", "y", nil},
	} {
		all, err := s.Matches(t.Context(), test.query, []string{"nothing of it", test.text})
		if err != nil || len(all) != 2 || all[0] != nil {
			t.Fatalf("%q: %v, %v", test.query, all, err)
		}
		var got []string
		for _, m := range all[1] {
			got = append(got, test.text[m.Start:m.End]+"="+m.Word)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q in %q: %q, expected %q", test.query, test.text, got, test.want)
		}
	}
}

// TestMatchWeights says what a place is worth.
func TestMatchWeights(t *testing.T) {
	s := create(t, testOptions(4, codec.FP32))
	all, err := s.Matches(t.Context(), "the red, redder, blue and green foxes", []string{"red fox, red Fox, red, green", "blue"})
	if err != nil {
		t.Fatal(err)
	}
	// Five words: red, redder, blue, green, foxes.
	for i, want := range [][]float64{{1. / 15, .1, 1. / 15, .1, 1. / 15, .2}, {.2}} {
		var got []float64
		for _, m := range all[i] {
			got = append(got, m.Weight)
		}
		if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("%v, expected %v", got, want)
		}
	}
}

// runes are what random texts are made of: letters of many scripts, digits,
// marks, spaces, punctuation, symbols, letters that are newer than FTS5's tables.
var runes = []rune("aabbeeissxzAEISßéÉüøłžØİıſﬁǆЖжйёαΑάςσאבعنกิहिन्दी東京語かナ한글01²½٣" +
	"\u0300\u0301\u0308\u0345\u0489\u1dc4\u20d0\u3099\u200b\u200d\u00ad\u00a0\u3000\u2028 \t\n    ..,-_'’\"()+*^:/😀🏽ℵⅣ€™\ue000\U0001e900\U00016d40\U0002b740ꭰ\ufffd")

// TestMatchesDecide compares Matches with what a search finds: a passage is
// found exactly if it has a match.
func TestMatchesDecide(t *testing.T) {
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	random := func(n int) string {
		var b strings.Builder
		for range n {
			if r.IntN(12) == 0 {
				b.WriteString([]string{"ing", "ed", "ies", "ational", " the ", " is ", "s "}[r.IntN(7)])
			}
			b.WriteRune(runes[r.IntN(len(runes))])
		}
		return b.String()
	}
	s := create(t, testOptions(4, codec.FP32))
	var documents []Document
	for i := range 120 {
		d := Document{Key: fmt.Sprint(i), Title: random(r.IntN(8)), Text: random(r.IntN(60))}
		d.Passages = []Passage{{End: len(d.Text), Heading: random(r.IntN(8)), Vectors: []float32{1, 0, 0, 0}}}
		documents = append(documents, d)
	}
	if _, err := s.Add(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
	found := 0
	for range 60 {
		query := random(1 + r.IntN(12))
		hits, err := s.Search(t.Context(), Query{Text: query + " ", K: len(documents), Mode: Lexical})
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		found += len(hits)
		for _, d := range documents {
			texts := []string{d.Title, d.Passages[0].Heading, d.Text}
			matches, err := s.Matches(t.Context(), query, texts)
			if err != nil {
				t.Fatalf("%q: %v", query, err)
			}
			hit := slices.ContainsFunc(hits, func(h Hit) bool { return h.Key == d.Key })
			if matched := len(matches[0])+len(matches[1])+len(matches[2]) > 0; matched != hit {
				t.Errorf("%q: matches %v, found %t in %+q", query, matches, hit, texts)
			}
		}
	}
	if found < 200 {
		t.Errorf("%d hits say little", found)
	}
}

// TestMatchesLong looks at texts that are cut into pieces: the words of a long
// text are those of its lines.
func TestMatchesLong(t *testing.T) {
	s := create(t, testOptions(4, codec.FP32))
	var text strings.Builder
	var want []int
	for i := 0; text.Len() < maxMatched+1000; i++ {
		if text.WriteString([]string{"another fox ", "ein Fuchs, ", "東京。"}[i%3]); i%3 == 0 {
			if at := text.Len() - 4; at+3 <= maxMatched {
				want = append(want, at)
			}
		}
	}
	all, err := s.Matches(t.Context(), "foxes", []string{"a fox", text.String(), "fox"})
	if err != nil || len(all[0]) != 1 || len(all[2]) != 1 {
		t.Fatal(err)
	}
	var got []int
	for _, m := range all[1] {
		if got = append(got, m.Start); m.End-m.Start != 3 {
			t.Fatalf("%+v", m)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d places, expected %d", len(got), len(want))
	}
}

// TestMatchesBounded checks that the time doesn't explode with the length,
// whatever the text, and ends with the context.
func TestMatchesBounded(t *testing.T) {
	s := create(t, testOptions(4, codec.FP32))
	for _, piece := range []string{"x", "cat ", "\u0301", ".", "\xff", "\x00", "😀cat", "猫。"} {
		text := strings.Repeat(piece, 16<<20/len(piece))
		start := time.Now()
		all, err := s.Matches(t.Context(), "cat 猫", []string{text})
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		t.Logf("%q: %v, %d matches", piece, took, len(all[0]))
		if took > 20*time.Second {
			t.Errorf("%q: took %v", piece, took)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := s.Matches(ctx, "cat", slices.Repeat([]string{strings.Repeat("cat ", 1<<18)}, 20)); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	t.Logf("stopped after %v", time.Since(start))
}

// TestMatchesReadOnly needs nothing of the file.
func TestMatchesReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.toller")
	o := testOptions(4, codec.FP16)
	open(t, path, o).Close()
	o.ReadOnly = true
	s := open(t, path, o)
	if all, err := s.Matches(t.Context(), "fox", []string{"foxes"}); err != nil || len(all[0]) != 1 {
		t.Error(all, err)
	}
	s.Close()
	if _, err := s.Matches(t.Context(), "fox", nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// FuzzMatches checks what must hold of any query and text.
func FuzzMatches(f *testing.F) {
	f.Add("herons in rivers", "A heron stands in the river.")
	f.Add("running", strings.Repeat("\u0301", 300))
	f.Add("東京 a", "東京a\x00\xff a")
	s := create(f, testOptions(4, codec.FP32))
	f.Fuzz(func(t *testing.T, query, text string) {
		all, err := s.Matches(t.Context(), query, []string{text})
		if err != nil {
			t.Fatal(err)
		}
		last, sum := 0, 0.0
		for _, m := range all[0] {
			if m.Start < last || m.End <= m.Start || m.End > len(text) || m.Word == "" || !(m.Weight > 0) {
				t.Fatalf("expected words in order inside %d bytes, found %+v", len(text), m)
			}
			if !utf8.ValidString(text[m.Start:m.End]) {
				t.Fatalf("a cut character: %+v", m)
			}
			last = m.End
			sum += m.Weight
		}
		if sum > 1.0001 {
			t.Fatalf("weights of %v together", sum)
		}
	})
}

// BenchmarkMatches is what highlighting ten hits of a kilobyte costs.
func BenchmarkMatches(b *testing.B) {
	s := create(b, testOptions(4, codec.FP32))
	var texts []string
	for i := range 10 {
		texts = append(texts, "Title of a hit", strings.Repeat(fmt.Sprintf("The %dth heron stands in a river and waits for fish. ", i), 20))
	}
	for b.Loop() {
		if _, err := s.Matches(b.Context(), "herons in rivers catch fish", texts); err != nil {
			b.Fatal(err)
		}
	}
}
