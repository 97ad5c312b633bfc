package weights

import (
	"math/rand/v2"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

func TestFloat32s(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, d := range []simd.DType{simd.F32, simd.F16, simd.BF16} {
		tensor := randomTensor(random, "a", d, 3, 7)
		if tensor.Len() != 21 {
			t.Errorf("%v: %d elements, expected 21", d, tensor.Len())
		}
		got := tensor.Float32s()
		again := make([]byte, len(tensor.Data))
		simd.Narrow(again, d, got)
		if string(again) != string(tensor.Data) {
			t.Errorf("%v: got %v from %x", d, got, tensor.Data)
		}
	}
	if got := (Tensor{DType: simd.F16, Shape: []int{0}}).Float32s(); len(got) != 0 {
		t.Errorf("%v from an empty tensor", got)
	}
}

func TestParseDType(t *testing.T) {
	for _, d := range []simd.DType{simd.F32, simd.F16, simd.BF16, simd.I8} {
		if got, err := parseDType(d.String()); got != d || err != nil {
			t.Errorf("%v: got %v, %v", d, got, err)
		}
	}
	for _, name := range []string{"", "f16", "F64", "I64", "F8_E4M3", "DType(9)"} {
		_, err := parseDType(name)
		wantError(t, err, "not supported")
	}
}
