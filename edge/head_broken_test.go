package edge

import (
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/heads"
)

// tinyHead is the tiny checkpoint with a head of its own kind, in memory, to be
// broken.
func tinyHead(tb testing.TB) tiny.Checkpoint {
	tb.Helper()
	spec := heads.Spec{Kind: heads.FFN, In: tiny.Hidden, Out: tiny.Dim, Depth: 2, Rho: 2, Activation: "gelu", Residual: heads.Block, Bias: true}
	c := tiny.New(tb)
	dir := headDir(tb, c, spec, randomTensors(rand.New(rand.NewPCG(5, 6)), spec))
	for _, name := range []string{modulesFile, path.Join(headFolder, moduleFile), path.Join(headFolder, weightsFile)} {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			tb.Fatal(err)
		}
		c[name] = text
	}
	return c
}

// TestBrokenHead opens heads with one fault each. The message names the file,
// the field, and what was expected or found there.
func TestBrokenHead(t *testing.T) {
	const config, stored = "1_Head/config.json", "1_Head/model.safetensors"
	modules := func(types ...string) []byte {
		list := []map[string]any{{"path": "", "type": backboneType}}
		for i, name := range types {
			list = append(list, map[string]any{"path": []string{headFolder, "1_Dense"}[i], "type": name})
		}
		return tiny.JSON(t, list)
	}
	reshape := func(c tiny.Checkpoint, change func(map[string][]int)) {
		shapes := tensorShapes(t, c[stored])
		change(shapes)
		c[stored] = tiny.Safetensors(t, rand.New(rand.NewPCG(7, 8)), shapes)
	}
	for _, test := range []struct {
		name   string
		damage func(c tiny.Checkpoint)
		want   []string
	}{
		{"no config", func(c tiny.Checkpoint) { delete(c, config) }, []string{"tiny", config}},
		{"no weights", func(c tiny.Checkpoint) { delete(c, stored) }, []string{"tiny", stored}},
		{"no JSON", func(c tiny.Checkpoint) { c[config] = []byte(`{"kind": `) }, []string{"tiny/" + config, "unexpected end of JSON"}},
		{"null", func(c tiny.Checkpoint) { c[config] = []byte(`null`) }, []string{"tiny/" + config, "found null"}},
		{"unknown key", func(c tiny.Checkpoint) { c.Set(t, config, "dropout", 0.1) }, []string{"tiny/" + config, `"dropout"`}},
		{"unknown kind", func(c tiny.Checkpoint) { c.Set(t, config, "kind", "mlp") }, []string{"tiny/" + config, "kind", `found "mlp"`}},
		{"no kind", func(c tiny.Checkpoint) { c.Set(t, config, "kind", nil) }, []string{"tiny/" + config, "kind", "found no such key"}},
		{"depth is a string", func(c tiny.Checkpoint) { c.Set(t, config, "depth", "2") }, []string{"tiny/" + config, "depth", "a whole number", `found "2"`}},
		{"residual that it can't have", func(c tiny.Checkpoint) { c.Set(t, config, "residual", "projection") }, []string{"tiny/" + config, "residual", `"projection"`}},
		{"unknown activation", func(c tiny.Checkpoint) { c.Set(t, config, "activation", "swoosh") }, []string{"tiny/" + config, "activation", "gelu", `found "swoosh"`}},
		{"chain", func(c tiny.Checkpoint) {
			c[config] = []byte(`{"kind":"dense","in":32,"out":8,"layers":[{"name":"a","in":32,"out":8}]}`)
		}, []string{"tiny/" + config, "kind", "expected linear, ffn or glu", `found "dense"`}},
		{"another depth", func(c tiny.Checkpoint) { c.Set(t, config, "depth", 3) }, []string{"tiny/" + stored, "W2", "expected shape [32 64]", "found [8 64]"}},
		{"another width", func(c tiny.Checkpoint) { c.Set(t, config, "out", 9) }, []string{"tiny/" + stored, "W2", "expected shape [9 64]", "found [8 64]"}},
		{"not the backbone's width", func(c tiny.Checkpoint) {
			c[config] = []byte(`{"kind":"linear","in":16,"out":8}`)
			c[stored] = tiny.Safetensors(t, rand.New(rand.NewPCG(7, 8)), map[string][]int{"W1": {8, 16}})
		}, []string{"tiny/" + config, "in: expected 32, the backbone's hidden_size, found 16"}},
		{"missing tensor", func(c tiny.Checkpoint) { reshape(c, func(s map[string][]int) { delete(s, "U") }) }, []string{"tiny/" + stored, "tensor U", "expected shape [64 32]", "found no such tensor"}},
		{"transposed tensor", func(c tiny.Checkpoint) { reshape(c, func(s map[string][]int) { s["U"] = []int{32, 64} }) }, []string{"tiny/" + stored, "tensor U", "expected shape [64 32]", "found [32 64]"}},
		{"superfluous tensor", func(c tiny.Checkpoint) { reshape(c, func(s map[string][]int) { s["R1"] = []int{2} }) }, []string{"tiny/" + stored, "tensor R1", "expected no such tensor", "found shape [2]"}},
		{"weights cut off", func(c tiny.Checkpoint) { c[stored] = c[stored][:len(c[stored])-1] }, []string{"tiny", stored}},
		{"type in another case", func(c tiny.Checkpoint) { c[modulesFile] = modules("toller.heads.head") }, []string{"tiny/" + modulesFile, "module 1: type", headType, `found "toller.heads.head"`}},
		{"type of another package", func(c tiny.Checkpoint) { c[modulesFile] = modules("my.heads.Head") }, []string{"tiny/" + modulesFile, "module 1: type", headType, `found "my.heads.Head"`}},
		{"Dense after it", func(c tiny.Checkpoint) { c[modulesFile] = modules(headType, "x.Dense") }, []string{"tiny/" + modulesFile, headType + " alone", "found 2"}},
		{"a second one", func(c tiny.Checkpoint) { c[modulesFile] = modules(headType, headType) }, []string{"tiny/" + modulesFile, headType + " alone", "found 2"}},
		{"read as Dense", func(c tiny.Checkpoint) { c[modulesFile] = modules("x.Dense") }, []string{"tiny", config, "in_features", `found "activation"`}},
		{"no folder", func(c tiny.Checkpoint) {
			c[modulesFile] = []byte(`[{"path": "", "type": "x.Transformer"}, {"path": "", "type": "toller.heads.Head"}]`)
		}, []string{"tiny/" + modulesFile, "module 1: path"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := tinyHead(t)
			test.damage(c)
			message := openError(t, c)
			for _, part := range test.want {
				if !strings.Contains(message, part) {
					t.Errorf("expected a message with %q, found %q", part, message)
				}
			}
		})
	}
}

// TestHeadMutations opens checkpoints whose head's folder has a damaged file.
// Each opens and encodes, or gives an error that names a file of the folder.
func TestHeadMutations(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	checkpoint := tinyHead(t)
	dir := checkpoint.Dir(t)
	opened := 0
	const count = 1000
	for i := range count {
		name := path.Join(headFolder, []string{moduleFile, weightsFile}[i%2])
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.WriteFile(file, mutate(rng, checkpoint[name]), 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := Open(dir)
		switch {
		case err == nil:
			opened++
			encodeSomething(t, m)
			m.Close()
		// A config that is valid but another's is noticed at the tensors.
		case !strings.Contains(filepath.ToSlash(err.Error()), name) && !strings.Contains(filepath.ToSlash(err.Error()), path.Join(headFolder, weightsFile)):
			t.Errorf("%s is damaged, and the error names another file: %v", name, err)
		}
		if err := os.WriteFile(file, checkpoint[name], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d opened", opened, count)
	if opened == count {
		t.Error("nothing was refused")
	}
}
