package simd

import (
	"encoding/binary"
	"math"
)

// PanelWidth is the number of columns of a panel: the outputs that one pass
// over the inputs computes side by side. Sixteen float32 are two AVX2
// registers, one of AVX-512, four of NEON.
const PanelWidth = 16

// panels are the weights of a matrix as their format lays them out for products
// with PanelWidth rows at a time.
type panels interface {
	// product computes dst[r, 0:PanelWidth·count] (+)= Σ_c x[r, c] · w[p:, c], for n
	// rows r, the cols columns c from first on, and count panels from p on, which
	// are as many as panelsAtOnce. x begins at the first column; rows of dst are
	// ldd, rows of x ldx apart.
	product(k *kernels, dst []float32, ldd int, x []float32, ldx int, p, count, first, cols, n int, add bool)
}

// The three formats of floating-point numbers are laid out alike: rows are
// grouped by PanelWidth, and a group is stored column by column,
// [cols][PanelWidth], so that a kernel reads it front to back. The last group is
// filled up with zeros.
type (
	panelsF32 struct {
		cols int
		w    []float32
	}
	panelsF16 struct {
		cols int
		w    []uint16
	}
	panelsBF16 struct {
		cols int
		w    []uint16
	}
)

func (m panelsF32) product(k *kernels, dst []float32, ldd int, x []float32, ldx int, p, count, first, cols, n int, add bool) {
	w := stretch(m.w, m.cols, p, count, first, cols)
	switch stride, next := m.cols*PanelWidth, next(m.cols, count, first, cols); {
	case k.panelsF32 != nil:
		k.panelsF32(dst, ldd, x, ldx, w, stride, count, n, cols, add)
	case count == 4:
		k.quadF32(dst, ldd, x, ldx, w, stride, next, n, cols, add)
	case count == 2:
		k.pairF32(dst, ldd, x, ldx, w, stride, next, n, cols, add)
	default:
		k.panelF32(dst, ldd, x, ldx, w, n, cols, add)
	}
}

func (m panelsF16) product(k *kernels, dst []float32, ldd int, x []float32, ldx int, p, count, first, cols, n int, add bool) {
	w := stretch(m.w, m.cols, p, count, first, cols)
	switch stride, next := m.cols*PanelWidth, next(m.cols, count, first, cols); {
	case k.panelsF16 != nil:
		k.panelsF16(dst, ldd, x, ldx, w, stride, count, n, cols, add)
	case count == 4:
		k.quadF16(dst, ldd, x, ldx, w, stride, next, n, cols, add)
	case count == 2:
		k.pairF16(dst, ldd, x, ldx, w, stride, next, n, cols, add)
	default:
		k.panelF16(dst, ldd, x, ldx, w, n, cols, add)
	}
}

func (m panelsBF16) product(k *kernels, dst []float32, ldd int, x []float32, ldx int, p, count, first, cols, n int, add bool) {
	w := stretch(m.w, m.cols, p, count, first, cols)
	switch stride, next := m.cols*PanelWidth, next(m.cols, count, first, cols); {
	case k.panelsBF16 != nil:
		k.panelsBF16(dst, ldd, x, ldx, w, stride, count, n, cols, add)
	case count == 4:
		k.quadBF16(dst, ldd, x, ldx, w, stride, next, n, cols, add)
	case count == 2:
		k.pairBF16(dst, ldd, x, ldx, w, stride, next, n, cols, add)
	default:
		k.panelBF16(dst, ldd, x, ldx, w, n, cols, add)
	}
}

// stretch is what a kernel reads of panels of width columns: from column first of
// panel p on, to the end of cols columns of the last of count.
func stretch[T any](w []T, width, p, count, first, cols int) []T {
	from, to := p*width+first, (p+count-1)*width+first+cols
	return w[from*PanelWidth : to*PanelWidth]
}

// next is how many values after a stretch of count panels the next one starts: in
// the same panels, or in those after them.
func next(width, count, first, cols int) int {
	if first+cols < width {
		return cols * PanelWidth
	}
	return (count*width - first) * PanelWidth
}

// panelCount is the number of panels that rows fill.
func panelCount(rows int) int { return (rows + PanelWidth - 1) / PanelWidth }

func packF32(rows, cols int, data []byte) panels {
	w := make([]float32, panelCount(rows)*cols*PanelWidth)
	for r := range rows {
		at := r/PanelWidth*cols*PanelWidth + r%PanelWidth
		row := data[4*r*cols:][:4*cols]
		for c := range cols {
			w[at] = math.Float32frombits(binary.LittleEndian.Uint32(row[4*c:]))
			at += PanelWidth
		}
	}
	return panelsF32{cols, w}
}

func packF16(rows, cols int, data []byte) panels {
	return panelsF16{cols, packHalves(rows, cols, data)}
}

func packBF16(rows, cols int, data []byte) panels {
	return panelsBF16{cols, packHalves(rows, cols, data)}
}

// packHalves lays values of two bytes out in panels.
func packHalves(rows, cols int, data []byte) []uint16 {
	w := make([]uint16, panelCount(rows)*cols*PanelWidth)
	for r := range rows {
		at := r/PanelWidth*cols*PanelWidth + r%PanelWidth
		row := data[2*r*cols:][:2*cols]
		for c := range cols {
			w[at] = binary.LittleEndian.Uint16(row[2*c:])
			at += PanelWidth
		}
	}
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

// PackPanel lays PanelWidth rows of x, which are ldx apart, out as a panel:
// panel[c, r] = x[r·ldx+c], for as many columns c as panel has.
func PackPanel(panel, x []float32, ldx int) {
	cols := len(panel) / PanelWidth
	rows := borrow(len(panel))
	defer scratch.Put(rows)
	for r := range PanelWidth {
		copy((*rows)[r*cols:][:cols], x[r*ldx:])
	}
	active.Load().packPanel(panel, *rows, cols)
}
