package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkMatMul multiplies the matrices of the 17M encoder, and reports
// useful arithmetic.
func BenchmarkMatMul(b *testing.B) {
	for _, set := range Names() {
		for _, shape := range []struct{ n, rows, cols int }{{16, 768, 256}, {96, 768, 256}, {96, 256, 384}, {96, 1152, 384}} {
			b.Run(fmt.Sprintf("%s/f16/%dx%dx%d", set, shape.n, shape.cols, shape.rows), func(b *testing.B) {
				undo, err := Use(set)
				if err != nil {
					b.Fatal(err)
				}
				defer undo()
				r := rand.New(rand.NewPCG(1, 2))
				data := make([]byte, 2*shape.rows*shape.cols)
				for i := range data {
					data[i] = byte(r.Uint32()) & 0xbf // no large exponents
				}
				w, err := Pack(F16, shape.rows, shape.cols, data)
				if err != nil {
					b.Fatal(err)
				}
				x := make([]float32, shape.n*shape.cols)
				for i := range x {
					x[i] = r.Float32() - 0.5
				}
				dst := make([]float32, shape.n*shape.rows)
				for b.Loop() {
					MatMul(dst, x, shape.n, w)
				}
				flops := 2 * float64(shape.n) * float64(shape.rows) * float64(shape.cols) * float64(b.N)
				b.ReportMetric(flops/1e9/b.Elapsed().Seconds(), "GFLOP/s")
			})
		}
	}
}
