package simd

import (
	"encoding/binary"
	"math"

	"github.com/x448/float16"
)

// generic is the portable implementation of every kernel. It sums products in
// float64, which costs a tenth of its speed and leaves next to nothing of the
// rounding; what comes after, such as exponentials, is float32 as everywhere.
var generic = kernels{
	name:      "generic",
	sumLength: math.MaxInt,
	panelF32:  panelGeneric,
	panelF16:  panelF16Generic,
	panelBF16: panelBF16Generic,
	maxPanel:  maxPanelGeneric,
	layerNorm: layerNormGeneric,
	geGLU:     geGLUGeneric,
	rotate:    rotateGeneric,
	softmax:   rowByRow(softmaxGeneric),
	scale:     scaleGeneric,
	add:       addGeneric,
	widenF16:  widenF16Generic,
	widenBF16: widenBF16Generic,

	packPanel:      packPanels,
	decodeInt8:     decodeInt8Generic,
	decodeResidual: decodeResidualGeneric,
}

func panelGeneric(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool) {
	for r := range n {
		out := dst[r*ldd:][:PanelWidth]
		in := x[r*ldx:][:cols]
		// Four outputs at a time: their sums stay in registers.
		for j := 0; j < PanelWidth; j += 4 {
			var s0, s1, s2, s3 float64
			at := j
			for _, v := range in {
				p := panel[at : at+4 : at+4]
				s0 += float64(v) * float64(p[0])
				s1 += float64(v) * float64(p[1])
				s2 += float64(v) * float64(p[2])
				s3 += float64(v) * float64(p[3])
				at += PanelWidth
			}
			if add {
				s0, s1, s2, s3 = s0+float64(out[j]), s1+float64(out[j+1]), s2+float64(out[j+2]), s3+float64(out[j+3])
			}
			out[j], out[j+1], out[j+2], out[j+3] = float32(s0), float32(s1), float32(s2), float32(s3)
		}
	}
}

func panelF16Generic(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool) {
	wide := borrow(len(panel))
	defer scratch.Put(wide)
	for i, bits := range panel {
		(*wide)[i] = float16.Frombits(bits).Float32()
	}
	panelGeneric(dst, ldd, x, ldx, *wide, n, cols, add)
}

func panelBF16Generic(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool) {
	wide := borrow(len(panel))
	defer scratch.Put(wide)
	for i, bits := range panel {
		(*wide)[i] = math.Float32frombits(uint32(bits) << 16)
	}
	panelGeneric(dst, ldd, x, ldx, *wide, n, cols, add)
}

func maxPanelGeneric(best []float32, x []float32, panel []float32, n, cols int) {
	var row [PanelWidth]float32
	for r := range n {
		panelGeneric(row[:], PanelWidth, x[r*cols:], cols, panel, 1, cols, false)
		for j, v := range row {
			if v > best[j] {
				best[j] = v
			}
		}
	}
}

func layerNormGeneric(dst, x, weight []float32, eps float32) {
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	mean := sum / float64(len(x))
	var squares float64
	for _, v := range x {
		d := float64(v) - mean
		squares += d * d
	}
	inverse := 1 / math.Sqrt(squares/float64(len(x))+float64(eps))
	for i, v := range x {
		dst[i] = float32((float64(v)-mean)*inverse) * weight[i]
	}
}

func geGLUGeneric(dst, u, g []float32) {
	for i, v := range u {
		dst[i] = gelu(v) * g[i]
	}
}

func rotateGeneric(x, cos, sin []float32) {
	half := len(x) / 2
	low, high := x[:half], x[half:]
	for d, c := range cos {
		s := sin[d]
		a, b := low[d], high[d]
		low[d] = a*c - b*s
		high[d] = b*c + a*s
	}
}

// softmaxGeneric replaces s by exp(scale·s − newMax), where newMax is the
// larger of max and the largest scale·s, and returns newMax and the sum of
// what it wrote.
func softmaxGeneric(s []float32, scale, max float32) (newMax, sum float32) {
	newMax = max
	for _, v := range s {
		if v *= scale; v > newMax {
			newMax = v
		}
	}
	for i, v := range s {
		e := exp(scale*v - newMax)
		s[i] = e
		sum += e
	}
	return newMax, sum
}

func scaleGeneric(x []float32, by float32) {
	for i := range x {
		x[i] *= by
	}
}

func widenF16Generic(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = float16.Frombits(binary.LittleEndian.Uint16(src[2*i:])).Float32()
	}
}

func widenBF16Generic(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
	}
}

func decodeInt8Generic(dst []float32, codes []byte, scales []float32, dim int) {
	for i, scale := range scales {
		row := codes[i*dim:][:dim]
		for j, code := range row {
			dst[i*dim+j] = scale * float32(int8(code))
		}
	}
}

func decodeResidualGeneric(dst []float32, codes []byte, bits int, weights, scales, centroids []float32, ids []uint16, dim int) {
	size := rowBytes(dim, bits)
	mask := byte(1<<bits - 1)
	for i, id := range ids {
		row, scale := codes[i*size:][:size], scales[i]
		for j, c := range centroids[int(id)*dim:][:dim] {
			at := j * bits
			// The conversion rounds the product, which may otherwise be fused.
			dst[i*dim+j] = c + float32(scale*weights[row[at/8]>>(at%8)&mask])
		}
	}
}
