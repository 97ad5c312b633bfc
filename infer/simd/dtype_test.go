package simd

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd/reference"
)

// halves describes the two 16-bit formats.
var halves = []struct {
	d        DType
	value    func(bits uint16) float64
	infinity uint16
}{
	{F16, reference.F16, 0x7C00},
	{BF16, reference.BF16, 0x7F80},
}

func narrowOne(d DType, x float32) uint16 {
	var dst [2]byte
	Narrow(dst[:], d, []float32{x})
	return binary.LittleEndian.Uint16(dst[:])
}

// TestNarrow: a value that the format has comes back. Between neighbours the
// nearer wins, and halfway the even one; beyond the largest, halfway to where
// the next would be becomes infinity.
func TestNarrow(t *testing.T) {
	for _, h := range halves {
		for bits := uint16(0); bits < h.infinity; bits++ {
			low := h.value(bits)
			high := h.value(bits + 1)
			if bits+1 == h.infinity {
				high = 2*low - h.value(bits-1)
			}
			middle := float32((low + high) / 2)
			if float64(middle) != (low+high)/2 {
				t.Fatalf("%v %#04x: no halfway point in float32", h.d, bits)
			}
			even := bits + bits&1
			for _, test := range []struct {
				x    float32
				want uint16
			}{
				{float32(low), bits},
				{middle, even},
				{math.Nextafter32(middle, 0), bits},
				{math.Nextafter32(middle, math.MaxFloat32), bits + 1},
			} {
				if got := narrowOne(h.d, test.x); got != test.want {
					t.Fatalf("%v of %v: found %#04x, expected %#04x", h.d, test.x, got, test.want)
				}
				if got := narrowOne(h.d, -test.x); got != test.want|0x8000 {
					t.Fatalf("%v of %v: found %#04x, expected %#04x", h.d, -test.x, got, test.want|0x8000)
				}
			}
		}
	}
}

// TestRows packs a matrix and lays a table over its rows, in every format.
func TestRows(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for _, d := range []DType{F32, F16, BF16} {
			checkFormat(t, d, 1+r.IntN(40), 32*(1+r.IntN(5)), 1+r.IntN(30))
		}
	})
}

// checkFormat multiplies by a matrix [rows, cols] of a format, and reads its
// rows, and holds both against the values that it widens to.
func checkFormat(t *testing.T, d DType, rows, cols, n int) {
	t.Helper()
	r := newRand(t)
	var data []byte
	for range rows {
		row := make([]byte, d.RowBytes(cols))
		Narrow(row, d, normal(r, cols))
		data = append(data, row...)
	}
	table, err := NewTable(d, rows, cols, data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Pack(d, rows, cols, data)
	if err != nil {
		t.Fatal(err)
	}
	x, y, w := normal(r, n*cols), make([]float32, n*rows), make([]float32, rows*cols)
	MatMul(y, x, n, m)
	for j := range rows {
		row := w[j*cols:][:cols]
		Widen(row, d, data[j*d.RowBytes(cols):])
		read := make([]float32, cols)
		table.Row(read, j)
		if !slices.Equal(read, row) {
			t.Fatalf("%v, row %d: expected %v, found %v", d, j, row, read)
		}
		for i := range n {
			want, size := reference.Dot(x[i*cols:][:cols], row)
			near(t, d.String(), y[i*rows+j], want, rounding(cols)*size)
		}
	}
}

func TestRowsRefuse(t *testing.T) {
	for _, m := range []struct{ rows, cols, bytes int }{{0, 4, 0}, {4, 0, 0}, {2, 2, 7}, {2, 2, 9}, {-1, -1, 2}} {
		if _, err := Pack(F16, m.rows, m.cols, make([]byte, m.bytes)); err == nil {
			t.Errorf("matrix [%d, %d] of %d bytes: expected an error, found none", m.rows, m.cols, m.bytes)
		}
		if _, err := NewTable(F16, m.rows, m.cols, make([]byte, m.bytes)); err == nil {
			t.Errorf("table [%d, %d] of %d bytes: expected an error, found none", m.rows, m.cols, m.bytes)
		}
	}
	const want = "simd: unknown format DType(200)"
	if _, err := Pack(200, 1, 1, []byte{1, 2}); err == nil || err.Error() != want {
		t.Errorf("expected %q, found %v", want, err)
	}
}

// blocksOf4 is a format that isn't like the others: signed bytes in blocks of
// four, with a scale for each row.
var blocksOf4 = format{
	name: "blocks of 4", block: 4, bytes: 4, perRow: 4,
	pack: func(rows, cols int, data []byte) panels {
		m := packedBytes{cols: cols, codes: make([]byte, panelCount(rows)*cols*PanelWidth), scales: make([]float32, panelCount(rows)*PanelWidth)}
		for r := range rows {
			row := data[r*(cols+4):]
			widenF32(nil, m.scales[r:][:1], row)
			for c, b := range row[4:][:cols] {
				m.codes[(r/PanelWidth*cols+c)*PanelWidth+r%PanelWidth] = b
			}
		}
		return m
	},
	widen: func(k *kernels, dst []float32, src []byte) {
		var scale [1]float32
		widenF32(k, scale[:], src)
		k.decodeInt8(dst, src[4:], scale[:], len(dst))
	},
	narrow: func(dst []byte, src []float32) {
		var scale float32
		for _, v := range src {
			scale = max(scale, float32(math.Abs(float64(v)))/127)
		}
		narrowF32(dst, []float32{scale})
		for i, v := range src {
			dst[4+i] = byte(int8(math.Round(float64(v / scale))))
		}
	},
}

type packedBytes struct {
	cols   int
	codes  []byte
	scales []float32 // one a row
}

func (m packedBytes) product(k *kernels, dst []float32, ldd int, x []float32, ldx int, p, count, first, cols, n int, add bool) {
	for at := range count {
		wide := make([]float32, cols*PanelWidth)
		for i, code := range stretch(m.codes, m.cols, p+at, 1, first, cols) {
			wide[i] = m.scales[(p+at)*PanelWidth+i%PanelWidth] * float32(int8(code))
		}
		k.panelF32(dst[at*PanelWidth:], ldd, x, ldx, wide, n, cols, add)
	}
}

// TestAnotherFormat adds a format in one place and has it everywhere.
func TestAnotherFormat(t *testing.T) {
	formats = append(formats, blocksOf4)
	defer func() { formats = formats[:len(formats)-1] }()
	d := DType(len(formats) - 1)
	eachSet(t, func(t *testing.T) { checkFormat(t, d, 37, 132, 29) })
	if d.String() != "blocks of 4" || d.RowBytes(132) != 136 || d.Size() != 0 {
		t.Errorf("found %v, rows of %d bytes, values of %d", d, d.RowBytes(132), d.Size())
	}
	if _, err := Pack(d, 1, 3, make([]byte, 7)); err == nil || !strings.Contains(err.Error(), "blocks of 4 values") {
		t.Errorf("rows of three values: found error %v", err)
	}
}

// TestScaledTable: rows of signed bytes are these times their scale, rounded
// once, and there are no products with them.
func TestScaledTable(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for cols := 1; cols <= 70; cols++ {
			rows := 1 + r.IntN(9)
			codes, scales := randomBytes(r, rows*cols), normal(r, rows)
			table, err := NewScaledTable(rows, cols, codes, scales)
			if err != nil {
				t.Fatal(err)
			}
			if table.DType() != I8 {
				t.Fatalf("expected I8, found %v", table.DType())
			}
			row, plain := make([]float32, cols), make([]float32, cols)
			for i, s := range scales {
				table.Row(row, i)
				Widen(plain, I8, codes[i*cols:])
				for j, code := range codes[i*cols:][:cols] {
					if plain[j] != float32(int8(code)) || row[j] != s*float32(int8(code)) {
						t.Fatalf("[%d, %d] = %d · %v: found %v, unscaled %v", i, j, int8(code), s, row[j], plain[j])
					}
				}
			}
		}
	})
	for want, err := range map[string]error{
		"[2, 3] in I8 expects 6 bytes, found 5":                   errorOf(NewScaledTable(2, 3, make([]byte, 5), make([]float32, 2))),
		"[2, 3] in I8 expects a scale for each row, found 3":      errorOf(NewScaledTable(2, 3, make([]byte, 6), make([]float32, 3))),
		"I8 is a format of tables, there are no products with it": errorOf(Pack(I8, 2, 3, make([]byte, 6))),
	} {
		if err == nil || err.Error() != "simd: "+want {
			t.Errorf("expected %q, found %v", want, err)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }

// TestNarrowI8 rounds to the nearest code, halves to the even one, and never
// beyond ±127.
func TestNarrowI8(t *testing.T) {
	for x, want := range map[float32]int8{
		0: 0, 0.5: 0, 0.51: 1, 1.5: 2, -0.5: 0, -1.5: -2, -2.4: -2,
		126.5: 126, 127.5: 127, 128: 127, 1e30: 127, -127.5: -127, -128: -127, -math.MaxFloat32: -127,
	} {
		var code [1]byte
		Narrow(code[:], I8, []float32{x})
		if int8(code[0]) != want {
			t.Errorf("%v: expected %d, found %d", x, want, int8(code[0]))
		}
	}
}
