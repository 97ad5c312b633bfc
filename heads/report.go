package heads

// Report says in words what a head consists of.
type Report struct {
	Kind Kind `json:"kind"`
	In   int  `json:"in"`
	Out  int  `json:"out"`
	// Depth counts the layers as declared. The fields after it are those of
	// the Spec; a DenseChain has none of them, its Layers say the same of each.
	Depth      int      `json:"depth"`
	Rho        float64  `json:"rho,omitempty"`
	Activation string   `json:"activation,omitempty"`
	Residual   Residual `json:"residual,omitempty"`
	Final      Final    `json:"final,omitempty"`
	Bias       bool     `json:"bias,omitempty"`
	// Parameters counts the weights as declared, Stored those in memory after
	// folding.
	Parameters int  `json:"parameters"`
	Stored     int  `json:"stored"`
	Folded     bool `json:"folded"`
	// Layers are those that run.
	Layers   []LayerReport `json:"layers"`
	Warnings []string      `json:"warnings,omitempty"`
}

// LayerReport describes one layer that runs.
type LayerReport struct {
	// Layer is the layer as a formula of shapes, such as "256→48" or
	// "1_Dense: gelu(128→256 + bias) + 128→256 of its input".
	Layer      string `json:"layer"`
	Parameters int    `json:"parameters"`
	// FoldedFrom lists the declared layers that were folded into this one; it
	// is empty for a layer as declared.
	FoldedFrom []string `json:"folded_from,omitempty"`
}

func newReport(s Spec, layers []layer) Report {
	r := Report{
		Kind: s.Kind, In: s.In, Out: s.Out,
		Depth: s.Depth, Rho: s.Rho, Activation: s.Activation, Residual: s.Residual, Final: s.Final, Bias: s.Bias,
		Parameters: s.Parameters(),
	}
	if s.Kind == DenseChain {
		r.Depth = len(s.Layers)
	}
	for i, l := range layers {
		text := LayerReport{Layer: l.origin[0], Parameters: l.parameters()}
		if l.folded {
			text.Layer, text.FoldedFrom = l.describe(i), l.origin
			r.Folded = true
		}
		r.Stored += text.Parameters
		r.Layers = append(r.Layers, text)
	}
	return r
}
