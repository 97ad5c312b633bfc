// Package builtin carries the model that comes with toller, so that ranking
// needs no download. Only programs that import it grow by its 23 MB.
//
// The model is toller-small. It is good for English text on everyday and
// scientific subjects, where it orders documents better than BM25, and the two
// together better than either. It is weaker with names and rare words, knows a
// little of program code, and other languages hardly; where a larger model such
// as mxbai-edge-colbert-v0 can be had, open that with [edge.Open] instead.
// README.md says how good it is and what it was trained on.
//
// Another model goes in as a packed checkpoint in place of the file here:
//
//	toller pack path/to/checkpoint -o edge/builtin/toller-small.safetensors --embeddings int8
//
// Nothing depends on its shape. Under another file name the two lines below
// that have the old one change with it.
package builtin

import (
	_ "embed"

	"github.com/toller-search/toller/edge"
)

// Name is the name of the model.
const Name = "toller-small"

//go:embed toller-small.safetensors
var packed []byte

// Open opens the embedded model. Its weights are read from the program itself,
// not copied. Every call returns a model of its own.
func Open(opts ...edge.Option) (*edge.Model, error) {
	return edge.OpenBytes(Name, packed, opts...)
}
