package weights

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

// TestWrite writes the backbone of the small checkpoint in every type and opens
// it from there.
func TestWrite(t *testing.T) {
	tensors, err := open(t, smallDirectory(t)).Tensors("")
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []simd.DType{simd.F32, simd.F16, simd.BF16} {
		var file bytes.Buffer
		if err := Write(&file, tensors, to); err != nil {
			t.Fatal(err)
		}
		if start := 8 + int(binary.LittleEndian.Uint64(file.Bytes())); start%64 != 0 {
			t.Errorf("%v: data start at byte %d, not at a multiple of 64", to, start)
		}
		dir := smallDirectory(t)
		writeFile(t, filepath.Join(dir, weightsFile), file.Bytes())
		written, err := open(t, dir).Tensors("")
		if err != nil {
			t.Fatal(err)
		}
		if len(written) != len(tensors) {
			t.Errorf("%v: %d tensors, expected %d", to, len(written), len(tensors))
		}
		for name, want := range tensors {
			// The values are exact in every type.
			data := make([]byte, want.Len()*to.Size())
			simd.Narrow(data, to, want.Float32s())
			if got := written[name]; got.DType != to || !bytes.Equal(got.Data, data) {
				t.Errorf("%v: %q differs", to, name)
			}
		}
		var again bytes.Buffer
		if err := Write(&again, written, to); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Bytes(), file.Bytes()) {
			t.Errorf("%v: the same tensors gave another file", to)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	good := randomTensor(random, "", simd.F32, 2, 3)
	with := func(change func(*Tensor)) Tensor {
		bad := good
		change(&bad)
		return bad
	}
	number := func(bits uint32) Tensor {
		return Tensor{DType: simd.F32, Shape: []int{1}, Data: binary.LittleEndian.AppendUint32(nil, bits)}
	}
	for name, test := range map[string]struct {
		tensor Tensor
		to     simd.DType
		want   string
	}{
		"too few bytes":    {with(func(b *Tensor) { b.Data = b.Data[4:] }), simd.F32, "shape [2 3] of F32 doesn't take the 20 bytes"},
		"negative sizes":   {with(func(b *Tensor) { b.Shape = []int{-2, -3} }), simd.F32, "shape [-2 -3]"},
		"overflow":         {with(func(b *Tensor) { b.Shape = []int{math.MaxInt, math.MaxInt} }), simd.F32, fmt.Sprintf("shape [%d %d]", math.MaxInt, math.MaxInt)},
		"not a number":     {number(0x7fc00000), simd.F32, "element 0 is NaN"},
		"beyond F16":       {number(0x47c35000), simd.F16, "element 0 is 100000, too large for F16"},
		"type of a tensor": {with(func(b *Tensor) { b.DType = 9 }), simd.F32, "DType(9)"},
		"type of the file": {good, 9, "DType(9)"},
	} {
		var file bytes.Buffer
		err := Write(&file, map[string]Tensor{"W1": good, "W2": test.tensor}, test.to)
		if file.Len() > 0 {
			t.Errorf("%s: %d bytes were written before the error", name, file.Len())
		}
		wantError(t, err, "weights: ", test.want)
		if test.to != 9 {
			wantError(t, err, `"W2"`)
		}
	}
	closed, err := os.Create(filepath.Join(t.TempDir(), weightsFile))
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	wantError(t, Write(closed, map[string]Tensor{"W1": good}, simd.F32), weightsFile)
}
