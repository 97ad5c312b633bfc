package infer

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// TestGoldenBERTVectors compares the vectors of every golden text of the
// checkpoints that have a head of one layer. The head is written out here:
// states · weightᵀ + bias, tanh where the checkpoint has it, unit length.
func TestGoldenBERTVectors(t *testing.T) {
	const tolerance = 2e-5 // of components of unit vectors
	sets := simd.Names()
	if testing.Short() {
		sets = sets[len(sets)-1:]
	}
	for _, model := range []string{"stanford", "stanford-attend", "pylate-subfolder", "bert-gelu-new", "bert-relu"} {
		e := openEncoder(t, model, 2)
		head, tanh := goldenHead(t, model)
		var golden struct {
			Cases []struct {
				Name            string
				IDs             []int32 `json:"ids"`
				Attention, Keep []int
				Rows            []int
				Embeddings      [][]float64
				Error           string
			}
		}
		if err := json.Unmarshal(testdata.Read(t, "cases/"+model+".json"), &golden); err != nil {
			t.Fatal(err)
		}
		for _, set := range sets {
			undo, err := simd.Use(set)
			if err != nil {
				t.Fatal(err)
			}
			worst, texts := 0.0, 0
			for _, c := range golden.Cases {
				if c.Error != "" {
					continue // longer than the model has positions
				}
				texts++
				s := Sequence{IDs: c.IDs}
				for _, a := range c.Attention {
					s.Keys += a
				}
				states := encodeAll(t, e, []Sequence{s})[0]
				var kept [][]float32
				for i, keep := range c.Keep {
					if keep == 1 {
						kept = append(kept, states[i*e.Hidden():][:e.Hidden()])
					}
				}
				for i, row := range c.Rows {
					got := head.project(kept[row], tanh)
					for d, want := range c.Embeddings[i] {
						worst = max(worst, math.Abs(got[d]-want))
						if !(math.Abs(got[d]-want) <= tolerance) {
							t.Fatalf("%s, %s, %s, vector %d, component %d: expected %v, found %v", model, set, c.Name, row, d, want, got[d])
						}
					}
				}
			}
			undo()
			t.Logf("%s, %s: %d texts, largest difference %.2g, tolerance %.2g", model, set, texts, worst, tolerance)
		}
	}
}

// linearHead is a head of one layer.
type linearHead struct {
	weight, bias [][]float64 // [out, in], [1, out] or nothing
}

func (h linearHead) project(state []float32, tanh bool) []float64 {
	x := make([]float64, len(state))
	for i, v := range state {
		x[i] = float64(v)
	}
	y := product([][]float64{x}, h.weight)[0]
	length := 0.0
	for d := range y {
		if h.bias != nil {
			y[d] += h.bias[0][d]
		}
		if tanh {
			y[d] = math.Tanh(y[d])
		}
		length += y[d] * y[d]
	}
	for d := range y {
		y[d] /= math.Sqrt(length)
	}
	return y
}

// goldenHead reads a checkpoint's head: its own tensor in the file of a Stanford
// checkpoint, a Dense module elsewhere.
func goldenHead(t *testing.T, model string) (h linearHead, tanh bool) {
	t.Helper()
	dir := testdata.Checkpoint(t, model)
	module := dir
	if !strings.HasPrefix(model, "stanford") {
		module = filepath.Join(dir, "1_Dense")
		config, err := os.ReadFile(filepath.Join(module, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		tanh = strings.Contains(string(config), "Tanh")
	}
	c, err := weights.Open(module)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tensors, err := c.Tensors("")
	if err != nil {
		t.Fatal(err)
	}
	h.weight = matrix(tensors["linear.weight"])
	if bias, ok := tensors["linear.bias"]; ok {
		h.bias = matrix(bias)
	}
	return h, tanh
}
