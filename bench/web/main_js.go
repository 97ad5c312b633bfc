// Command web is toller's part of a comparison in JavaScript engines: built for
// js/wasm, it waits for compare.mjs to have it encode documents of token ids.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"syscall/js"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// model is a packed checkpoint, ready to run.
type model struct {
	encoder *infer.Encoder
	head    *heads.Head
}

func main() {
	var m model
	js.Global().Set("toller", js.ValueOf(map[string]any{
		"sets": function(func([]js.Value) (any, error) {
			var names []any
			for _, name := range simd.Names() {
				names = append(names, name)
			}
			return names, nil
		}),
		"open": function(func(args []js.Value) (any, error) { return nil, m.open(copied(args[0])) }),
		// encode(set, ids) returns the vectors of a document, [tokens, dim].
		"encode": function(func(args []js.Value) (any, error) {
			undo, err := simd.Use(args[0].String())
			if err != nil {
				return nil, err
			}
			defer undo()
			ids := make([]int32, args[1].Length())
			for i := range ids {
				ids[i] = int32(args[1].Index(i).Int())
			}
			return m.encode(ids)
		}),
	}))
	select {}
}

// function makes a JavaScript function that returns a promise: what encodes lets
// the event loop have its turns, and mustn't be part of one.
func function(f func(args []js.Value) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		settle := js.FuncOf(func(_ js.Value, with []js.Value) any {
			go func() {
				result, err := f(args)
				if err != nil {
					with[1].Invoke(js.Global().Get("Error").New(err.Error()))
					return
				}
				with[0].Invoke(result)
			}()
			return nil
		})
		defer settle.Release()
		return js.Global().Get("Promise").New(settle)
	})
}

func copied(bytes js.Value) []byte {
	b := make([]byte, bytes.Length())
	js.CopyBytesToGo(b, bytes)
	return b
}

func (m *model) open(packed []byte) error {
	c, err := weights.OpenBytes("model", packed)
	if err != nil {
		return err
	}
	if m.head, err = loadHead(c); err != nil {
		return err
	}
	m.encoder, err = infer.New(c, infer.Options{Threads: 1})
	return err
}

// loadHead reads the Dense modules that modules.json lists.
func loadHead(c *weights.Checkpoint) (*heads.Head, error) {
	text, err := c.ReadFile("modules.json")
	if err != nil {
		return nil, err
	}
	var modules []struct{ Path, Type string }
	if err := json.Unmarshal(text, &modules); err != nil {
		return nil, fmt.Errorf("modules.json: %w", err)
	}
	var chain []heads.Dense
	for _, module := range modules {
		if !strings.HasSuffix(module.Type, "Dense") {
			continue
		}
		config, err := c.ReadFile(path.Join(module.Path, "config.json"))
		if err != nil {
			return nil, err
		}
		stored, err := c.Tensors(module.Path)
		if err != nil {
			return nil, err
		}
		tensors := make(map[string]heads.Tensor, len(stored))
		for name, t := range stored {
			tensors[name] = heads.Tensor{Shape: t.Shape, Data: t.Float32s()}
		}
		chain = append(chain, heads.Dense{Name: module.Path, Type: module.Type, Config: config, Tensors: tensors})
	}
	return heads.FromDense(chain)
}

// encode returns the first and the last token's vector.
func (m *model) encode(ids []int32) (any, error) {
	var ends []any
	err := m.encoder.Encode(context.Background(), []infer.Sequence{{IDs: ids}}, func(_ int, states []float32) error {
		dim := m.head.Out()
		vectors := make([]float32, len(ids)*dim)
		m.head.Apply(vectors, states, len(ids))
		simd.L2Normalize(vectors, dim)
		for _, v := range append(vectors[:dim:dim], vectors[len(vectors)-dim:]...) {
			ends = append(ends, v)
		}
		return nil
	})
	return ends, err
}
