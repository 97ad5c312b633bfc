package codec

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/toller-search/toller/infer/simd"
	"github.com/x448/float16"
)

// newRand returns a source of randomness and prints its seed.
func newRand(tb testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	tb.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

var kinds = []Kind{FP32, FP16, Int8, Residual4, Residual2, Residual1}

// clustered is n unit vectors around so many unit vectors, spread being their
// distance from these.
func clustered(r *rand.Rand, n, dim, clusters int, spread float64) []float32 {
	middles := gaussian(r, clusters, dim)
	simd.L2Normalize(middles, dim)
	x := gaussian(r, n, dim)
	for i := range n {
		middle := middles[r.IntN(clusters)*dim:][:dim]
		for j := range dim {
			x[i*dim+j] = middle[j] + x[i*dim+j]*float32(spread/math.Sqrt(float64(dim)))
		}
	}
	simd.L2Normalize(x, dim)
	return x
}

func gaussian(r *rand.Rand, n, dim int) []float32 {
	x := make([]float32, n*dim)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func train(tb testing.TB, vectors []float32, dim, centroids int) *Codebook {
	tb.Helper()
	b, err := Train(context.Background(), vectors, dim, TrainOptions{Centroids: centroids})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// newCodec is a codec of that kind; book is used where it needs one.
func newCodec(tb testing.TB, kind Kind, dim int, book *Codebook) *Codec {
	tb.Helper()
	if !kind.Trained() {
		book = nil
	}
	c, err := New(kind, dim, book)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func encode(tb testing.TB, c *Codec, vectors []float32) []byte {
	tb.Helper()
	code, err := c.Encode(vectors)
	if err != nil {
		tb.Fatal(err)
	}
	return code
}

func decode(tb testing.TB, c *Codec, code []byte) []float32 {
	tb.Helper()
	vectors, err := c.Decode(nil, code)
	if err != nil {
		tb.Fatal(err)
	}
	return vectors
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("expected an error with %q, found %v", want, err)
	}
}

func TestKinds(t *testing.T) {
	for _, k := range kinds {
		parsed, err := ParseKind(k.String())
		if err != nil || parsed != k {
			t.Errorf("expected %v, found %v, %v", k, parsed, err)
		}
		if k.Trained() != (k >= Residual4) {
			t.Errorf("%v: found trained %t", k, k.Trained())
		}
	}
	_, err := ParseKind("3bit")
	wantError(t, err, `unknown kind "3bit", expected one of: fp32, fp16, int8, 4bit, 2bit, 1bit`)
	if s := Kind(77).String(); s != "kind 77" {
		t.Errorf("found %q", s)
	}
}

func TestNewRefuses(t *testing.T) {
	book := train(t, clustered(newRand(t), 100, 8, 4, 0.1), 8, 4)
	for _, test := range []struct {
		name string
		kind Kind
		dim  int
		book *Codebook
		want string
	}{
		{"no kind", 6, 8, nil, "expected a known kind, found kind 6"},
		{"no dimensions", FP32, 0, nil, "dimensions: expected 1 to 65536, found 0"},
		{"too many", FP32, 1<<16 + 1, nil, "found 65537"},
		{"no codebook", Residual2, 8, nil, "2bit: expected a codebook, found none"},
		{"another codebook", Residual4, 9, book, "expected a codebook of 9 dimensions, found 8"},
		{"needless codebook", Int8, 8, book, "int8: expected no codebook"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.kind, test.dim, test.book)
			wantError(t, err, test.want)
		})
	}
}

// TestRoundTrip: what comes back is what each kind promises of every
// component, for any number of vectors, and the number is found again.
func TestRoundTrip(t *testing.T) {
	r := newRand(t)
	for _, dim := range []int{1, 3, 7, 8, 48, 50, 129} {
		book := train(t, clustered(r, 600, dim, 20, 0.3), dim, 37)
		for _, kind := range kinds {
			t.Run(fmt.Sprintf("%v of %d", kind, dim), func(t *testing.T) {
				c := newCodec(t, kind, dim, book)
				for _, n := range []int{0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 300} {
					vectors := clustered(r, n, dim, 20, 0.3)
					code := encode(t, c, vectors)
					if count, err := c.Count(code); err != nil || count != n {
						t.Fatalf("expected %d vectors, found %d, %v", n, count, err)
					}
					before := []float32{1, 2, 3}
					decoded, err := c.Decode(slices.Clone(before), code)
					if err != nil || !slices.Equal(decoded[:3], before) || len(decoded) != 3+n*dim {
						t.Fatalf("expected %d numbers after %v, found %d, %v", n*dim, before, len(decoded), err)
					}
					decoded = decoded[3:]
					cells := c.Cells(code)
					if kind.Trained() {
						ids := make([]uint16, n)
						book.Assign(ids, vectors)
						if !slices.Equal(cells, ids) {
							t.Fatalf("expected cells %v, found %v", ids, cells)
						}
					} else if cells != nil {
						t.Fatalf("found cells %v", cells)
					}
					for i, v := range decoded {
						if want, ok := promised(c, vectors, cells, i, v); !ok {
							t.Fatalf("component %d: expected %v to become %v, found %v", i, vectors[i], want, v)
						}
					}
				}
			})
		}
	}
}

// promised says whether component i of vectors may come back as found, and
// what it should be.
func promised(c *Codec, vectors []float32, cells []uint16, i int, found float32) (want any, ok bool) {
	v := vectors[i]
	switch c.kind {
	case FP32:
		return v, found == v
	case FP16:
		want := float16.Fromfloat32(v).Float32()
		return want, found == want
	case Int8:
		var largest float64
		for _, x := range vectors[i/c.dim*c.dim:][:c.dim] {
			largest = max(largest, math.Abs(float64(x)))
		}
		return fmt.Sprintf("%v ± %v", v, largest/254), math.Abs(float64(found-v)) <= largest/254*1.0001
	}
	var all []float32
	centroid := c.book.centroids[int(cells[i/c.dim])*c.dim:][:c.dim]
	scale := scales[scaleByte(vectors[i/c.dim*c.dim:][:c.dim], centroid)]
	for _, weight := range c.book.bucketsOf(c.kind).weights {
		all = append(all, centroid[i%c.dim]+float32(scale*weight))
	}
	return fmt.Sprintf("one of %v", all), slices.Contains(all, found)
}

// TestResidualErrors: more bits, smaller errors; and the lengthwise part of the
// error is less than rounding alone leaves.
func TestResidualErrors(t *testing.T) {
	r := newRand(t)
	const n, dim = 2000, 48
	vectors := clustered(r, 3*n, dim, 100, 0.5)
	book := train(t, vectors[n*dim:], dim, 128)
	vectors = vectors[:n*dim]
	ids := make([]uint16, n)
	book.Assign(ids, vectors)
	last := math.Inf(1)
	for _, kind := range []Kind{Residual1, Residual2, Residual4} {
		c := newCodec(t, kind, dim, book)
		decoded := decode(t, c, encode(t, c, vectors))
		var square, along, rounded float64
		for i, id := range ids {
			x := vectors[i*dim:][:dim]
			var dot float64
			for j, v := range x {
				e := float64(v - decoded[i*dim+j])
				square += e * e
				dot += e * float64(v)
			}
			along += dot * dot
			var plain float64
			b := book.bucketsOf(kind)
			centroid := book.centroids[int(id)*dim:][:dim]
			scale := scales[scaleByte(x, centroid)]
			for j, v := range x {
				residual := v - centroid[j]
				plain += float64(residual-scale*b.weights[b.nearest(residual/scale)]) * float64(v)
			}
			rounded += plain * plain
		}
		t.Logf("%v: mean square error %.5f, along the vector %.7f, by rounding alone %.7f", kind, square/n, along/n, rounded/n)
		if square >= last || along >= rounded*0.7 {
			t.Errorf("%v: expected smaller errors", kind)
		}
		last = square / 2
	}
}

// TestSizes: what the file format promises.
func TestSizes(t *testing.T) {
	book := train(t, clustered(newRand(t), 40000, 48, 3000, 0.3), 48, 2048)
	if book.Len() != 2048 {
		t.Fatalf("expected 2048 centroids, found %d", book.Len())
	}
	for kind, want := range map[Kind]int{
		FP32: 300 * 192, FP16: 300 * 96, Int8: 300 * 52,
		Residual4: 300*25 + 413, Residual2: 300*13 + 413, Residual1: 300*7 + 413, // 11 bits a centroid
	} {
		c := newCodec(t, kind, 48, book)
		if code := encode(t, c, make([]float32, 300*48)); len(code) != want {
			t.Errorf("%v: expected %d bytes, found %d", kind, want, len(code))
		}
	}
}

// TestMaxSim: scores on codes are those of the decoded vectors, with every
// instruction set.
func TestMaxSim(t *testing.T) {
	r := newRand(t)
	for _, dim := range []int{5, 48, 64, 96} {
		book := train(t, clustered(r, 700, dim, 20, 0.3), dim, 40)
		for _, kind := range kinds {
			c := newCodec(t, kind, dim, book)
			for _, name := range simd.Names() {
				t.Run(fmt.Sprintf("%v of %d with %s", kind, dim, name), func(t *testing.T) {
					undo, err := simd.Use(name)
					if err != nil {
						t.Fatal(err)
					}
					defer undo()
					var s Scratch
					tile := simd.TileRows(dim)
					for _, n := range []int{0, 1, 5, tile - 1, tile, tile + 1, 3*tile + 2} {
						code := encode(t, c, clustered(r, n, dim, 20, 0.3))
						vectors := decode(t, c, code)
						for _, m := range []int{0, 1, 15, 16, 17, 40} {
							q := clustered(r, m, dim, 20, 0.3)
							score, err := c.MaxSim(q, code, &s)
							want := simd.MaxSim(q, vectors, dim)
							if err != nil || score != want && math.Abs(float64(score-want)) > 1e-6*float64(m) {
								t.Fatalf("%d query vectors, %d others: expected %v, found %v, %v", m, n, want, score, err)
							}
						}
					}
				})
			}
		}
	}
	c := newCodec(t, FP16, 5, nil)
	_, err := c.MaxSim(make([]float32, 7), nil, new(Scratch))
	wantError(t, err, "expected query vectors of 5 components, found 7 components in all")
}

func TestMaxSimAllocatesNothing(t *testing.T) {
	r := newRand(t)
	book := train(t, clustered(r, 700, 48, 20, 0.3), 48, 40)
	q := clustered(r, 32, 48, 20, 0.3)
	for _, kind := range kinds {
		c := newCodec(t, kind, 48, book)
		code := encode(t, c, clustered(r, 200, 48, 20, 0.3))
		var s Scratch
		// Buffers of simd are pooled; a collection may take one away.
		if n := testing.AllocsPerRun(100, func() { c.MaxSim(q, code, &s) }); n > 0.5 && !raceDetector {
			t.Errorf("%v: %v allocations", kind, n)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	r := newRand(t)
	book := train(t, clustered(r, 300, 8, 10, 0.3), 8, 16)
	for _, kind := range kinds {
		c := newCodec(t, kind, 8, book)
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 65505, -1e30} {
			vectors := clustered(r, 5, 8, 10, 0.3)
			vectors[3*8+2] = bad
			_, err := c.Encode(vectors)
			wantError(t, err, fmt.Sprintf("vector 3: component 2: expected a number of at most 65504, found %v", bad))
		}
		_, err := c.Encode(make([]float32, 9))
		wantError(t, err, "expected vectors of 8 components, found 9")
		// The largest numbers and the smallest are no trouble.
		for _, v := range []float32{65504, 1e-45, 0} {
			vectors := make([]float32, 16)
			vectors[9] = v
			for i, v := range decode(t, c, encode(t, c, vectors)) {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Errorf("%v: component %d became %v", kind, i, v)
				}
			}
		}
	}
}

// TestRefusesCodes damages codes in one place each.
func TestRefusesCodes(t *testing.T) {
	r := newRand(t)
	const dim, n = 5, 9
	book := train(t, clustered(r, 300, dim, 30, 0.3), dim, 20) // 5 bits, of which 20 values are centroids
	if book.Len() <= 16 || book.Len() >= 31 {
		t.Fatalf("found %d centroids", book.Len())
	}
	putFloat := func(at int, v float64) func([]byte) []byte {
		return func(code []byte) []byte {
			binary.LittleEndian.PutUint32(code[at:], math.Float32bits(float32(v)))
			return code
		}
	}
	or := func(at int, bits byte) func([]byte) []byte {
		return func(code []byte) []byte { code[at] |= bits; return code }
	}
	for _, test := range []struct {
		name   string
		kind   Kind
		damage func(code []byte) []byte
		want   string
	}{
		{"fp32 too long", FP32, func(c []byte) []byte { return append(c, 0) }, "expected a code of 180 or 200 bytes, found 181"},
		{"fp32 NaN", FP32, putFloat(4*23, math.NaN()), "fp32: vector 4: component 3: expected a number of at most 65504, found NaN"},
		{"fp32 infinite", FP32, putFloat(0, math.Inf(-1)), "vector 0: component 0"},
		{"fp32 too large", FP32, putFloat(4*44, 65505), "vector 8: component 4"},
		{"fp16 too short", FP16, func(c []byte) []byte { return c[1:] }, "expected a code of 80 or 90 bytes, found 89"},
		{"fp16 infinite", FP16, func(c []byte) []byte { c[2*7], c[2*7+1] = 0, 0xfc; return c }, "fp16: vector 1: component 2: expected a number of at most 65504, found -Inf"},
		{"fp16 NaN at the end", FP16, or(89, 0x7f), "vector 8: component 4"},
		{"int8 too short", Int8, func(c []byte) []byte { return c[:80] }, "expected a code of 72 or 81 bytes, found 80"},
		{"int8 NaN", Int8, putFloat(8, math.NaN()), "int8: vector 2: scale: expected 0 to 65504, found NaN"},
		{"int8 infinite", Int8, putFloat(32, math.Inf(1)), "vector 8: scale"},
		{"int8 negative", Int8, putFloat(0, -1), "vector 0: scale"},
		{"4bit too short", Residual4, func(c []byte) []byte { return c[1:] }, "expected a code of 37 or 42 bytes, found 41"},
		{"4bit centroid", Residual4, or(0, 0x1f), "4bit: vector 0: expected one of"},
		{"4bit centroid padding", Residual4, or(5, 0x20), "expected zeros after the centroids, found 0x1"},
		{"4bit row padding", Residual4, or(6+n+2, 0x10), "vector 0: expected zeros after the last component, found 0x1"},
		{"2bit row padding", Residual2, or(6+n+2*n-1, 0x80), "2bit: vector 8: expected zeros after the last component, found 0x20"},
		{"1bit row padding", Residual1, or(6+n+4, 0x20), "1bit: vector 4: expected zeros after the last component, found 0x1"},
		{"one byte", Residual1, func(c []byte) []byte { return c[:1] }, "expected a code of 0 or 3 bytes, found 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCodec(t, test.kind, dim, book)
			code := test.damage(encode(t, c, clustered(r, n, dim, 30, 0.3)))
			_, err := c.Count(code)
			wantError(t, err, test.want)
			dst := []float32{1}
			got, err := c.Decode(dst, code)
			wantError(t, err, test.want)
			if len(got) != 1 {
				t.Errorf("found %d numbers after an error", len(got))
			}
			_, err = c.MaxSim(make([]float32, dim), code, new(Scratch))
			wantError(t, err, test.want)
			if cells := c.Cells(code); cells != nil {
				t.Errorf("found cells %v", cells)
			}
		})
	}
}

// TestLengths: of every length either there is a number of vectors or an error
// that says so, and lengths of different numbers differ.
func TestLengths(t *testing.T) {
	r := newRand(t)
	for _, centroids := range []int{1, 2, 3, 100} {
		for _, dim := range []int{1, 2, 9} {
			book := train(t, clustered(r, 2000, dim, 300, 0.8), dim, centroids)
			for _, kind := range kinds {
				c := newCodec(t, kind, dim, book)
				lengths := map[int]int{}
				for n := range 60 {
					lengths[c.size(n)] = n
				}
				if len(lengths) != 60 {
					t.Fatalf("%v of %d: %d lengths for 60 numbers", kind, dim, len(lengths))
				}
				for length := range c.size(59) {
					want, fits := lengths[length]
					if n, err := c.Count(make([]byte, length)); fits != (err == nil) || n != want {
						t.Fatalf("%v of %d, %d centroids: %d bytes: expected %d vectors, found %d, %v", kind, dim, book.Len(), length, want, n, err)
					}
				}
			}
		}
	}
}

func TestPackIDs(t *testing.T) {
	r := newRand(t)
	for bits := range 17 {
		for _, n := range []int{0, 1, 2, 3, 7, 8, 50} {
			ids := make([]uint16, n)
			for i := range ids {
				ids[i] = uint16(r.IntN(1 << bits))
			}
			code := make([]byte, (n*bits+7)/8)
			packIDs(code, ids, bits)
			got := make([]uint16, n)
			if padding := unpackIDs(got, code, bits); padding != 0 || !slices.Equal(got, ids) {
				t.Fatalf("%d bits: expected %v, found %v, padding %#x", bits, ids, got, padding)
			}
		}
	}
}

// TestConcurrent: goroutines that share a codec get what one alone gets.
func TestConcurrent(t *testing.T) {
	r := newRand(t)
	book := train(t, clustered(r, 2000, 48, 50, 0.3), 48, 100)
	vectors, q := clustered(r, 150, 48, 50, 0.3), clustered(r, 20, 48, 50, 0.3)
	for _, kind := range kinds {
		c := newCodec(t, kind, 48, book)
		code := encode(t, c, vectors)
		score, err := c.MaxSim(q, code, new(Scratch))
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				var s Scratch
				for range 10 {
					again, err := c.Encode(vectors)
					if err != nil || !slices.Equal(again, code) {
						t.Errorf("%v: another code, %v", kind, err)
					}
					if got, err := c.MaxSim(q, code, &s); err != nil || got != score {
						t.Errorf("%v: expected %v, found %v, %v", kind, score, got, err)
					}
				}
			})
		}
		all.Wait()
	}
}
