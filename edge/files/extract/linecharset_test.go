package extract

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// byStream reads data as it comes through a pipe, in pieces.
func byStream(t *testing.T, data []byte, piece int) iter.Seq2[Document, error] {
	r, w := io.Pipe()
	t.Cleanup(func() { r.Close() })
	go func() {
		for part := range slices.Chunk(data, piece) {
			w.Write(part)
		}
		w.Close()
	}()
	return Stream(t.Context(), "-", r, Options{})
}

func texts(t *testing.T, documents iter.Seq2[Document, error]) (all []string, repaired int) {
	t.Helper()
	for d, err := range documents {
		if err != nil {
			t.Error(err)
		}
		if d.Repaired {
			repaired++
		}
		all = append(all, d.Text)
	}
	return all, repaired
}

// TestLinesInOldEncodings reads lines and records in encodings that show only after
// more or less of ASCII, from files and from streams.
func TestLinesInOldEncodings(t *testing.T) {
	for _, c := range []struct{ text, charsets string }{
		{"Die Hafenbehörde prüft die Gebühren für größere Schiffe.", "windows-1252 iso-8859-1"},
		{"Příliš žluťoučký kůň úpěl ďábelské ódy. Přístavní jeřáb zvedl před soumrakem čtyřicet kontejnerů.", "windows-1250 iso-8859-2"},
		{"Портовый кран поднял сорок контейнеров до наступления сумерек.", "windows-1251 koi8-r ibm866"},
		{"港口起重机在黄昏前吊起了四十个集装箱。", "gb18030"},
		{"港口起重機在黃昏前吊起了四十個貨櫃。", "big5"},
		{"港のクレーンは夕暮れ前に四十個のコンテナを持ち上げた。表示\\能力", "shift_jis euc-jp iso-2022-jp"},
		{"항구의 크레인이 해질녘 전에 컨테이너 마흔 개를 들어 올렸다.", "euc-kr"},
		{"Grüße, Grüße an Zoë", "utf-8"},
	} {
		for name := range strings.FieldsSeq(c.charsets) {
			e, _ := charset.Lookup(name)
			befores := []int{0, 1, 300}
			if fewer(2) == 2 && (name == "windows-1252" || name == "shift_jis") {
				befores = append(befores, 1<<20/40+7) // another part of the file
			}
			for _, before := range befores {
				var lines, records strings.Builder
				for i := range before {
					fmt.Fprintf(&lines, "%039d\n", i)
					fmt.Fprintf(&records, "{\"text\":\"%028d\"}\n", i)
				}
				for range 3 {
					fmt.Fprintf(&lines, "%s\n", c.text)
					fmt.Fprintf(&records, "{\"text\":\"%s\"}\n", strings.ReplaceAll(c.text, `\`, `\\`))
				}
				for format, text := range map[string]string{"lines": lines.String(), "jsonl": records.String()} {
					raw, err := e.NewEncoder().String(text)
					if err != nil {
						t.Fatal(name, err)
					}
					file := Extract(t.Context(), "a."+format, strings.NewReader(raw), int64(len(raw)), Options{Format: format})
					for way, documents := range map[string]iter.Seq2[Document, error]{"file": file, "stream": byStream(t, []byte(raw), 1000)} {
						all, repaired := texts(t, documents)
						if repaired > 0 || len(all) != before+3 || all[before] != c.text || all[before+2] != c.text {
							t.Errorf("%s of %s in %s after %d: %d documents, %d repaired, %.200q", way, format, name, before, len(all), repaired, all[len(all)-1])
						}
					}
				}
			}
		}
	}
}

// TestLinesThatCantBeRead counts each line with something that becomes U+FFFD, and no
// other.
func TestLinesThatCantBeRead(t *testing.T) {
	for data, want := range map[string]int{
		"Grüße\nGrü\xffße\nGrüße\n":                                1,
		`{"text":"a \ud83d b"}` + "\n" + `{"text":"\ud83d\ude00"}`: 1,
		`{"text":"a \ufffd b"}` + "\n" + `{"text":"\uFFFD"}`:       0,
		"{\"text\":\"a \uFFFD b\"}\n":                              0,
		"\uFFFD\n":                                                 0,
		"\xff\xfea\x00\n\x00\x00\xd8\n\x00b\x00\n\x00":             1,
	} {
		all, repaired := texts(t, byStream(t, []byte(data), 7))
		if repaired != want || !utf8.ValidString(strings.Join(all, "")) {
			t.Errorf("%q: %d, want %d of %q", data, repaired, want, all)
		}
	}
}

// TestStrange finds the first bytes that are no UTF-8, wherever a part of the file ends.
func TestStrange(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range fewer(30) {
		data := []byte(strings.Repeat("𝄞é\n", 3<<17))[:1<<20+r.IntN(1<<20)]
		data = data[:wholeCharacters(data)]
		in := &input{ctx: t.Context(), r: bytes.NewReader(data), size: int64(len(data))}
		if sample, err := in.strange(); sample != "" || err != nil {
			t.Fatalf("%d bytes of UTF-8: %q, %v", len(data), sample, err)
		}
		at := r.IntN(len(data))
		data[at] = 0xff
		if sample, err := in.strange(); !strings.Contains(sample, "\xff") || len(sample) > guessed || err != nil {
			t.Fatalf("byte %d of %d: %d bytes, %v", at, len(data), len(sample), err)
		}
	}
}

// TestLastLineTells has one line beyond ASCII at the end, without an end of its own.
func TestLastLineTells(t *testing.T) {
	data := strings.Repeat("ascii alone\n", 10) + "caf\xe9"
	for way, documents := range map[string]iter.Seq2[Document, error]{
		"file":   Extract(t.Context(), "a", strings.NewReader(data), int64(len(data)), Options{Format: "lines"}),
		"stream": byStream(t, []byte(data), 5),
		"one":    byStream(t, []byte("caf\xe9"), 5),
	} {
		if all, repaired := texts(t, documents); repaired > 0 || all[len(all)-1] != "café" {
			t.Errorf("%s: %q", way, all[len(all)-1])
		}
	}
}
