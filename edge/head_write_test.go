package edge

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/heads"
)

// TestWriteHead: a checkpoint keeps the entry of its backbone, and a backbone
// alone gets one.
func TestWriteHead(t *testing.T) {
	spec := heads.Spec{Kind: heads.FFN, In: tiny.Hidden, Out: tiny.Dim, Depth: 2, Rho: 1.5, Activation: "gelu", Residual: heads.Block}
	tensors := randomTensors(rand.New(rand.NewPCG(1, 2)), spec)
	const wrapped = "pylate.models.wrapped.Transformer"
	for _, test := range []struct {
		name   string
		change func(c tiny.Checkpoint)
		first  map[string]any
	}{
		{"in place of Dense modules", func(tiny.Checkpoint) {}, map[string]any{"idx": 0., "name": "0", "path": "", "type": backboneType}},
		{"backbone alone", func(c tiny.Checkpoint) {
			maps.DeleteFunc(c, func(name string, _ []byte) bool { return name == modulesFile || strings.Contains(name, "_Dense/") })
		}, map[string]any{"idx": 0., "name": "0", "path": "", "type": backboneType}},
		{"another entry", func(c tiny.Checkpoint) {
			c[modulesFile] = tiny.JSON(t, []map[string]any{{"path": "", "type": wrapped, "kwargs": []string{"task"}}})
		}, map[string]any{"path": "", "type": wrapped, "kwargs": []any{"task"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := tiny.New(t)
			test.change(c)
			dir := c.Dir(t)
			if err := WriteHead(dir, spec, tensors); err != nil {
				t.Fatal(err)
			}
			var modules []map[string]any
			text, err := os.ReadFile(filepath.Join(dir, modulesFile))
			if err != nil {
				t.Fatal(err)
			}
			decodeJSON(t, text, &modules)
			want := []map[string]any{test.first, {"idx": 1., "name": "1", "path": "1_Head", "type": "toller.heads.Head"}}
			if !slices.EqualFunc(modules, want, func(a, b map[string]any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
				t.Errorf("expected %v, found %v", want, modules)
			}
			files, err := os.ReadDir(filepath.Join(dir, headFolder))
			if err != nil || len(files) != 2 || files[0].Name() != moduleFile || files[1].Name() != weightsFile {
				t.Errorf("expected config.json and model.safetensors, found %v, %v", files, err)
			}
			m, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			m.Close()
		})
	}
}

// TestWriteHeadErrors: a head that would not open is not written, and the
// checkpoint stays as it was.
func TestWriteHeadErrors(t *testing.T) {
	good := heads.Spec{Kind: heads.GLU, In: tiny.Hidden, Out: tiny.Dim, Depth: 1, Activation: "sigmoid"}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct {
		name   string
		change func(c tiny.Checkpoint, s *heads.Spec, tensors map[string]heads.Tensor)
		want   []string
	}{
		{"no spec", func(_ tiny.Checkpoint, s *heads.Spec, _ map[string]heads.Tensor) { *s = heads.Spec{} }, []string{"in: expected 1 to"}},
		{"chain", func(_ tiny.Checkpoint, s *heads.Spec, _ map[string]heads.Tensor) { s.Kind = heads.DenseChain }, []string{"kind", `found "dense"`, "Dense modules"}},
		{"missing tensor", func(_ tiny.Checkpoint, _ *heads.Spec, tensors map[string]heads.Tensor) { delete(tensors, "Wg1") }, []string{"Wg1", "expected shape [8 32]", "found no such tensor"}},
		{"not a number", func(_ tiny.Checkpoint, _ *heads.Spec, tensors map[string]heads.Tensor) {
			tensors["Wg1"].Data[3] = float32(math.NaN())
		}, []string{"1_Head/model.safetensors", "Wg1", "element 3 is NaN"}},
		{"another width", func(_ tiny.Checkpoint, s *heads.Spec, tensors map[string]heads.Tensor) {
			s.In = 16
			clear(tensors)
			maps.Copy(tensors, randomTensors(rng, *s))
		}, []string{"in: expected 32", "tiny/config.json", "found 16"}},
		{"no backbone", func(c tiny.Checkpoint, _ *heads.Spec, _ map[string]heads.Tensor) { delete(c, "config.json") }, []string{"tiny/config.json"}},
		{"broken backbone", func(c tiny.Checkpoint, _ *heads.Spec, _ map[string]heads.Tensor) { c["config.json"] = []byte("{") }, []string{"tiny/config.json"}},
		{"broken modules", func(c tiny.Checkpoint, _ *heads.Spec, _ map[string]heads.Tensor) { c[modulesFile] = []byte("[") }, []string{"tiny/modules.json"}},
		{"no modules", func(c tiny.Checkpoint, _ *heads.Spec, _ map[string]heads.Tensor) { c[modulesFile] = []byte("[]") }, []string{"tiny/modules.json", "no modules"}},
		{"no entry", func(c tiny.Checkpoint, _ *heads.Spec, _ map[string]heads.Tensor) { c[modulesFile] = []byte("[7]") }, []string{"tiny/modules.json: module 0", "number"}},
		{"another first module", func(c tiny.Checkpoint, _ *heads.Spec, _ map[string]heads.Tensor) {
			c[modulesFile] = []byte(`[{"path": "0_Dense", "type": "x.Dense"}]`)
		}, []string{"tiny/modules.json: module 0", `"x.Dense"`, `"0_Dense"`}},
		{"head there", func(c tiny.Checkpoint, _ *heads.Spec, _ map[string]heads.Tensor) {
			c["1_Head/README.md"] = []byte("mine")
		}, []string{"1_Head", "exists"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec, tensors, c := good, randomTensors(rng, good), tiny.New(t)
			test.change(c, &spec, tensors)
			dir := c.Dir(t)
			err := WriteHead(dir, spec, tensors)
			if err == nil {
				t.Fatal("expected an error, found none")
			}
			message := filepath.ToSlash(err.Error())
			for _, part := range append(test.want, "edge: write head: ") {
				if !strings.Contains(message, part) {
					t.Errorf("expected a message with %q, found %q", part, message)
				}
			}
			left := tiny.Checkpoint{}
			err = filepath.WalkDir(dir, func(file string, entry os.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				name, err := filepath.Rel(dir, file)
				if err != nil {
					return err
				}
				left[filepath.ToSlash(name)], err = os.ReadFile(file)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(left, c, slices.Equal) {
				t.Errorf("expected the files that were there, found %q", slices.Sorted(maps.Keys(left)))
			}
		})
	}
}
