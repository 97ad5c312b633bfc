package heads

import "fmt"

// planned is one layer of a valid Spec, before any weight is known: which
// tensors it takes and how it is wired. With x the output of the layer before,
//
//	y = act(value(x))  or  value(x) ⊙ act(gate(x));  y += skip(states[from])
//
// where states[0] is the head's input and states[i] the output of layer i.
type planned struct {
	name       string // in reports
	in, out    int
	value      tensorNames
	gate       *tensorNames
	activation string
	skip       *tensorNames
	from       int // state the skip starts from
	fromWidth  int
}

// tensorNames are the tensors of an affine map: a matrix ("" is the identity)
// and a bias ("" is none).
type tensorNames struct{ matrix, bias string }

// plan lays out the layers of a normalized, valid Spec.
func (s Spec) plan() []planned {
	if s.Kind == DenseChain {
		return s.planChain()
	}
	return s.planStack()
}

func (s Spec) planChain() []planned {
	layers := make([]planned, len(s.Layers))
	for i, l := range s.Layers {
		p := planned{name: l.Name, in: l.In, out: l.Out, activation: l.Activation}
		p.value.matrix = l.Name + ".linear.weight"
		if l.Bias {
			p.value.bias = l.Name + ".linear.bias"
		}
		switch l.Residual {
		case Identity:
			p.skipFrom(i, l.In, "")
		case Matrix:
			p.skipFrom(i, l.In, l.Name+".residual.weight")
		}
		layers[i] = p
	}
	return layers
}

// planStack follows eq. 7, 8, 9 and 17 of arXiv 2510.12327. Depth counts
// layers; inner ones alternate between widths m and d, so that an odd depth
// ends in a layer d → k without partner. With GLU every layer is gated, the
// last included, unless Final says otherwise.
func (s Spec) planStack() []planned {
	d, k, m := s.In, s.Out, s.middle()
	width := func(i int) int { // after layer i, counted from 1
		switch {
		case i == s.Depth:
			return k
		case i%2 == 1:
			return m
		default:
			return d
		}
	}
	layers := make([]planned, s.Depth)
	for i := 1; i <= s.Depth; i++ {
		p := &layers[i-1]
		p.name, p.in, p.out, p.activation = fmt.Sprintf("layer %d", i), d, width(i), "identity"
		if i > 1 {
			p.in = width(i - 1)
		}
		if s.Kind == GLU && (i < s.Depth || s.Final == FinalGLU) {
			p.value.matrix = fmt.Sprintf("Wv%d", i)
			p.gate = &tensorNames{matrix: fmt.Sprintf("Wg%d", i)}
			p.activation = s.Activation
			continue
		}
		p.value.matrix = fmt.Sprintf("W%d", i)
		if s.Bias {
			p.value.bias = p.value.matrix + ".bias"
		}
		if i < s.Depth {
			p.activation = s.Activation
		}
	}
	return s.addResiduals(layers)
}

// addResiduals adds skips to a stack, after eq. 13 and section 4.2.1 of the
// same paper. Where it leaves room:
//
//   - The multiplier alpha of eq. 13 is 1.
//   - Block puts the skip around a pair whose output is d again; the activation
//     of the pair's second layer comes before the sum. A last pair ends in k
//     and can't have that skip: its input goes through U into the middle
//     instead, which is section 4.2.1's extra up-cast.
//   - Sequential is the other reading of that section: U comes first and the
//     square layer after it has the skip.
func (s Spec) addResiduals(layers []planned) []planned {
	d, m := s.In, s.middle()
	up := "U"
	if m == d {
		up = ""
	}
	switch s.Residual {
	case Projection:
		layers[0].skipFrom(0, d, "R1")
	case PerLayer:
		for i := range layers[:s.Depth-1] {
			p := &layers[i]
			if p.in == p.out {
				p.skipFrom(i, p.in, "")
			} else {
				p.skipFrom(i, p.in, fmt.Sprintf("R%d", i+1))
			}
		}
	case Block:
		start := 0 // state that the current pair starts from
		for ; start+2 < s.Depth; start += 2 {
			layers[start+1].skipFrom(start, d, "")
		}
		if start+2 == s.Depth {
			layers[start].skipFrom(start, d, up)
		}
	case Sequential:
		layers[0].in = m
		if m == d {
			layers[0].skipFrom(0, m, "")
			break
		}
		layers[0].skipFrom(1, m, "")
		first := planned{name: "up-cast", in: d, out: m, value: tensorNames{matrix: "U"}, activation: "identity"}
		layers = append([]planned{first}, layers...)
	}
	return layers
}

func (p *planned) skipFrom(state, width int, matrix string) {
	p.skip, p.from, p.fromWidth = &tensorNames{matrix: matrix}, state, width
}

// TensorShape is a tensor that a head needs. Matrices are [out, in], biases
// [out].
type TensorShape struct {
	Name  string
	Shape []int
}

// Tensors lists the tensors of a valid Spec, layer by layer.
func (s Spec) Tensors() []TensorShape {
	var list []TensorShape
	for _, p := range s.normalized().plan() {
		list = append(list, TensorShape{p.value.matrix, []int{p.out, p.in}})
		if p.value.bias != "" {
			list = append(list, TensorShape{p.value.bias, []int{p.out}})
		}
		if p.gate != nil {
			list = append(list, TensorShape{p.gate.matrix, []int{p.out, p.in}})
		}
		if p.skip != nil && p.skip.matrix != "" {
			list = append(list, TensorShape{p.skip.matrix, []int{p.out, p.fromWidth}})
		}
	}
	return list
}

// Parameters is the number of weights of a valid Spec.
func (s Spec) Parameters() int {
	sum := 0
	for _, t := range s.Tensors() {
		size := 1
		for _, n := range t.Shape {
			size *= n
		}
		sum += size
	}
	return sum
}
