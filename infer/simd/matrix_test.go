package simd

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/toller-search/toller/infer/simd/reference"
)

// stored makes random weights of a format, salted with the given numbers: their
// bytes and their values.
func stored(r *rand.Rand, t DType, n int, numbers ...float32) (data []byte, values []float32) {
	x := normal(r, n)
	if len(numbers) > 0 {
		salted(r, x, numbers)
	}
	data, values = make([]byte, t.RowBytes(n)), make([]float32, n)
	Narrow(data, t, x)
	for i := range values {
		switch t {
		case F32:
			values[i] = x[i]
		case F16:
			values[i] = float32(reference.F16(binary.LittleEndian.Uint16(data[2*i:])))
		case BF16:
			values[i] = float32(reference.BF16(binary.LittleEndian.Uint16(data[2*i:])))
		}
	}
	return data, values
}

// rounding is the largest relative error of a float32 sum of so many products,
// in terms of the sum of their sizes: one rounding for each.
func rounding(terms int) float64 { return float64(terms+1) / (1 << 24) }

// TestMatMul compares products of random shapes, among them every number of
// rows and columns that leaves a different tail, with sums in float64.
func TestMatMul(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for trial := range 400 {
			n, rows, cols := 1+trial%50, 1+r.IntN(140), 1+r.IntN(200)
			dtype := DType(r.IntN(3))
			add := r.IntN(2) == 1
			name := fmt.Sprintf("x [%d, %d], w [%d, %d] type %d, add %v", n, cols, rows, cols, dtype, add)

			data, w := stored(r, dtype, rows*cols)
			m, err := Pack(dtype, rows, cols, data)
			if err != nil {
				t.Fatal(err)
			}
			// One past a multiple of the allocation: x and dst are not aligned.
			x := normal(r, n*cols+1)[1:]
			dst := normal(r, n*rows+1)[1:]
			before := append([]float32(nil), dst...)
			if add {
				MatMulAdd(dst, x, n, m)
			} else {
				MatMul(dst, x, n, m)
			}
			for i := range n {
				for j := range rows {
					want, size := reference.Dot(x[i*cols:][:cols], w[j*cols:][:cols])
					if add {
						want += float64(before[i*rows+j])
						size += math.Abs(float64(before[i*rows+j]))
					}
					if diff := math.Abs(float64(dst[i*rows+j]) - want); !(diff <= rounding(cols+1)*size) {
						t.Fatalf("%s: [%d, %d] expected %v, found %v", name, i, j, want, dst[i*rows+j])
					}
				}
			}
		}
	})
}

// TestMatMulRowsAlone demands that a row's product is the same to the bit
// alone and among others.
func TestMatMulRowsAlone(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for _, n := range []int{2, 5, 6, 7, 13, 31, 96} {
			rows, cols := 1+r.IntN(100), 1+r.IntN(300)
			if n == 31 {
				cols = 512 // AVX-512 goes another way where rows are 2 KiB apart
			}
			data, _ := stored(r, F16, rows*cols)
			m, err := Pack(F16, rows, cols, data)
			if err != nil {
				t.Fatal(err)
			}
			x := normal(r, n*cols)
			all, one := make([]float32, n*rows), make([]float32, rows)
			MatMul(all, x, n, m)
			for i := range n {
				MatMul(one, x[i*cols:][:cols], 1, m)
				for j, v := range one {
					if all[i*rows+j] != v {
						t.Fatalf("row %d of %d, output %d: alone %v, among others %v", i, n, j, v, all[i*rows+j])
					}
				}
			}
		}
	})
}

func TestMatMulPanelsEmptySum(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		dst := []float32{PanelWidth - 1: 3}
		MatMulPanels(dst, PanelWidth, nil, 0, nil, 0, 1, 1, 0, true)
		if dst[PanelWidth-1] != 3 {
			t.Errorf("added nothing to 3, found %v", dst[PanelWidth-1])
		}
		MatMulPanels(dst, PanelWidth, nil, 0, nil, 0, 1, 1, 0, false)
		if dst[PanelWidth-1] != 0 {
			t.Errorf("an empty sum: expected 0, found %v", dst[PanelWidth-1])
		}
	})
}

// FuzzMatMul multiplies any numbers, infinities and NaNs among them, and
// compares the instruction sets where the result is finite.
func FuzzMatMul(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint8(1), uint8(1))
	f.Add([]byte("any bytes will do as float16 weights and as inputs"), uint8(7), uint8(17))
	f.Fuzz(func(t *testing.T, raw []byte, n, rows uint8) {
		if n == 0 || rows == 0 || len(raw) < 2 {
			return
		}
		cols := 1 + len(raw)%70
		at := func(i int) byte { return raw[i%len(raw)] }
		data := make([]byte, 2*int(rows)*cols)
		for i := range data {
			data[i] = at(i)
		}
		x := make([]float32, int(n)*cols)
		for i := range x {
			x[i] = math.Float32frombits(uint32(at(i))<<24 | uint32(at(i+1))<<16 | uint32(at(3*i)))
		}
		w := make([]float32, int(rows)*cols)
		Widen(w, F16, data)
		m, err := Pack(F16, int(rows), cols, data)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float32, int(n)*int(rows))
		got := make([]float32, len(want))
		for _, name := range Names() {
			undo, err := Use(name)
			if err != nil {
				t.Fatal(err)
			}
			MatMul(got, x, int(n), m)
			undo()
			if name == "generic" {
				copy(want, got)
				continue
			}
			for i, v := range want {
				_, size := reference.Dot(x[i/int(rows)*cols:][:cols], w[i%int(rows)*cols:][:cols])
				// Beyond float32's range a sum in another order may overflow.
				if !(size < 1e38) {
					continue
				}
				if diff := math.Abs(float64(got[i]) - float64(v)); !(diff <= rounding(cols)*size+1e-30) {
					t.Fatalf("%s, [%d]: expected %v, found %v", name, i, v, got[i])
				}
			}
		}
	})
}
