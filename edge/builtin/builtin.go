// Package builtin carries the model that comes with toller, so that ranking
// needs no download. Only programs that import it grow by its 16 MB.
//
// The model is toller-nano: small, English, trained from scratch for this
// project. README.md says what it was trained on and how good it is. It knows
// words and some of their company, not the world; where
// mxbai-edge-colbert-v0 can be had, open that with [edge.Open] instead.
//
// A better model goes in as a packed checkpoint in place of the file here:
//
//	toller pack path/to/checkpoint -o edge/builtin/toller-nano.safetensors
//
// Nothing depends on its shape. Under another file name the two lines below
// that have the old one change with it.
package builtin

import (
	_ "embed"

	"github.com/toller-search/toller/edge"
)

// Name is the name of the model.
const Name = "toller-nano"

//go:embed toller-nano.safetensors
var packed []byte

// Open opens the embedded model. Its weights are read from the program itself,
// not copied. Every call returns a model of its own.
func Open(opts ...edge.Option) (*edge.Model, error) {
	return edge.OpenBytes(Name, packed, opts...)
}
