package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

func pack(tb testing.TB, c *Checkpoint, to simd.DType) []byte {
	tb.Helper()
	var packed bytes.Buffer
	if err := Pack(&packed, c, to); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// checkPacked fails unless packed is c with its weights converted.
func checkPacked(t *testing.T, packed []byte, c *Checkpoint, to simd.DType) {
	t.Helper()
	p, err := OpenBytes("packed", packed)
	if err != nil {
		t.Fatal(err)
	}
	if start := 8 + int(binary.LittleEndian.Uint64(packed)); start%64 != 0 {
		t.Errorf("data start at byte %d, not at a multiple of 64", start)
	}
	if !slices.Equal(slices.Sorted(maps.Keys(p.modules)), slices.Sorted(maps.Keys(c.modules))) {
		t.Errorf("modules %q, expected %q", slices.Sorted(maps.Keys(p.modules)), slices.Sorted(maps.Keys(c.modules)))
	}
	for module, want := range c.modules {
		got, err := p.Tensors(module)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("module %q has %d tensors, expected %d", module, len(got), len(want))
		}
		for name, w := range want {
			g := got[name]
			if g.DType != to || !slices.Equal(g.Shape, w.Shape) {
				t.Fatalf("module %q: %q is %v %d, expected %v %d", module, name, g.DType, g.Shape, to, w.Shape)
			}
			rounded := w.Data
			if to != w.DType {
				rounded = make([]byte, len(g.Data))
				simd.Narrow(rounded, to, w.Float32s())
			}
			if !bytes.Equal(g.Data, rounded) {
				t.Errorf("module %q: values of %q differ", module, name)
			}
		}
	}
	for _, name := range []string{"config.json", "modules.json", "tokenizer.json", "1_Dense/config.json", "tokenizer_config.json", "2_Normalize/config.json", "README.md"} {
		want, err := c.ReadFile(name)
		got, gotErr := p.ReadFile(name)
		if err != nil || name == "README.md" {
			if !errors.Is(gotErr, fs.ErrNotExist) {
				t.Errorf("%s: %v", name, gotErr)
			}
			continue
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, want); err != nil {
			t.Fatal(err)
		}
		if gotErr != nil || !bytes.Equal(got, compact.Bytes()) {
			t.Errorf("%s differs: %v", name, gotErr)
		}
	}
}

func TestPack(t *testing.T) {
	dir := smallDirectory(t)
	writeFile(t, filepath.Join(dir, "README.md"), []byte("# small"))
	forms := map[string]*Checkpoint{"directory": open(t, dir), "sharded": open(t, smallShardedDirectory(t))}
	for _, to := range []simd.DType{simd.F32, simd.F16, simd.BF16} {
		var first []byte
		for name, c := range forms {
			packed := pack(t, c, to)
			checkPacked(t, packed, c, to)
			if first == nil {
				first = packed
			}
			if !bytes.Equal(packed, first) {
				t.Errorf("%v: the %s form packs to other bytes", to, name)
			}
			again, err := OpenBytes("again", packed)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(pack(t, again, to), packed) {
				t.Errorf("%v: packing twice differs from packing once", to)
			}
		}
	}
}

func TestPackRefuses(t *testing.T) {
	float := func(name string, values ...float32) Tensor {
		tensor := Tensor{Name: name, DType: simd.F32, Shape: []int{len(values)}, Data: make([]byte, 4*len(values))}
		simd.Narrow(tensor.Data, simd.F32, values)
		return tensor
	}
	// A large value behind more than one chunk of the conversion.
	far := make([]float32, 40_000)
	far[39_999] = -65520
	tests := []struct {
		name   string
		file   string
		text   string
		tensor Tensor
		to     simd.DType
		want   string // "" for none
	}{
		{"largest of F16", "", "", float("a", 0, 65519), simd.F16, ""},
		{"too large for F16", "", "", float("a", 0, 65520), simd.F16, `tensor "a" of shape [2]: element 1 is 65520, too large for F16`},
		{"too large for F16, far", "", "", float("a", far...), simd.F16, `tensor "a" of shape [40000]: element 39999 is -65520, too large for F16`},
		{"too large for BF16", "", "", float("a", math.MaxFloat32), simd.BF16, `tensor "a" of shape [1]: element 0 is 3.4028235e+38, too large for BF16`},
		{"large in F32", "", "", float("a", math.MaxFloat32), simd.F32, ""},
		{"slash in a name", "", "", float("a/b", 0), simd.F16, `tensor "a/b" of module "": a packed checkpoint can't have '/'`},
		{"broken tokenizer", "tokenizer.json", `{"a":`, float("a", 0), simd.F16, "tokenizer.json: unexpected end of JSON"},
		{"invalid UTF-8", "tokenizer.json", "{\"a\":\"\xff\"}", float("a", 0), simd.F16, "tokenizer.json is not valid UTF-8"},
		{"unknown type", "", "", float("a", 0), simd.DType(9), `dtype "DType(9)" is not supported`},
		{"bytes without scales", "", "", float("a", 0), simd.I8, `dtype "I8" is not supported`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"config.json": "{}", "model.safetensors": string(build(t, nil, test.tensor))}
			if test.file != "" {
				files[test.file] = test.text
			}
			c := open(t, writeFiles(t, files))
			var packed bytes.Buffer
			err := Pack(&packed, c, test.to)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, "weights: pack "+c.Name()+": ", test.want)
			if packed.Len() > 0 {
				t.Errorf("%d bytes written before the error", packed.Len())
			}
		})
	}
}

// What fits many files may not fit one.
func TestPackRefusesWhatDoesNotFit(t *testing.T) {
	var tensors []Tensor
	for i := range maxTensors {
		tensors = append(tensors, Tensor{Name: fmt.Sprint(i), DType: simd.F16, Shape: []int{0}})
	}
	long := strings.Repeat("x", 600)
	tests := []struct {
		name   string
		module string
		dense  Tensor
		want   string
	}{
		{"too many tensors", "1_Dense", Tensor{Name: "a", DType: simd.F16, Shape: []int{0}}, "4097 tensors, more than the 4096"},
		{"long name", "a/" + strings.Repeat("y", 200) + "/" + strings.Repeat("z", 240), Tensor{Name: long, DType: simd.F16, Shape: []int{0}}, "does not fit one file: header byte"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			backbone := tensors
			if test.name == "long name" {
				backbone = tensors[:1]
			}
			c := open(t, writeFiles(t, map[string]string{
				"config.json":                      "{}",
				"modules.json":                     `[{"path":""},{"path":"` + test.module + `"}]`,
				"model.safetensors":                string(build(t, nil, backbone...)),
				test.module + "/model.safetensors": string(build(t, nil, test.dense)),
			}))
			err := Pack(io.Discard, c, simd.F16)
			wantError(t, err, test.want)
		})
	}
}

// limitedWriter fails after so many bytes.
type limitedWriter int

var errFull = errors.New("disk full")

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > int(*w) {
		return int(*w), errFull
	}
	*w -= limitedWriter(len(p))
	return len(p), nil
}

func TestPackWriteError(t *testing.T) {
	c := open(t, smallDirectory(t))
	size := len(pack(t, c, simd.F16))
	for n := range size {
		w := limitedWriter(n)
		if err := Pack(&w, c, simd.F16); !errors.Is(err, errFull) {
			t.Fatalf("after %d of %d bytes: %v", n, size, err)
		}
	}
}

// checkPackGolden packs a golden checkpoint into a file and that file again.
func checkPackGolden(t *testing.T, c *Checkpoint, to simd.DType) {
	t.Helper()
	packed := pack(t, c, to)
	checkPacked(t, packed, c, to)
	path := filepath.Join(t.TempDir(), "packed.safetensors")
	writeFile(t, path, packed)
	if !bytes.Equal(pack(t, open(t, path), to), packed) {
		t.Error("packing the packed file changes it")
	}
	t.Logf("%v: %d bytes", to, len(packed))
}

// checkPackMemory fails if converting takes memory for the result.
func checkPackMemory(t *testing.T, c *Checkpoint, to simd.DType) {
	t.Helper()
	var err error
	n := allocated(func() { err = Pack(io.Discard, c, to) })
	if err != nil {
		t.Fatal(err)
	}
	// Most of it is for the header: the tokenizer in a few stages of encoding.
	if n > 40<<20 {
		t.Errorf("%d bytes allocated", n)
	}
	t.Logf("%v: %d bytes allocated to pack", to, n)
}
