package infer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

// BenchmarkEncode encodes one sequence of random tokens on one thread.
func BenchmarkEncode(b *testing.B) {
	for _, model := range []string{"edge-17m-shape", "edge-32m-shape"} {
		e := openEncoder(b, model, 1)
		for _, n := range []int{16, 48, 128, 300, 512, 1024, 2048, 8192} {
			b.Run(fmt.Sprintf("%s/%s/%d", model, simd.Name(), n), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 2))
				s := Sequence{IDs: make([]int32, n)}
				for i := range s.IDs {
					s.IDs[i] = int32(r.IntN(e.Vocab()))
				}
				b.ReportAllocs()
				for b.Loop() {
					err := e.Encode(context.Background(), []Sequence{s}, func(int, []float32) error { return nil })
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(e.config.flops(n)*float64(b.N)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
			})
		}
	}
}

// flops is the arithmetic that encoding n tokens needs: the linear layers, and
// attention between the pairs of positions that see each other.
func (c Config) flops(n int) float64 {
	H, I := float64(c.HiddenSize), float64(c.IntermediateSize)
	total := 0.0
	for _, l := range c.Layers {
		total += 2 * float64(n) * (4*H*H + 3*H*I)
		for i := range n {
			pairs := n
			if !l.Global {
				pairs = min(n, i+c.HalfWindow+1) - max(0, i-c.HalfWindow)
			}
			total += 4 * H * float64(pairs)
		}
	}
	return total
}
