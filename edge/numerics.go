package edge

import "github.com/toller-search/toller/infer"

// Numerics is a choice between exactness and speed, by name. Vectors of
// different numerics differ by more than rounding: an index takes those of one.
type Numerics = infer.Numerics

// Exact is float32 arithmetic or better on the weights as they are stored.
const Exact = infer.Exact
