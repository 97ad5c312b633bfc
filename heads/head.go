package heads

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/toller-search/toller/infer/simd"
)

// Tensor is a weight tensor, row-major.
type Tensor struct {
	Shape []int
	Data  []float32
}

// Head maps token states to token vectors. It is safe for concurrent use.
type Head struct {
	spec    Spec
	steps   []step
	report  Report
	scratch sync.Pool // of *scratch
}

// New builds the head that a Spec describes from exactly the tensors that
// Spec.Tensors lists, and folds what is linear in it. The tensors are copied.
func New(s Spec, tensors map[string]Tensor) (*Head, error) {
	layers, err := assemble(s, tensors)
	if err != nil {
		return nil, err
	}
	return build(s.normalized(), fold(layers)), nil
}

// assemble checks a spec and its tensors and makes them a stack of layers.
func assemble(s Spec, tensors map[string]Tensor) ([]layer, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := checkTensors(s, tensors); err != nil {
		return nil, err
	}
	var layers []layer
	for i, p := range s.normalized().plan() {
		act, err := activationNamed(p.activation)
		if err != nil {
			return nil, fmt.Errorf("heads: spec: activation: %w", err)
		}
		l := layer{
			value:      p.value.affine(p.in, p.out, tensors),
			gate:       p.gate.affine(p.in, p.out, tensors),
			activation: act,
			skip:       p.skip.affine(p.fromWidth, p.out, tensors),
			from:       p.from,
		}
		l.origin = []string{p.name + ": " + l.describe(i)}
		layers = append(layers, l)
	}
	return layers, nil
}

// checkTensors compares the tensors there are with those a valid spec needs.
func checkTensors(s Spec, tensors map[string]Tensor) error {
	needed := map[string]bool{}
	for _, want := range s.Tensors() {
		needed[want.Name] = true
		t, found := tensors[want.Name]
		if !found {
			return fmt.Errorf("heads: tensor %s: expected shape %v, found no such tensor", want.Name, want.Shape)
		}
		if !slices.Equal(t.Shape, want.Shape) {
			return fmt.Errorf("heads: tensor %s: expected shape %v, found %v", want.Name, want.Shape, t.Shape)
		}
		size := 1
		for _, n := range want.Shape {
			size *= n
		}
		if len(t.Data) != size {
			return fmt.Errorf("heads: tensor %s: expected %d values for shape %v, found %d", want.Name, size, want.Shape, len(t.Data))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		if !needed[name] {
			return fmt.Errorf("heads: tensor %s: expected no such tensor for this head, found shape %v", name, tensors[name].Shape)
		}
	}
	return nil
}

// affine loads the named tensors. No names at all (nil) give no map.
func (w *tensorNames) affine(in, out int, tensors map[string]Tensor) *affine {
	if w == nil {
		return nil
	}
	return &affine{in: in, out: out, w: float64s(tensors[w.matrix].Data), b: float64s(tensors[w.bias].Data)}
}

// float64s widens; nil stays nil.
func float64s(x []float32) []float64 {
	if x == nil {
		return nil
	}
	wide := make([]float64, len(x))
	for i, v := range x {
		wide[i] = float64(v)
	}
	return wide
}

// build makes a stack of layers ready to run.
func build(s Spec, layers []layer) *Head {
	h := &Head{spec: s, report: newReport(s, layers)}
	inner, gate := 0, 0
	for i, l := range layers {
		st := step{value: newProduct(l.value), gate: newProduct(l.gate), skip: newProduct(l.skip), from: l.from, width: l.value.out}
		st.activate = l.activation.apply
		if st.activate == nil {
			st.activate = func([]float32) {}
		}
		if i < len(layers)-1 {
			inner += l.value.out
		}
		if l.gate != nil {
			gate = max(gate, l.gate.out)
		}
		h.steps = append(h.steps, st)
	}
	h.scratch.New = func() any { return newScratch(h.steps, inner, gate) }
	return h
}

// In is the width of a token state.
func (h *Head) In() int { return h.spec.In }

// Out is the width of a token vector.
func (h *Head) Out() int { return h.spec.Out }

// Parameters is the number of weights of the head as declared, before folding.
func (h *Head) Parameters() int { return h.report.Parameters }

// Spec describes the head, with every default filled in.
func (h *Head) Spec() Spec { return h.spec }

// Report says what the head consists of and what was folded.
func (h *Head) Report() Report { return h.report }

// chunk is the number of rows that go through the stack together. It bounds
// the scratch memory; the weights of a head are small enough to stay in cache
// from one chunk to the next.
const chunk = 64

// Apply computes the head for n rows x [n, In] into dst [n, Out], which must
// not overlap x. The vectors are not normalised. A row's result does not
// depend on the other rows.
func (h *Head) Apply(dst, x []float32, n int) {
	in, out := h.spec.In, h.spec.Out
	dst, x = dst[:n*out], x[:n*in]
	s := h.scratch.Get().(*scratch)
	defer h.scratch.Put(s)
	for first := 0; first < n; first += chunk {
		rows := min(chunk, n-first)
		s.states[0] = x[first*in:][:rows*in]
		s.states[len(h.steps)] = dst[first*out:][:rows*out]
		for i, st := range h.steps {
			st.run(s.states, i, s.gate, rows)
		}
	}
	// The caller's slices must not live on in the pool.
	s.states[0], s.states[len(h.steps)] = nil, nil
}

// scratch holds what is between a head's input and output, for chunk rows.
type scratch struct {
	states [][]float32 // state i: [chunk, its width]; the first and last are the caller's
	gate   []float32   // [chunk, widest gate]
}

func newScratch(steps []step, inner, gate int) *scratch {
	s := &scratch{states: make([][]float32, len(steps)+1), gate: make([]float32, chunk*gate)}
	free := make([]float32, chunk*inner)
	for i, st := range steps[:len(steps)-1] {
		s.states[i+1], free = free[:chunk*st.width], free[chunk*st.width:]
	}
	return s
}

// step is a layer in the form in which it runs.
type step struct {
	value, gate, skip *product // gate and skip may be nil
	activate          func([]float32)
	from              int // state the skip starts from
	width             int // outputs
}

// run computes state i+1 from state i, and from the one where the skip starts.
func (st *step) run(states [][]float32, i int, gate []float32, rows int) {
	x, y := states[i], states[i+1][:rows*st.width]
	st.value.into(y, x, rows)
	if st.gate == nil {
		st.activate(y)
	} else {
		g := gate[:rows*st.width]
		st.gate.into(g, x, rows)
		st.activate(g)
		for j, v := range g {
			y[j] *= v
		}
	}
	if st.skip != nil {
		st.skip.addTo(y, states[st.from], rows)
	}
}

// product is an affine map in float32.
type product struct {
	matrix *simd.Matrix // nil is the identity
	bias   []float32    // nil is zero
}

func newProduct(a *affine) *product {
	if a == nil {
		return nil
	}
	p := &product{bias: float32s(a.b)}
	if a.w != nil {
		p.matrix = simd.PackFloat32(a.out, a.in, float32s(a.w))
	}
	return p
}

// float32s rounds; nil stays nil.
func float32s(x []float64) []float32 {
	if x == nil {
		return nil
	}
	narrow := make([]float32, len(x))
	for i, v := range x {
		narrow[i] = float32(v)
	}
	return narrow
}

// into computes y = W x + b for a map that has a matrix.
func (p *product) into(y, x []float32, rows int) {
	simd.MatMul(y, x, rows, p.matrix)
	p.addBias(y)
}

// addTo computes y += W x + b.
func (p *product) addTo(y, x []float32, rows int) {
	if p.matrix == nil {
		for j := range y {
			y[j] += x[j]
		}
		return
	}
	simd.MatMulAdd(y, x, rows, p.matrix)
	p.addBias(y)
}

func (p *product) addBias(y []float32) {
	for at := 0; at < len(y) && p.bias != nil; at += len(p.bias) {
		row := y[at:][:len(p.bias)]
		for j, b := range p.bias {
			row[j] += b
		}
	}
}
