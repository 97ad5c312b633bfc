package simd

import (
	"fmt"
	"sync"
)

// Matrix is a weight matrix [rows, cols] prepared for products x · wᵀ. It
// keeps the format that the weights were stored in.
type Matrix struct {
	rows, cols int
	panels     panels
}

// Pack prepares a matrix from its rows as they are stored.
func Pack(t DType, rows, cols int, data []byte) (*Matrix, error) {
	if err := t.checkRows(rows, cols, data); err != nil {
		return nil, err
	}
	pack := formats[t].pack
	if pack == nil {
		return nil, fmt.Errorf("simd: %v is a format of tables, there are no products with it", t)
	}
	return &Matrix{rows, cols, pack(rows, cols, data)}, nil
}

// PackFloat32 prepares a matrix from row-major values. It panics when w does
// not hold rows·cols of them.
func PackFloat32(rows, cols int, values []float32) *Matrix {
	w := make([]float32, panelCount(rows)*cols*PanelWidth)
	packPanels(w, values[:rows*cols], cols)
	return &Matrix{rows, cols, panelsF32{cols, w}}
}

// Rows is the number of outputs.
func (w *Matrix) Rows() int { return w.rows }

// Cols is the number of inputs.
func (w *Matrix) Cols() int { return w.cols }

// MatMul computes dst = x · wᵀ for dst [n, w.Rows] and x [n, w.Cols]. The two
// must not overlap.
func MatMul(dst, x []float32, n int, w *Matrix) { matMul(dst, x, n, w, false) }

// MatMulAdd computes dst += x · wᵀ, otherwise like MatMul.
func MatMulAdd(dst, x []float32, n int, w *Matrix) { matMul(dst, x, n, w, true) }

func matMul(dst, x []float32, n int, w *Matrix, add bool) {
	if n == 0 {
		return
	}
	dst, x = dst[:n*w.rows], x[:n*w.cols]
	k := active.Load()
	full := w.rows / PanelWidth
	for p, count := 0, 0; p < full; p += count {
		count = k.panelsAtOnce(full - p)
		w.product(k, dst[p*PanelWidth:], w.rows, x, p, count, n, add)
	}
	if full < panelCount(w.rows) {
		w.lastPanel(k, dst[full*PanelWidth:], x, n, add)
	}
}

// panelsAtOnce is how many of so many panels one pass over the inputs takes.
func (k *kernels) panelsAtOnce(panels int) int {
	switch {
	case k.panelsF32 != nil:
		return panels
	case k.quadF32 != nil && panels >= 4:
		return 4
	case k.pairF32 != nil && panels >= 2:
		return 2
	}
	return 1
}

// product computes the outputs of count panels from p on for n rows of x into
// dst, whose rows are ldd apart.
func (w *Matrix) product(k *kernels, dst []float32, ldd int, x []float32, p, count, n int, add bool) {
	for c, cols := 0, 0; c < w.cols; c += cols {
		cols = min(k.sumLength, w.cols-c)
		w.panels.product(k, dst, ldd, x[c:], w.cols, p, count, c, cols, n, add || c > 0)
	}
}

// lastPanel computes the outputs that don't fill a panel, by way of a buffer
// of full width.
func (w *Matrix) lastPanel(k *kernels, dst, x []float32, n int, add bool) {
	const rows = 32
	var wide [rows * PanelWidth]float32
	width := w.rows % PanelWidth
	for first := 0; first < n; first += rows {
		m := min(rows, n-first)
		if add {
			for r := range m {
				copy(wide[r*PanelWidth:][:width], dst[(first+r)*w.rows:])
			}
		}
		w.product(k, wide[:], PanelWidth, x[first*w.cols:], panelCount(w.rows)-1, 1, m, add)
		for r := range m {
			copy(dst[(first+r)*w.rows:][:width], wide[r*PanelWidth:])
		}
	}
}

// MatMulPanels computes panels of a product whose right side was laid out by the
// caller: dst[r, 0:PanelWidth·count] (+)= Σ_c x[r, c] · panels[c, :] for n rows r
// and cols columns c. A panel is [cols][PanelWidth]; each of the count panels
// starts stride values after the one before. Rows of dst are ldd, rows of x ldx
// apart. Attention uses it with keys and values as the right side.
func MatMulPanels(dst []float32, ldd int, x []float32, ldx int, panels []float32, stride, count, n, cols int, add bool) {
	if n == 0 || count == 0 {
		return
	}
	dst = dst[:(n-1)*ldd+count*PanelWidth]
	if cols == 0 { // kernels count down from cols
		for r := range n {
			if !add {
				clear(dst[r*ldd:][:count*PanelWidth])
			}
		}
		return
	}
	x, panels = x[:(n-1)*ldx+cols], panels[:(count-1)*stride+cols*PanelWidth]
	k := active.Load()
	if k.panelsF32 != nil {
		k.panelsF32(dst, ldd, x, ldx, panels, stride, count, n, cols, add)
		return
	}
	for at, some := 0, 0; at < count; at += some {
		dst, panels := dst[at*PanelWidth:], panels[at*stride:]
		switch some = k.panelsAtOnce(count - at); some {
		case 4:
			k.quadF32(dst, ldd, x, ldx, panels, stride, 4*stride, n, cols, add)
		case 2:
			k.pairF32(dst, ldd, x, ldx, panels, stride, 2*stride, n, cols, add)
		default:
			k.panelF32(dst, ldd, x, ldx, panels, n, cols, add)
		}
	}
}

// scratch lends float32 buffers to kernels that need one for the length of a
// call.
var scratch = sync.Pool{New: func() any { return new([]float32) }}

func borrow(n int) *[]float32 {
	b := scratch.Get().(*[]float32)
	if cap(*b) < n {
		*b = make([]float32, n)
	}
	*b = (*b)[:n]
	return b
}
