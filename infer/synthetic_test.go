package infer

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// synthetic is a small checkpoint with random weights.
type synthetic struct {
	hidden, intermediate, heads, layers, vocab, window, every int
}

var small = synthetic{hidden: 64, intermediate: 48, heads: 2, layers: 4, vocab: 50, window: 16, every: 3}

func (s synthetic) config() map[string]any {
	return map[string]any{
		"model_type": "modernbert", "hidden_size": s.hidden, "intermediate_size": s.intermediate,
		"num_attention_heads": s.heads, "num_hidden_layers": s.layers, "vocab_size": s.vocab,
		"local_attention": s.window, "global_attn_every_n_layers": s.every,
	}
}

// write stores the checkpoint, every tensor in float32, and returns its
// directory.
func (s synthetic) write(tb testing.TB, r *rand.Rand) string {
	tb.Helper()
	return s.writeShapes(tb, r, func(shapes []weights.Shape) []weights.Shape { return shapes })
}

// writeShapes is write with other tensors than the encoder wants.
func (s synthetic) writeShapes(tb testing.TB, r *rand.Rand, change func([]weights.Shape) []weights.Shape) string {
	tb.Helper()
	return writeCheckpoint(tb, r, s.config(), change)
}

// writeCheckpoint stores a checkpoint with that config.json and random tensors
// of the shapes that it asks for, changed.
func writeCheckpoint(tb testing.TB, r *rand.Rand, keys map[string]any, change func([]weights.Shape) []weights.Shape) string {
	tb.Helper()
	dir := tb.TempDir()
	config, err := json.Marshal(keys)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := ParseConfig("config.json", config)
	if err != nil {
		tb.Fatal(err)
	}
	var shapes []weights.Shape
	switch c.Architecture {
	case "bert":
		shapes = bertShapes(c, bertNames{})
	case "modernbert":
		shapes = modernBERTShapes(c, "")
	}
	tensors := map[string]weights.Tensor{}
	for _, shape := range change(shapes) {
		// Rows of unit length on average; LayerNorm weights around 1, biases
		// around 0.
		n, scale, centre := shape.Dims[0], 0.2, 1.0
		if len(shape.Dims) == 2 {
			n, scale, centre = n*shape.Dims[1], 1.5/math.Sqrt(float64(shape.Dims[1])), 0
		} else if strings.HasSuffix(shape.Name, "bias") || strings.HasSuffix(shape.Name, "beta") {
			centre = 0
		}
		var data []byte
		for range n {
			v := float32(centre + r.NormFloat64()*scale)
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		tensors[shape.Name] = weights.Tensor{DType: simd.F32, Shape: shape.Dims, Data: data}
	}
	var file bytes.Buffer
	if err := weights.Write(&file, tensors, simd.F32); err != nil {
		tb.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"config.json":       config,
		"model.safetensors": file.Bytes(),
		"modules.json":      []byte(`[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]`),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// open writes the checkpoint and opens its encoder.
func (s synthetic) open(tb testing.TB, r *rand.Rand, threads int) (*Encoder, map[string]weights.Tensor) {
	tb.Helper()
	return openTensors(tb, s.write(tb, r), threads)
}

// openTensors opens the encoder of a directory, and its tensors beside it.
func openTensors(tb testing.TB, dir string, threads int) (*Encoder, map[string]weights.Tensor) {
	tb.Helper()
	c, err := weights.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	e, err := New(c, Options{Threads: threads})
	if err != nil {
		tb.Fatal(err)
	}
	tensors, err := c.Tensors("")
	if err != nil {
		tb.Fatal(err)
	}
	return e, tensors
}

func newRand(tb testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	tb.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func randomSequence(r *rand.Rand, n, vocab int) Sequence {
	s := Sequence{IDs: make([]int32, n)}
	for i := range s.IDs {
		s.IDs[i] = int32(r.IntN(vocab))
	}
	return s
}

func (s synthetic) String() string {
	return fmt.Sprintf("H %d, I %d, %d heads, %d layers, window %d, global every %d", s.hidden, s.intermediate, s.heads, s.layers, s.window, s.every)
}
