package codec

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

func TestMarshalCodebook(t *testing.T) {
	r := newRand(t)
	for _, dim := range []int{1, 8, 48} {
		b := train(t, clustered(r, 3000, dim, 100, 0.5), dim, 150)
		data, err := b.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		b2, err := ParseCodebook(data)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := b2.MarshalBinary(); !bytes.Equal(again, data) {
			t.Errorf("%d dimensions: other bytes after reading back", dim)
		}
		vectors := clustered(r, 200, dim, 100, 0.5)
		for _, kind := range []Kind{Residual4, Residual2, Residual1} {
			code := encode(t, newCodec(t, kind, dim, b), vectors)
			c2 := newCodec(t, kind, dim, b2)
			if !bytes.Equal(encode(t, c2, vectors), code) {
				t.Errorf("%v of %d dimensions: another code after reading back", kind, dim)
			}
			if !slices.Equal(decode(t, c2, code), decode(t, newCodec(t, kind, dim, b), code)) {
				t.Errorf("%v of %d dimensions: other vectors after reading back", kind, dim)
			}
		}
	}
}

func TestMarshalProjection(t *testing.T) {
	vectors := clustered(newRand(t), 1000, 12, 30, 0.5)
	p, err := TrainProjection(t.Context(), vectors, 12, 5)
	if err != nil {
		t.Fatal(err)
	}
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	p2, err := ParseProjection(data)
	if err != nil {
		t.Fatal(err)
	}
	if from, to := p2.Dims(); from != 12 || to != 5 || !slices.Equal(p2.Apply(vectors), p.Apply(vectors)) {
		t.Errorf("another projection, from %d to %d, after reading back", from, to)
	}
}

// smallForms are a codebook of 2 cells of 2 dimensions and a projection.
func smallForms(tb testing.TB) (codebook, projection []byte) {
	vectors := []float32{1, 0, 0, 1, -1, 0, 0, -1, 0.6, 0.8}
	codebook, err := train(tb, vectors, 2, 3).MarshalBinary()
	if err != nil {
		tb.Fatal(err)
	}
	p, err := TrainProjection(tb.Context(), vectors, 2, 1)
	if err != nil {
		tb.Fatal(err)
	}
	projection, err = p.MarshalBinary()
	if err != nil {
		tb.Fatal(err)
	}
	return codebook, projection
}

func TestParseRefuses(t *testing.T) {
	codebook, projection := smallForms(t)
	parseCodebook := func(b []byte) error { _, err := ParseCodebook(b); return err }
	parseProjection := func(b []byte) error { _, err := ParseProjection(b); return err }
	put := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
	}
	number := func(at int, v float64) func([]byte) []byte { return put(at, math.Float32bits(float32(v))) }
	cells := int(binary.LittleEndian.Uint32(codebook[12:]))
	centroids := 16 + 4*cells
	for _, test := range []struct {
		name   string
		form   []byte
		parse  func([]byte) error
		damage func([]byte) []byte
		want   string
	}{
		{"empty codebook", codebook, parseCodebook, func(b []byte) []byte { return nil }, `codec: codebook: magic: expected "tlcb", found ""`},
		{"projection for a codebook", projection, parseCodebook, slices.Clone[[]byte], `found "tlpj"`},
		{"version", codebook, parseCodebook, put(4, 1), "version: expected 2, found 1"},
		{"no dimensions", codebook, parseCodebook, put(8, 0), "dimensions: expected 1 to 65536, found 0"},
		{"other dimensions", codebook, parseCodebook, put(8, 3), "the data end too early"},
		{"no cells", codebook, parseCodebook, put(12, 0), "cells: expected 1 to 512, found 0"},
		{"too many cells", codebook, parseCodebook, put(12, 513), "found 513"},
		{"more cells", codebook, parseCodebook, put(12, 500), "the data end too early"},
		{"empty cell", codebook, parseCodebook, put(16, 0), "cell 0: expected 1 to 65536 centroids, found 0"},
		{"huge cell", codebook, parseCodebook, put(16, math.MaxUint32), "cell 0: expected 1 to 65536 centroids, found 4294967295"},
		{"centroid NaN", codebook, parseCodebook, number(centroids+4, math.NaN()), "centroid 0: expected a length of at most 1, found the square NaN"},
		{"centroid too long", codebook, parseCodebook, number(centroids+8, 2), "centroid 1: expected a length of at most 1"},
		{"weight NaN", codebook, parseCodebook, number(len(codebook)-4, math.NaN()), "weights of 1bit: expected ascending numbers"},
		{"weights descend", codebook, parseCodebook, number(len(codebook)-4-8, -500), "weights of 2bit: expected ascending numbers"},
		{"weight too large", codebook, parseCodebook, number(len(codebook)-4, 513), "weights of 1bit: expected ascending numbers of at most 512"},
		{"bytes after", codebook, parseCodebook, func(b []byte) []byte { return append(b, 0) }, "1 bytes after the end"},

		{"empty projection", projection, parseProjection, func(b []byte) []byte { return nil }, `codec: projection: magic: expected "tlpj", found ""`},
		{"to no dimensions", projection, parseProjection, put(12, 0), "found from 2 to 0"},
		{"to more dimensions", projection, parseProjection, put(12, 3), "found from 2 to 3"},
		{"from too many", projection, parseProjection, put(8, 1025), "found from 1025 to 1"},
		{"short", projection, parseProjection, func(b []byte) []byte { return b[:len(b)-1] }, "the data end too early"},
		{"row infinite", projection, parseProjection, number(16, math.Inf(1)), "row 0: expected a length of at most 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantError(t, test.parse(test.damage(slices.Clone(test.form))), test.want)
		})
	}
	for length := range codebook {
		if parseCodebook(codebook[:length]) == nil {
			t.Errorf("no error from the first %d bytes of a codebook", length)
		}
	}
	for length := range projection {
		if parseProjection(projection[:length]) == nil {
			t.Errorf("no error from the first %d bytes of a projection", length)
		}
	}
}

// FuzzParseCodebook: what is accepted is written back as it was and codes.
func FuzzParseCodebook(f *testing.F) {
	codebook, projection := smallForms(f)
	f.Add(codebook)
	f.Add(projection)
	f.Add(codebook[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseCodebook(data)
		if err != nil {
			return
		}
		if again, _ := b.MarshalBinary(); !bytes.Equal(again, data) {
			t.Error("written back as other bytes")
		}
		vectors := make([]float32, 3*b.Dim())
		for i := range vectors {
			vectors[i] = float32(i%5) - 2
		}
		for _, kind := range []Kind{Residual4, Residual2, Residual1} {
			c := newCodec(t, kind, b.Dim(), b)
			decoded := decode(t, c, encode(t, c, vectors))
			for _, v := range decoded {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Fatalf("%v: decoded %v", kind, v)
				}
			}
		}
	})
}

// FuzzParseProjection: what is accepted is written back as it was and
// projects.
func FuzzParseProjection(f *testing.F) {
	codebook, projection := smallForms(f)
	f.Add(projection)
	f.Add(codebook)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseProjection(data)
		if err != nil {
			return
		}
		if again, _ := p.MarshalBinary(); !bytes.Equal(again, data) {
			t.Error("written back as other bytes")
		}
		from, to := p.Dims()
		x := make([]float32, 2*from)
		x[0] = 1
		if got := p.Apply(x); len(got) != 2*to {
			t.Errorf("expected %d numbers, found %d", 2*to, len(got))
		}
	})
}

// FuzzCode: Count, Decode, Cells and MaxSim agree on any bytes, and finite
// numbers come of what they accept.
func FuzzCode(f *testing.F) {
	const dim = 5
	r := newRand(f)
	book := train(f, clustered(r, 300, dim, 30, 0.3), dim, 20)
	q := clustered(r, 3, dim, 30, 0.3)
	codecs := make([]*Codec, len(kinds))
	for i, kind := range kinds {
		codecs[i] = newCodec(f, kind, dim, book)
		for _, n := range []int{0, 1, 4, 80} {
			f.Add(uint8(i), encode(f, codecs[i], clustered(r, n, dim, 30, 0.3)))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, code []byte) {
		c := codecs[int(kind)%len(codecs)]
		n, err := c.Count(code)
		vectors, err2 := c.Decode(nil, code)
		score, err3 := c.MaxSim(q, code, new(Scratch))
		cells := c.Cells(code)
		if (err == nil) != (err2 == nil) || (err == nil) != (err3 == nil) {
			t.Fatalf("errors %v, %v, %v", err, err2, err3)
		}
		if err != nil {
			if cells != nil {
				t.Fatalf("cells %v in spite of %v", cells, err)
			}
			return
		}
		if len(vectors) != n*dim || c.Kind().Trained() && len(cells) != n {
			t.Fatalf("%d vectors, %d numbers, %d cells", n, len(vectors), len(cells))
		}
		for _, v := range vectors {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("decoded %v", v)
			}
		}
		want := simd.MaxSim(q, vectors, dim)
		if n == 0 {
			return
		}
		if diff := math.Abs(float64(score - want)); !(diff <= 1e-5*math.Max(1, math.Abs(float64(want)))) {
			t.Fatalf("expected %v, found %v", want, score)
		}
	})
}
