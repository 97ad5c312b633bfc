package infer

import "fmt"

// Numerics is a choice between exactness and speed, by name. States computed
// with different numerics differ by more than rounding and should not be
// compared with each other.
type Numerics string

// Exact computes in float32 or better on the weights as they are stored.
const Exact Numerics = "exact"

// String is the name of the choice.
func (n Numerics) String() string { return string(n) }

// check returns the choice, which is Exact where none was made, and refuses
// what there isn't.
func (n Numerics) check() (Numerics, error) {
	switch n {
	case "", Exact:
		return Exact, nil
	}
	return "", fmt.Errorf("infer: numerics: expected %q, found %q", Exact, string(n))
}
