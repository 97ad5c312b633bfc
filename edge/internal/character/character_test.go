package character

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestBoundary(t *testing.T) {
	for _, parts := range []string{
		"a|b| |é", "e\u0301|e\u0302\u0323|x", "เก|ม|ที่|น้ำ|ไท|ย|กา|แฟ",
		"\r\n|\n|\r|a", "👍🏽|👍", "👩\u200d👩\u200d👧|x", "🇩🇪|🇫🇷|🇯", "가|각|ᄀ\u1161\u11a8|ᄀ\u1161", "कि|ता|ब", "क्षि|प्र", "ｶﾞ|ｷ", "葛\U000E0100|x", "ກຳ|ລາ|ວ", "x|\u200b|y",
	} {
		text := strings.ReplaceAll(parts, "|", "")
		found := ""
		for i := range text {
			if i > 0 && Boundary(text, i) {
				found += "|"
			}
			_, size := utf8.DecodeRuneInString(text[i:])
			found += text[i : i+size]
		}
		if found != parts {
			t.Errorf("%q is cut as %q", parts, found)
		}
	}
}

func TestBeforeAndAfter(t *testing.T) {
	const text = "น้ำ e\u0301"
	for at, want := range map[int][2]int{-1: {0, 0}, 0: {0, 0}, 1: {0, 9}, 3: {0, 9}, 8: {0, 9}, 9: {9, 9}, 11: {10, 13}, 12: {10, 13}, 13: {13, 13}, 20: {13, 13}} {
		if before, after := Before(text, at), After(text, at); before != want[0] || after != want[1] {
			t.Errorf("byte %d: %d and %d, want %d", at, before, after, want)
		}
	}
	// Marks without end, and bytes that are no text, have places to cut.
	long := "e" + strings.Repeat("\u0301", 10_000)
	if before, after := Before(long, 5000), After(long, 5000); before < 4998 || after > 5002 || !utf8.RuneStart(long[before]) || !utf8.RuneStart(long[after]) {
		t.Errorf("%d and %d", before, after)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 1000 {
		data := make([]byte, r.IntN(600))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		at := r.IntN(len(data) + 1)
		if before, after := Before(string(data), at), After(string(data), at); before > at || before < 0 || after < at || after > len(data) {
			t.Fatalf("%q at %d: %d and %d", data, at, before, after)
		}
	}
}
