package heads

import (
	"fmt"
	"math"
)

// affine is the map y = W x + b in float64, the form in which heads are folded.
type affine struct {
	in, out int
	w       []float64 // [out, in]; nil is the identity
	b       []float64 // [out]; nil is zero
}

// multiplications is the work for one row.
func (a *affine) multiplications() int {
	if a == nil || a.w == nil {
		return 0
	}
	return a.in * a.out
}

func (a *affine) parameters() int {
	if a == nil {
		return 0
	}
	return len(a.w) + len(a.b)
}

// after is the map x → a(first(x)).
func (a *affine) after(first *affine) *affine {
	if a.w == nil {
		return first
	}
	c := &affine{in: first.in, out: a.out, w: make([]float64, a.out*first.in)}
	for i := range a.out {
		row := c.w[i*c.in:][:c.in]
		factors := a.w[i*a.in:][:a.in]
		k := 0
		// Four rows at a time: loading and storing the sums is most of the
		// work otherwise.
		for ; k+4 <= a.in; k += 4 {
			r0, r1 := first.w[k*c.in:][:c.in], first.w[(k+1)*c.in:][:c.in]
			r2, r3 := first.w[(k+2)*c.in:][:c.in], first.w[(k+3)*c.in:][:c.in]
			f0, f1, f2, f3 := factors[k], factors[k+1], factors[k+2], factors[k+3]
			for j := range row {
				row[j] += f0*r0[j] + f1*r1[j] + f2*r2[j] + f3*r3[j]
			}
		}
		for ; k < a.in; k++ {
			for j, v := range first.w[k*c.in:][:c.in] {
				row[j] += factors[k] * v
			}
		}
	}
	if a.b == nil && first.b == nil {
		return c
	}
	c.b = make([]float64, c.out)
	copy(c.b, a.b)
	for k, v := range first.b {
		for i := range c.b {
			c.b[i] += a.w[i*a.in+k] * v
		}
	}
	return c
}

// plus is the map x → a(x) + other(x). a has a matrix.
func (a *affine) plus(other *affine) *affine {
	c := &affine{in: a.in, out: a.out, w: append([]float64(nil), a.w...), b: a.b}
	if other.w == nil {
		for i := range c.out {
			c.w[i*c.in+i]++
		}
	}
	for i, v := range other.w {
		c.w[i] += v
	}
	if other.b != nil {
		c.b = make([]float64, c.out)
		copy(c.b, a.b)
		for i, v := range other.b {
			c.b[i] += v
		}
	}
	return c
}

// fitsFloat32 says whether every weight stays finite in float32.
func (a *affine) fitsFloat32() bool {
	if a == nil {
		return true
	}
	for _, values := range [][]float64{a.w, a.b} {
		for _, v := range values {
			if !(math.Abs(v) <= math.MaxFloat32) {
				return false
			}
		}
	}
	return true
}

// layer is planned with its weights. States are counted as there.
type layer struct {
	value      *affine
	gate       *affine // nil: none
	activation activation
	skip       *affine // nil: none
	from       int     // state the skip starts from

	origin []string // the layers as declared that this one was made from
	folded bool     // false: the layer as declared
}

// isAffine says whether the layer as a whole is its value map.
func (l layer) isAffine() bool {
	return l.gate == nil && l.activation.isIdentity() && l.skip == nil
}

func (l layer) parameters() int {
	return l.value.parameters() + l.gate.parameters() + l.skip.parameters()
}

// describe writes layer number i (from 0) as a formula of shapes, such as
// "gelu(128→256 + bias) + 128→256 of its input".
func (l layer) describe(i int) string {
	text := l.value.describe()
	switch {
	case l.gate != nil && l.activation.isIdentity():
		text = fmt.Sprintf("(%s) ⊙ (%s)", text, l.gate.describe())
	case l.gate != nil:
		text = fmt.Sprintf("(%s) ⊙ %s(%s)", text, l.activation.name(), l.gate.describe())
	case !l.activation.isIdentity():
		text = fmt.Sprintf("%s(%s)", l.activation.name(), text)
	}
	if l.skip == nil {
		return text
	}
	var source string
	switch l.from {
	case i:
		source = "its input"
	case 0:
		source = "the head's input"
	default:
		source = fmt.Sprintf("the output of layer %d", l.from)
	}
	if l.skip.w != nil {
		source = l.skip.describe() + " of " + source
	}
	return text + " + " + source
}

func (a *affine) describe() string {
	text := fmt.Sprintf("%d→%d", a.in, a.out)
	if a.b != nil {
		text += " + bias"
	}
	return text
}
