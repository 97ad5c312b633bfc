package weights

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

// isFinite says what nonFinite must find, one element at a time.
func isFinite(d simd.DType, bits uint32) bool {
	switch d {
	case simd.F16:
		return bits>>10&0x1F != 0x1F
	case simd.BF16:
		return bits>>7&0xFF != 0xFF
	}
	x := float64(math.Float32frombits(bits))
	return !math.IsNaN(x) && !math.IsInf(x, 0)
}

func appendElement(data []byte, d simd.DType, bits uint32) []byte {
	if d == simd.F32 {
		return binary.LittleEndian.AppendUint32(data, bits)
	}
	return binary.LittleEndian.AppendUint16(data, uint16(bits))
}

func TestNonFiniteAllHalves(t *testing.T) {
	for _, d := range []simd.DType{simd.F16, simd.BF16} {
		for bits := range uint32(1 << 16) {
			// The value among neighbours of all ones but one exponent bit,
			// which carry furthest if anything does, in each lane.
			neighbour := uint32(0xFBFF)
			if d == simd.BF16 {
				neighbour = 0xFF7F
			}
			for lane := range 4 {
				var data []byte
				for i := range 20 {
					if i == 4+lane {
						data = appendElement(data, d, bits)
					} else {
						data = appendElement(data, d, neighbour)
					}
				}
				want := -1
				if !isFinite(d, bits) {
					want = 4 + lane
				}
				if got := nonFinite(d, data); got != want {
					t.Fatalf("%v %#04x at %d: got %d, expected %d", d, bits, 4+lane, got, want)
				}
			}
		}
	}
}

func TestNonFiniteEveryPosition(t *testing.T) {
	bad := map[simd.DType][]uint32{
		simd.F32:  {0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFFFFFFF},
		simd.F16:  {0x7C00, 0xFC00, 0x7E00, 0x7C01, 0xFFFF},
		simd.BF16: {0x7F80, 0xFF80, 0x7FC0, 0x7F81, 0xFFFF},
	}
	largest := map[simd.DType]uint32{simd.F32: 0xFF7FFFFF, simd.F16: 0xFBFF, simd.BF16: 0xFF7F}
	for d, values := range bad {
		for n := range 70 {
			var data []byte
			for range n {
				data = appendElement(data, d, largest[d])
			}
			if got := nonFinite(d, data); got != -1 {
				t.Fatalf("%v: found %d among %d finite values", d, got, n)
			}
			for at := range n {
				for _, bits := range values {
					// One byte in front makes every load unaligned.
					faulty := append([]byte{0}, data[:at*d.Size()]...)
					faulty = appendElement(faulty, d, bits)
					faulty = append(faulty, data[(at+1)*d.Size():]...)
					if got := nonFinite(d, faulty[1:]); got != at {
						t.Fatalf("%v %#x at %d of %d: got %d", d, bits, at, n, got)
					}
				}
			}
		}
	}
}

func TestNonFiniteRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	found := 0
	for range 20_000 {
		d := simd.DType(random.IntN(3))
		data := []byte{}
		want := -1
		for i := range random.IntN(60) {
			bits := random.Uint32()
			if d != simd.F32 {
				bits &= 0xFFFF
			}
			if want < 0 && !isFinite(d, bits) {
				want = i
				found++
			}
			data = appendElement(data, d, bits)
		}
		if got := nonFinite(d, data); got != want {
			t.Fatalf("%v %x: got %d, expected %d", d, data, got, want)
		}
	}
	if found == 0 {
		t.Error("no case had a value to find")
	}
}

func BenchmarkNonFinite(b *testing.B) {
	data := make([]byte, 34<<20)
	for _, d := range []simd.DType{simd.F32, simd.F16, simd.BF16} {
		b.Run(d.String(), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if nonFinite(d, data) >= 0 {
					b.Fatal("zero found not finite")
				}
			}
		})
	}
}
