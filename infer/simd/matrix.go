package simd

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"
)

// DType is the format in which weights are stored.
type DType uint8

// The formats of the checkpoints of this family.
const (
	F32  DType = iota // IEEE 754 binary32
	F16               // IEEE 754 binary16
	BF16              // the upper half of a binary32
)

// Size is the number of bytes of one value.
func (t DType) Size() int {
	if t == F32 {
		return 4
	}
	return 2
}

// PanelWidth is the number of columns of a panel: the outputs that one pass
// over the inputs computes side by side. Sixteen float32 are two AVX2
// registers, one of AVX-512, four of NEON.
const PanelWidth = 16

// Matrix is a weight matrix [rows, cols] prepared for products x · wᵀ. It
// keeps the format that the weights were stored in.
//
// The rows are grouped by PanelWidth; a group is stored column by column,
// [cols][PanelWidth], so that a kernel reads it front to back. The last group
// is filled up with zeros.
type Matrix struct {
	rows, cols int
	dtype      DType
	f32        []float32 // panels when dtype is F32
	u16        []uint16  // panels when dtype is F16 or BF16
}

// Pack prepares a matrix from its row-major little-endian bytes.
func Pack(t DType, rows, cols int, data []byte) (*Matrix, error) {
	if rows < 1 || cols < 1 || len(data) != rows*cols*t.Size() {
		return nil, fmt.Errorf("simd: matrix [%d, %d] expects %d bytes, found %d", rows, cols, rows*cols*t.Size(), len(data))
	}
	w := &Matrix{rows: rows, cols: cols, dtype: t}
	size := w.panels() * cols * PanelWidth
	if t == F32 {
		w.f32 = make([]float32, size)
	} else {
		w.u16 = make([]uint16, size)
	}
	for r := range rows {
		at := r/PanelWidth*cols*PanelWidth + r%PanelWidth
		row := data[r*cols*t.Size():][:cols*t.Size()]
		for c := range cols {
			if t == F32 {
				w.f32[at] = math.Float32frombits(binary.LittleEndian.Uint32(row[4*c:]))
			} else {
				w.u16[at] = binary.LittleEndian.Uint16(row[2*c:])
			}
			at += PanelWidth
		}
	}
	return w, nil
}

// PackFloat32 prepares a matrix from row-major values. It panics when w does
// not hold rows·cols of them.
func PackFloat32(rows, cols int, values []float32) *Matrix {
	w := &Matrix{rows: rows, cols: cols, dtype: F32}
	w.f32 = make([]float32, w.panels()*cols*PanelWidth)
	packPanels(w.f32, values[:rows*cols], cols)
	return w
}

// packPanels lays the rows of a row-major matrix out in panels.
func packPanels(panels, values []float32, cols int) {
	for r := range len(values) / cols {
		at := r/PanelWidth*cols*PanelWidth + r%PanelWidth
		for _, v := range values[r*cols:][:cols] {
			panels[at] = v
			at += PanelWidth
		}
	}
}

// Rows is the number of outputs.
func (w *Matrix) Rows() int { return w.rows }

// Cols is the number of inputs.
func (w *Matrix) Cols() int { return w.cols }

// DType is the format of the stored weights.
func (w *Matrix) DType() DType { return w.dtype }

func (w *Matrix) panels() int { return (w.rows + PanelWidth - 1) / PanelWidth }

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
	for p := range full {
		w.product(k, dst[p*PanelWidth:], w.rows, x, p, n, add)
	}
	if full < w.panels() {
		w.lastPanel(k, dst[full*PanelWidth:], x, n, add)
	}
}

// product computes the PanelWidth outputs of panel p for n rows of x into
// dst, whose rows are ldd apart.
func (w *Matrix) product(k *kernels, dst []float32, ldd int, x []float32, p, n int, add bool) {
	for c, cols := 0, 0; c < w.cols; c += cols {
		cols = min(k.sumLength, w.cols-c)
		from, to := (p*w.cols+c)*PanelWidth, (p*w.cols+c+cols)*PanelWidth
		switch w.dtype {
		case F32:
			k.panelF32(dst, ldd, x[c:], w.cols, w.f32[from:to], n, cols, add || c > 0)
		case F16:
			k.panelF16(dst, ldd, x[c:], w.cols, w.u16[from:to], n, cols, add || c > 0)
		case BF16:
			k.panelBF16(dst, ldd, x[c:], w.cols, w.u16[from:to], n, cols, add || c > 0)
		}
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
		w.product(k, wide[:], PanelWidth, x[first*w.cols:], w.panels()-1, m, add)
		for r := range m {
			copy(dst[(first+r)*w.rows:][:width], wide[r*PanelWidth:])
		}
	}
}

// MatMulPanel computes one panel of a product whose right side was laid out by
// the caller: dst[r, 0:PanelWidth] (+)= Σ_c x[r, c] · panel[c, 0:PanelWidth]
// for n rows r and cols columns c. Rows of dst are ldd, rows of x ldx apart.
// Attention uses it with keys and values as the right side.
func MatMulPanel(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool) {
	if cols == 0 { // kernels count down from cols
		for r := range n {
			if !add {
				clear(dst[r*ldd:][:PanelWidth])
			}
		}
		return
	}
	if n == 0 {
		return
	}
	dst, x, panel = dst[:(n-1)*ldd+PanelWidth], x[:(n-1)*ldx+cols], panel[:cols*PanelWidth]
	active.Load().panelF32(dst, ldd, x, ldx, panel, n, cols, add)
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
