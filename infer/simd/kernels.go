package simd

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
)

// kernels is one implementation of everything that is worth an instruction
// set of its own. generic is complete; another set starts as a copy of it and
// replaces what it has.
type kernels struct {
	name string

	// sumLength is how many products a panel kernel may sum in one go; longer
	// sums are put together from stretches of this length.
	sumLength int

	// dst[r, 0:16] (+)= Σ_c x[r, c] · panel[c, 0:16]; n rows, cols columns. The
	// sum starts at zero and is added to dst at its end.
	panelF32  func(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool)
	panelF16  func(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)
	panelBF16 func(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)

	// best[0:16] = max over n rows of x [n, cols] of x[r] · panel[:, 0:16], from best's own values on; n > 0.
	maxPanel func(best []float32, x []float32, panel []float32, n, cols int)

	// The same with two panels, stride values apart: 2·PanelWidth outputs a row.
	// Panels of uint16 have at most sumLength columns. What starts next values
	// behind panels will be multiplied soon. Sets that gain nothing by pairs have
	// none of these.
	pairF32  func(dst []float32, ldd int, x []float32, ldx int, panels []float32, stride, next, n, cols int, add bool)
	pairF16  func(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)
	pairBF16 func(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)
	maxPair  func(best []float32, x []float32, panels []float32, n, cols int) // panels next to each other

	// The same with four, of sets that have pairs too.
	quadF32  func(dst []float32, ldd int, x []float32, ldx int, panels []float32, stride, next, n, cols int, add bool)
	quadF16  func(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)
	quadBF16 func(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)

	// Or with any number of panels, stride values apart, for sets whose calls
	// cost as much as some hundreds of products. They come with a maxPair, and with a
	// sumLength that leaves stretches to them.
	panelsF32  func(dst []float32, ldd int, x []float32, ldx int, panels []float32, stride, count, n, cols int, add bool)
	panelsF16  func(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, count, n, cols int, add bool)
	panelsBF16 func(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, count, n, cols int, add bool)

	layerNorm   func(dst, x, weight []float32, eps float32) // one row
	normRows    func(dst, x, weight []float32, eps float32) // layerNorm of all rows of x [n, len(weight)]; nil: one by one
	geGLU       func(dst, u, g []float32)                   // dst = gelu(u) ⊙ g
	rotate      func(x, cos, sin []float32)                 // RoPE of one head: pairs (d, d+len/2)
	rotateHeads func(x, cos, sin []float32)                 // rotate of all heads of x [heads, 2·len(cos)]; nil: one by one
	softmax     func(s []float32, ld, count int, scale float32, max, sum []float32)
	scale       func(x []float32, by float32)
	scaleRows   func(x []float32, ld, width int, by []float32) // as ScaleRows; nil: row by row
	add         func(x, y []float32)                           // x += y

	widenF16  func(dst []float32, src []byte)
	widenBF16 func(dst []float32, src []byte)

	packPanel func(panel, rows []float32, cols int) // panel[c, 0:16] = rows[0:16, c]

	// As DecodeInt8 and DecodeResidual, with slices cut to their shapes.
	decodeInt8     func(dst []float32, codes []byte, scales []float32, dim int)
	decodeResidual func(dst []float32, codes []byte, bits int, weights, scales, centroids []float32, ids []uint16, dim int)
}

// sets lists what this build has, slowest first; sets of instructions that the
// processor lacks are not listed.
var sets = append([]*kernels{&generic}, machineSets()...)

var active atomic.Pointer[kernels]

func init() {
	active.Store(sets[len(sets)-1])
	if name := os.Getenv("TOLLER_SIMD"); name != "" {
		if _, err := Use(name); err != nil {
			// A forced set that can't run must not be replaced in silence:
			// whoever set the variable is measuring or hunting a fault.
			fmt.Fprintf(os.Stderr, "TOLLER_SIMD: %v; using %s\n", err, Name())
		}
	}
}

// Name is the instruction set in use.
func Name() string { return active.Load().name }

// Names lists the instruction sets that this build can use on this processor,
// slowest first.
func Names() []string {
	names := make([]string, len(sets))
	for i, k := range sets {
		names[i] = k.name
	}
	return names
}

// Use switches to the named instruction set, for the whole process, and
// returns a function that switches back.
func Use(name string) (undo func(), err error) {
	for _, k := range sets {
		if k.name == name {
			before := active.Swap(k)
			return func() { active.Store(before) }, nil
		}
	}
	return nil, fmt.Errorf("simd: no instruction set %q here, expected one of: %s", name, strings.Join(Names(), ", "))
}
