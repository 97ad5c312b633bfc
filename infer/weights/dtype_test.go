package weights

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// half is the value of a finite 16-bit float with that many fraction bits,
// from the definition in IEEE 754.
func half(bits uint16, fractionBits, bias int) float64 {
	fraction := float64(bits & (1<<fractionBits - 1))
	exponent := int(bits&0x7FFF) >> fractionBits
	scale := math.Ldexp(1, -fractionBits)
	magnitude := math.Ldexp(1+fraction*scale, exponent-bias)
	if exponent == 0 {
		magnitude = math.Ldexp(fraction*scale, 1-bias)
	}
	if bits&0x8000 != 0 {
		return math.Copysign(magnitude, -1)
	}
	return magnitude
}

// halves describes the two 16-bit types.
var halves = []struct {
	d                  DType
	fractionBits, bias int
	infinity           uint16
}{
	{F16, 10, 15, 0x7C00},
	{BF16, 7, 127, 0x7F80},
}

func widenOne(d DType, bits uint16) float32 {
	var dst [1]float32
	d.widen(dst[:], []byte{byte(bits), byte(bits >> 8)})
	return dst[0]
}

func narrowOne(d DType, x float32) uint16 {
	var dst [2]byte
	d.narrow(dst[:], []float32{x})
	return binary.LittleEndian.Uint16(dst[:])
}

func TestWidenEveryHalf(t *testing.T) {
	for _, h := range halves {
		for i := range 1 << 16 {
			bits := uint16(i)
			got := widenOne(h.d, bits)
			if bits&0x7FFF >= h.infinity {
				if isFinite(F32, math.Float32bits(got)) {
					t.Fatalf("%v %#04x: got %v", h.d, bits, got)
				}
				continue
			}
			want := half(bits, h.fractionBits, h.bias)
			if float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want) {
				t.Fatalf("%v %#04x: got %v, expected %v", h.d, bits, got, want)
			}
			if back := narrowOne(h.d, got); back != bits {
				t.Fatalf("%v %#04x: back as %#04x", h.d, bits, back)
			}
		}
	}
}

// Between neighbours the nearer wins, and halfway the even one; beyond the
// largest, halfway to where the next would be becomes infinity.
func TestNarrowRounding(t *testing.T) {
	for _, h := range halves {
		for bits := uint16(0); bits < h.infinity; bits++ {
			low := half(bits, h.fractionBits, h.bias)
			high := half(bits+1, h.fractionBits, h.bias)
			middle := float32((low + high) / 2)
			if float64(middle) != (low+high)/2 {
				t.Fatalf("%v %#04x: no halfway point in float32", h.d, bits)
			}
			even := bits + bits&1
			for _, test := range []struct {
				x    float32
				want uint16
			}{
				{middle, even},
				{math.Nextafter32(middle, 0), bits},
				{math.Nextafter32(middle, math.MaxFloat32), bits + 1},
			} {
				if got := narrowOne(h.d, test.x); got != test.want {
					t.Fatalf("%v of %v: got %#04x, expected %#04x", h.d, test.x, got, test.want)
				}
				if got := narrowOne(h.d, -test.x); got != test.want|0x8000 {
					t.Fatalf("%v of %v: got %#04x, expected %#04x", h.d, -test.x, got, test.want|0x8000)
				}
			}
		}
	}
}

func TestFloat32s(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, d := range []DType{F32, F16, BF16} {
		tensor := randomTensor(random, "a", d, 3, 7)
		if tensor.Len() != 21 {
			t.Errorf("%v: %d elements, expected 21", d, tensor.Len())
		}
		got := tensor.Float32s()
		again := make([]byte, len(tensor.Data))
		d.narrow(again, got)
		if string(again) != string(tensor.Data) {
			t.Errorf("%v: got %v from %x", d, got, tensor.Data)
		}
	}
	if got := (Tensor{DType: F16, Shape: []int{0}}).Float32s(); len(got) != 0 {
		t.Errorf("%v from an empty tensor", got)
	}
}

func TestParseDType(t *testing.T) {
	for _, d := range []DType{F32, F16, BF16} {
		if got, err := ParseDType(d.String()); got != d || err != nil {
			t.Errorf("%v: got %v, %v", d, got, err)
		}
	}
	for _, name := range []string{"", "f16", "F64", "I8", "F8_E4M3", "DType(3)"} {
		_, err := ParseDType(name)
		wantError(t, err, "not supported")
	}
}
