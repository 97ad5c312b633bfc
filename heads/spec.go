package heads

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Kind is a family of heads.
type Kind string

// The families. Linear, FFN and GLU are those of arXiv 2510.12327; DenseChain
// is what PyLate stores as a list of Dense modules.
const (
	Linear     Kind = "linear" // y = W1 x
	FFN        Kind = "ffn"    // matrices with an activation after each but the last
	GLU        Kind = "glu"    // gated layers (Wv x) ⊙ gate(Wg x)
	DenseChain Kind = "dense"  // PyLate Dense modules one after the other
)

// Residual says how a head adds inputs of layers to outputs. None is the
// default.
type Residual string

// None is for every kind. Block to Projection are for FFN and GLU, Identity
// and Matrix for the layers of a DenseChain.
const (
	None       Residual = "none"
	Block      Residual = "block"      // around each pair of layers (eq. 13), the last pair through U into its middle
	PerLayer   Residual = "per_layer"  // around each layer but the last, through Ri where sizes differ
	Sequential Residual = "sequential" // FFN of depth 2: U first, then a square layer with a skip
	Projection Residual = "projection" // GLU of depth 1: y += R1 x
	Identity   Residual = "identity"   // a Dense layer's input, as it is
	Matrix     Residual = "matrix"     // a Dense layer's input, through residual.weight
)

// Final says what the last layer of a GLU head is.
type Final string

// The last layer of a GLU head: gated like the others (the default), or one
// plain matrix.
const (
	FinalGLU    Final = "glu"
	FinalLinear Final = "linear"
)

// Spec describes a head: everything but the weights.
//
// With d = In, k = Out and m = Rho·d, layer i of a stack of Depth layers maps
// to k if it is the last, to m if i is odd and back to d if i is even (eq. 8
// and 9). Weights are [out, in] and named as Tensors lists them:
//
//	W1, W2 …            matrices of plain layers, W1.bias … with Bias
//	Wv1, Wg1, Wv2 …     value and gate matrices of gated layers
//	U                   [m, d], the up-cast of Block and Sequential; the identity, and absent, where m = d
//	R1, R2 …            skip matrices of PerLayer where sizes differ, and of Projection
//
// In JSON a Spec is one object with the keys below. Unknown keys are refused,
// and what is decoded is valid:
//
//	{"kind": "ffn", "in": 384, "out": 64, "depth": 2, "rho": 2, "activation": "gelu", "residual": "block"}
//	{"kind": "dense", "in": 256, "out": 48, "layers": [
//	    {"name": "1_Dense", "in": 256, "out": 512, "activation": "gelu", "residual": "matrix"},
//	    {"name": "2_Dense", "in": 512, "out": 48}]}
type Spec struct {
	Kind Kind `json:"kind"`
	In   int  `json:"in"`
	Out  int  `json:"out"`

	// Depth counts layers: 1 for Linear, 2 or more for FFN, 1 or more for GLU.
	// 0 stands for 1.
	Depth int `json:"depth,omitempty"`
	// Rho is the projection scale; Rho·In must be a whole number. 0 stands for 1.
	Rho float64 `json:"rho,omitempty"`
	// Activation is the FFN's activation or the GLU's gate: a torch.nn class
	// in lower case (identity, relu, gelu, silu, sigmoid, tanh …).
	Activation string `json:"activation,omitempty"`
	// Residual is None, Block, PerLayer, Sequential or Projection.
	Residual Residual `json:"residual,omitempty"`
	// Final is for GLU only.
	Final Final `json:"final,omitempty"`
	// Bias is for Linear and FFN: every matrix but U and Ri has one.
	Bias bool `json:"bias,omitempty"`

	// Layers is for DenseChain only, which uses none of the fields from Depth
	// to Bias.
	Layers []DenseLayer `json:"layers,omitempty"`
}

// DenseLayer describes one module of a DenseChain:
//
//	y = activation(W x + b), then y += x or y += R x
//
// Its tensors are <Name>.linear.weight, .linear.bias and .residual.weight.
type DenseLayer struct {
	Name       string   `json:"name"`
	In         int      `json:"in"`
	Out        int      `json:"out"`
	Bias       bool     `json:"bias,omitempty"`
	Activation string   `json:"activation,omitempty"` // "" stands for identity
	Residual   Residual `json:"residual,omitempty"`   // None, Identity or Matrix
}

// Bounds that no head comes near. They keep parameter counts from overflowing
// and refuse nonsense before anything is allocated.
const (
	maxWidth = 1 << 20
	maxDepth = 64
)

// normalized fills in the fields whose zero value stands for a default, so
// that the rest of the package need not know the defaults.
func (s Spec) normalized() Spec {
	if s.Kind == DenseChain {
		layers := make([]DenseLayer, len(s.Layers))
		for i, l := range s.Layers {
			if l.Activation == "" {
				l.Activation = "identity"
			}
			if l.Residual == "" {
				l.Residual = None
			}
			layers[i] = l
		}
		s.Layers = layers
		return s
	}
	if s.Depth == 0 {
		s.Depth = 1
	}
	if s.Rho == 0 {
		s.Rho = 1
	}
	if s.Activation == "" && s.Kind == Linear {
		s.Activation = "identity"
	}
	if s.Residual == "" {
		s.Residual = None
	}
	if s.Final == "" && s.Kind == GLU {
		s.Final = FinalGLU
	}
	return s
}

// Validate says what is wrong with a Spec, naming the field, what was expected
// and what was found.
func (s Spec) Validate() error {
	if err := s.normalized().validate(); err != nil {
		return fmt.Errorf("heads: spec: %w", err)
	}
	return nil
}

func (s Spec) validate() error {
	if err := validWidths(s.In, s.Out); err != nil {
		return err
	}
	switch s.Kind {
	case DenseChain:
		return s.validateChain()
	case Linear, FFN, GLU:
		return s.validateStack()
	default:
		return fmt.Errorf("kind: expected linear, ffn, glu or dense, found %q", s.Kind)
	}
}

// middle is m, the width between the layers of a pair, or 0 where Rho·In isn't
// a whole number (but for rounding: a Rho of 4/3 is no float64) in the allowed
// range.
func (s Spec) middle() int {
	product := s.Rho * float64(s.In)
	m := math.Round(product)
	if m >= 1 && m <= maxWidth && math.Abs(product-m) <= 1e-9*m {
		return int(m)
	}
	return 0
}

func validWidths(in, out int) error {
	if in < 1 || in > maxWidth {
		return fmt.Errorf("in: expected 1 to %d, found %d", maxWidth, in)
	}
	if out < 1 || out > maxWidth {
		return fmt.Errorf("out: expected 1 to %d, found %d", maxWidth, out)
	}
	return nil
}

func (s Spec) validateStack() error {
	if len(s.Layers) > 0 {
		return fmt.Errorf("layers: expected none for kind %s, found %d", s.Kind, len(s.Layers))
	}
	least, most := 1, maxDepth
	switch s.Kind {
	case Linear:
		most = 1
	case FFN:
		least = 2
	}
	if s.Depth < least || s.Depth > most {
		return fmt.Errorf("depth: expected %d to %d for kind %s, found %d", least, most, s.Kind, s.Depth)
	}
	if s.middle() == 0 {
		return fmt.Errorf("rho: expected rho·in to be a whole number from 1 to %d, found %v·%d", maxWidth, s.Rho, s.In)
	}
	if _, err := activationNamed(s.Activation); err != nil {
		return fmt.Errorf("activation: %w", err)
	}
	if s.Kind == Linear && (s.Activation != "identity" || s.Rho != 1) {
		return fmt.Errorf("kind linear: expected activation identity and rho 1, found %s and %v", s.Activation, s.Rho)
	}
	if !s.allows(s.Residual) {
		return fmt.Errorf("residual: found %q, which kind %s of depth %d doesn't have", s.Residual, s.Kind, s.Depth)
	}
	switch s.Final {
	case "":
	case FinalGLU, FinalLinear:
		if s.Kind != GLU || s.Depth == 1 && s.Final == FinalLinear {
			return fmt.Errorf("final: found %q, which kind %s of depth %d doesn't have", s.Final, s.Kind, s.Depth)
		}
	default:
		return fmt.Errorf("final: expected glu or linear, found %q", s.Final)
	}
	if s.Kind == GLU && s.Bias {
		return errors.New("bias: expected false for kind glu, found true")
	}
	return nil
}

// allows says whether the kind and depth have that form of residual.
func (s Spec) allows(r Residual) bool {
	switch r {
	case None:
		return true
	case Block, PerLayer:
		return s.Depth > 1
	case Sequential:
		return s.Kind == FFN && s.Depth == 2
	case Projection:
		return s.Kind == GLU && s.Depth == 1
	default:
		return false
	}
}

func (s Spec) validateChain() error {
	if s.Depth != 0 || s.Rho != 0 || s.Activation != "" || s.Residual != "" || s.Final != "" || s.Bias {
		return errors.New("kind dense: expected layers alone, found depth, rho, activation, residual, final or bias beside them")
	}
	if len(s.Layers) < 1 || len(s.Layers) > maxDepth {
		return fmt.Errorf("layers: expected 1 to %d, found %d", maxDepth, len(s.Layers))
	}
	named := map[string]bool{}
	width := s.In
	for i, l := range s.Layers {
		if l.Name == "" || named[l.Name] {
			return fmt.Errorf("layers[%d]: name: expected one that no other layer has, found %q", i, l.Name)
		}
		named[l.Name] = true
		if err := l.validate(); err != nil {
			return fmt.Errorf("layer %s: %w", l.Name, err)
		}
		if l.In != width {
			return fmt.Errorf("layer %s: in: expected %d, which the layer before it puts out, found %d", l.Name, width, l.In)
		}
		width = l.Out
	}
	if width != s.Out {
		return fmt.Errorf("out: expected %d as of the last layer, found %d", width, s.Out)
	}
	return nil
}

func (l DenseLayer) validate() error {
	if err := validWidths(l.In, l.Out); err != nil {
		return err
	}
	if _, err := activationNamed(l.Activation); err != nil {
		return fmt.Errorf("activation: %w", err)
	}
	switch l.Residual {
	case None, Matrix:
		return nil
	case Identity:
		if l.In != l.Out {
			return fmt.Errorf("residual: expected none or matrix where %d inputs become %d outputs, found identity", l.In, l.Out)
		}
		return nil
	default:
		return fmt.Errorf("residual: expected none, identity or matrix, found %q", l.Residual)
	}
}

// UnmarshalJSON reads the form that is described at Spec. The result is valid
// and has its defaults filled in.
func (s *Spec) UnmarshalJSON(data []byte) error {
	var read Spec
	var layers []json.RawMessage
	o := parseObject("spec", data, "kind", "in", "out", "depth", "rho", "activation", "residual", "final", "bias", "layers")
	o.required("kind", "a string", &read.Kind)
	o.required("in", "a whole number", &read.In)
	o.required("out", "a whole number", &read.Out)
	o.optional("depth", "a whole number", &read.Depth)
	o.optional("rho", "a number", &read.Rho)
	o.optional("activation", "a string", &read.Activation)
	o.optional("residual", "a string", &read.Residual)
	o.optional("final", "a string", &read.Final)
	o.optional("bias", "true or false", &read.Bias)
	o.optional("layers", "a list of objects", &layers)
	if o.err != nil {
		return o.err
	}
	for i, data := range layers {
		var l DenseLayer
		o := parseObject(fmt.Sprintf("spec: layers[%d]", i), data, "name", "in", "out", "bias", "activation", "residual")
		o.required("name", "a string", &l.Name)
		o.required("in", "a whole number", &l.In)
		o.required("out", "a whole number", &l.Out)
		o.optional("bias", "true or false", &l.Bias)
		o.optional("activation", "a string", &l.Activation)
		o.optional("residual", "a string", &l.Residual)
		if o.err != nil {
			return o.err
		}
		read.Layers = append(read.Layers, l)
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*s = read.normalized()
	return nil
}
