package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/store/codec"
)

// tokens are the words that FTS5 finds in each text, in the texts' order.
func tokens(t testing.TB, texts []string) [][]string {
	t.Helper()
	db := sql.OpenDB(&connector{name: "file::memory:"})
	defer db.Close()
	db.SetMaxOpenConns(1)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, statement := range []string{matchedTable, `CREATE VIRTUAL TABLE temp.instances USING fts5vocab('main', 'matched', 'instance')`} {
		if _, err := tx.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	insert, err := tx.Prepare(`INSERT INTO matched (rowid, text) VALUES (?, ?)`)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		if _, err := insert.Exec(i+1, text); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := tx.Query(`SELECT doc, term FROM temp.instances ORDER BY doc, offset`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := make([][]string, len(texts))
	for rows.Next() {
		var row int
		var term string
		if err := rows.Scan(&row, &term); err != nil {
			t.Fatal(err)
		}
		out[row-1] = append(out[row-1], term)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWordingCharacters puts every character of the planes in use between
// letters: FTS5 must find as many words as there are, and where a wording says
// that nothing has changed, the same ones as in the text itself.
func TestWordingCharacters(t *testing.T) {
	var characters []rune
	var texts, wordings []string
	var changes []bool
	for r := rune(1); r < 0xe1000; r++ {
		if r == 0xd800 {
			r = 0xe000
		}
		if r >= 0x20000 && r%101 != 0 || (0x3400 <= r && r < 0xd7a4 || 0xe000 <= r && r < 0xf900 || 0x17000 <= r && r < 0x19000) && r%29 != 0 {
			continue // large blocks
		}
		if unicode.Is(unicode.Cn, r) {
			continue // not a character yet
		}
		text := "zq" + string(r) + "qz"
		wording, changed, _ := reworded(t.Context(), text)
		characters, texts, wordings, changes = append(characters, r), append(texts, text), append(wordings, wording), append(changes, changed)
	}
	as, is := tokens(t, texts), tokens(t, wordings)
	rewritten := 0
	for i, r := range characters {
		if !changes[i] && !slices.Equal(as[i], is[i]) {
			t.Errorf("%U: %q has no change, FTS5 finds %q in it and %q in the text", r, wordings[i], is[i], as[i])
		}
		if changes[i] {
			rewritten++
		}
		n := len(is[i])
		if !(isInvisible(r) || isWord(r)) && n != 2 && r != '\u2028' {
			t.Errorf("%U: %q: expected two words, found %q", r, wordings[i], is[i])
		}
		if unicode.IsLetter(r) && scriptOf(r) != spaced && !isInvisible(r) && n < 3 {
			t.Errorf("%U: %q: expected three words, found %q", r, wordings[i], is[i])
		}
		if (unicode.IsMark(r) || unicode.IsLetter(r) && scriptOf(r) == spaced) && composed(string(r)) == string(r) && !isInvisible(r) && n != 1 && scriptOf(r) == spaced {
			t.Errorf("%U: %q: expected one word, found %q", r, wordings[i], is[i])
		}
	}
	t.Logf("%d of %d characters are rewritten", rewritten, len(characters))
}

// TestWordingPlaces traces random texts: the places of a wording's words must be
// characters of the text, in its order, that fold to the same.
func TestWordingPlaces(t *testing.T) {
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 20_000 {
		var b strings.Builder
		for range r.IntN(40) {
			b.WriteRune(runes[r.IntN(len(runes))])
		}
		checkWording(t, b.String())
	}
}

func FuzzWording(f *testing.F) {
	f.Add("Hafen\u00adan\u00ad\n lage 起重\n机 คำ")
	f.Add("a\xff\x00猫ｶﾞe\u0301\u200b한글ﬁ½")
	f.Fuzz(func(t *testing.T, text string) { checkWording(t, text) })
}

func checkWording(t *testing.T, text string) {
	t.Helper()
	if text == "" {
		return
	}
	wording, spans, _ := trace(t.Context(), text)
	if plain, changed, _ := reworded(t.Context(), text); plain != wording || !changed && text != wording {
		t.Fatalf("%q: %q and %q, changed: %t", text, wording, plain, changed)
	}
	for i, s := range spans {
		next := len(wording)
		if i+1 < len(spans) {
			next = spans[i+1].at
		}
		if s.at >= next || s.start < 0 || s.end <= s.start || s.end > len(text) || s.first != 0 && (s.first <= s.start || s.first > s.end) {
			t.Fatalf("%q: %q: span %+v of %d bytes", text, wording, s, next-s.at)
		}
		if i > 0 && s.start < spans[i-1].start {
			t.Fatalf("%q: %q: span %+v after %+v", text, wording, s, spans[i-1])
		}
		if s.first == 0 && wording[s.at:s.at+s.end-s.start] != text[s.start:s.end] {
			t.Fatalf("%q: %q: span %+v is other text", text, wording, s)
		}
		if utf8.ValidString(text) && !(utf8.ValidString(text[s.start:s.end]) && utf8.ValidString(wording[s.at:next])) {
			t.Fatalf("%q: %q: span %+v cuts a character", text, wording, s)
		}
		for _, single := range []bool{false, true} {
			from, to := original(spans, s.at, min(next, s.at+1), single)
			if from != s.start || to <= from || to > s.end {
				t.Fatalf("%q: %q: %+v is at [%d, %d)", text, wording, s, from, to)
			}
		}
	}
}

// BenchmarkWording is what full text is given of texts in some scripts.
func BenchmarkWording(b *testing.B) {
	for name, piece := range map[string]string{
		"english": "The heron stands in a river and waits for “fish”. ", "chinese": "港口起重机在黄昏前吊起四十个集装箱。",
		"thai": "เครนที่ท่าเรือยกตู้คอนเทนเนอร์ก่อนพลบค่ำ ", "russian": "Кран в порту поднял сорок контейнеров. ",
	} {
		text := strings.Repeat(piece, 1<<20/len(piece))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				reworded(b.Context(), text)
			}
		})
	}
}

// TestWordingCancelled ends in the middle of a long text.
func TestWordingCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	text := strings.Repeat("猫", 1<<18)
	if _, _, err := reworded(ctx, text); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, _, err := trace(ctx, text); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestLongWords looks for words at the end of one that is cut.
func TestLongWords(t *testing.T) {
	s := create(t, testOptions(4, codec.FP32))
	for i, text := range []string{strings.Repeat("猫犬", 1<<15) + "起重机", strings.Repeat("é", 1<<15) + " lamp", strings.Repeat("e\u0301", 1<<16) + " crane"} {
		if _, err := s.Add(t.Context(), []Document{{Key: fmt.Sprint(i), Text: text, Passages: []Passage{{End: len(text), Vectors: []float32{1, 0, 0, 0}}}}}); err != nil {
			t.Fatal(err)
		}
	}
	for i, query := range []string{"起重机", "lamp", "crane"} {
		if hits, err := s.Search(t.Context(), Query{Text: query, K: 3, Mode: Lexical}); err != nil || len(hits) != 1 || hits[0].Key != fmt.Sprint(i) {
			t.Errorf("%s: %d hits, %v", query, len(hits), err)
		}
	}
	clean(t, s)
}
