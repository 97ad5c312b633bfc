package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/builtin"
)

func TestCompare(t *testing.T) {
	m, err := builtin.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	texts := []string{"What slows bone loss?", "Calcium, \u200d\n[MASK] and exercise."}
	documents, err := m.EncodeDocuments(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	// written is what a library would write, after change has had each text's vectors.
	written := func(change func(i int, v []float32) []float32) []byte {
		out := binary.LittleEndian.AppendUint32(nil, uint32(m.Info().Dim))
		put := func(i int, v []float32) {
			v = change(i, append([]float32(nil), v...))
			out = binary.LittleEndian.AppendUint32(out, uint32(len(v)/m.Info().Dim))
			for _, x := range v {
				out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
			}
		}
		for i, text := range texts {
			q, err := m.EncodeQuery(t.Context(), text)
			if err != nil {
				t.Fatal(err)
			}
			put(2*i, q.Vectors())
			put(2*i+1, documents[i].Vectors())
		}
		return out
	}
	same := written(func(_ int, v []float32) []float32 { return v })
	for _, test := range []struct {
		name   string
		from   []byte
		apart  string // "" where all agree
		failed string
	}{
		{"the same", same, "", ""},
		{"a little off", written(func(_ int, v []float32) []float32 { v[5] += 1e-6; return v }), "", ""},
		{"a component", written(func(i int, v []float32) []float32 {
			if i == 3 {
				v[70] += 1e-3
			}
			return v
		}), `document: a component by 0.001: "Calcium, \u200d\n[MASK]`, ""},
		{"no number", written(func(i int, v []float32) []float32 {
			if i == 0 {
				v[0] = float32(math.NaN())
			}
			return v
		}), "query: a component by +Inf", ""},
		{"a vector less", written(func(i int, v []float32) []float32 {
			if i == 2 {
				v = v[m.Info().Dim:]
			}
			return v
		}), "query: ", ""},
		{"cut", same[:len(same)-1], "", "unexpected EOF"},
		{"more", append(bytes.Clone(same), 0), "", "found more"},
		{"another dimension", append([]byte{7, 0, 0, 0}, same[4:]...), "", "components, found 7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := compare(t.Context(), m, texts, bytes.NewReader(test.from))
			if test.failed != "" {
				if err == nil || !strings.Contains(err.Error(), test.failed) {
					t.Errorf("expected %q, found %v", test.failed, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if a.compared != 4 || (test.apart == "") != (len(a.apart) == 0) || !strings.Contains(strings.Join(a.apart, "\n"), test.apart) {
				t.Errorf("compared %d, apart %q", a.compared, a.apart)
			}
		})
	}
}

// A seed gives the same texts again; they are UTF-8, not blank, and have what
// tokenizers trip over.
func TestHardText(t *testing.T) {
	draw := func() string {
		r := rand.New(rand.NewPCG(1, 0))
		var all []string
		for range 300 {
			text := hardText(r)
			if strings.TrimSpace(text) == "" || !utf8.ValidString(text) {
				t.Errorf("found %q", text)
			}
			all = append(all, text)
		}
		return strings.Join(all, "\x1e")
	}
	text := draw()
	if text != draw() {
		t.Error("the same seed gives other texts")
	}
	for _, part := range []string{"[MASK]", "\u200d", "\x00", "\u0301", "Σ", "\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in 300 texts", part)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"--library", "other", "x"}, {"--texts", "0", "x"}, {"--bogus"}} {
		if code := run(t.Context(), args, new(strings.Builder), new(strings.Builder)); code != exitUsage {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
	if code := run(t.Context(), []string{"/nonexistent"}, new(strings.Builder), new(strings.Builder)); code != exitFailure {
		t.Errorf("exit code %d", code)
	}
}
