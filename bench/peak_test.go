package bench

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/x448/float16"

	"github.com/toller-search/toller/bench/peak"
	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// ofPeak runs work, which does flops operations on one thread, turn by turn
// with a loop of multiply-adds on registers, and reports the median share of
// that loop's speed which the work reached, with the quartiles. Both are timed
// by the thread's processor time where the system tells it, and turns are
// short, so that whatever slows the machine slows both.
func ofPeak(b *testing.B, flops float64, work func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	work() // fills pools and caches
	var shares, speeds []float64
	for b.Loop() {
		before := peak.FLOPs(simd.Name(), 2*time.Millisecond)
		start := peak.Clock()
		work()
		speed := flops / (peak.Clock() - start).Seconds()
		after := peak.FLOPs(simd.Name(), 2*time.Millisecond)
		shares = append(shares, 100*speed/((before+after)/2))
		speeds = append(speeds, speed/1e9)
	}
	slices.Sort(shares)
	slices.Sort(speeds)
	b.ReportMetric(speeds[len(speeds)/2], "GFLOP/s")
	b.ReportMetric(shares[len(shares)/2], "%peak")
	b.ReportMetric(shares[len(shares)/4], "%peak-q1")
	b.ReportMetric(shares[3*len(shares)/4], "%peak-q3")
	b.ReportMetric(0, "ns/op") // of both, and so of neither
}

// vectorSets lists the instruction sets that have a peak to compare with.
func vectorSets() []string {
	return slices.DeleteFunc(simd.Names(), func(set string) bool { return set == "generic" })
}

func use(b *testing.B, set string) {
	b.Helper()
	undo, err := simd.Use(set)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(undo)
}

// BenchmarkMatMulOfPeak multiplies the matrices of the 17M and 32M encoders,
// weights in float16.
func BenchmarkMatMulOfPeak(b *testing.B) {
	for _, set := range vectorSets() {
		for _, s := range []struct{ n, cols, rows int }{{16, 256, 768}, {96, 256, 768}, {256, 256, 768}, {256, 384, 256}, {256, 384, 1152}} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", set, s.n, s.cols, s.rows), func(b *testing.B) {
				use(b, set)
				data := make([]byte, 2*s.rows*s.cols) // any weights take the same time
				w, err := simd.Pack(simd.F16, s.rows, s.cols, data)
				if err != nil {
					b.Fatal(err)
				}
				x, dst := make([]float32, s.n*s.cols), make([]float32, s.n*s.rows)
				ofPeak(b, 2*float64(s.n*s.cols*s.rows), func() { simd.MatMul(dst, x, s.n, w) })
			})
		}
	}
}

// BenchmarkEncoderOfPeak encodes one sequence on one thread. The operations
// are those that are needed: attention counts the pairs of positions that see
// each other, and exponentials, norms and activations count nothing.
func BenchmarkEncoderOfPeak(b *testing.B) {
	for _, model := range []string{"edge-17m-shape", "edge-32m-shape"} {
		c, err := weights.Open(testdata.Checkpoint(b, model))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		e, err := infer.New(c, infer.Options{Threads: 1})
		if err != nil {
			b.Fatal(err)
		}
		for _, set := range vectorSets() {
			for _, n := range []int{16, 48, 128, 300, 512, 1024, 2048, 8192} {
				b.Run(fmt.Sprintf("%s/%s/%d", model, set, n), func(b *testing.B) {
					use(b, set)
					r := rand.New(rand.NewPCG(1, 2))
					s := infer.Sequence{IDs: make([]int32, n)}
					for i := range s.IDs {
						s.IDs[i] = int32(r.IntN(e.Vocab()))
					}
					ofPeak(b, encoderFLOPs(e.Config(), n), func() {
						err := e.Encode(b.Context(), []infer.Sequence{s}, func(int, []float32) error { return nil })
						if err != nil {
							b.Fatal(err)
						}
					})
				})
			}
		}
	}
}

// encoderFLOPs is the arithmetic that encoding n tokens needs.
func encoderFLOPs(c infer.Config, n int) float64 {
	H, I := float64(c.HiddenSize), float64(c.IntermediateSize)
	total := 0.0
	for _, l := range c.ModernBERT.Layers {
		total += 2 * float64(n) * (4*H*H + 3*H*I)
		for i := range n {
			pairs := n
			if !l.Global {
				pairs = min(n, i+c.ModernBERT.HalfWindow+1) - max(0, i-c.ModernBERT.HalfWindow)
			}
			total += 4 * H * float64(pairs)
		}
	}
	return total
}

// The MaxSim benchmarks score documents of 300 vectors by a query of 32, 48 and
// 64 dimensions as the two models have. The documents are more than a cache
// holds, as in a scan of a store.
const (
	queryVectors    = 32
	documentVectors = 300
	documents       = 1000
)

var modelDims = []int{48, 64}

// maxSimFLOPs is the arithmetic of scoring all documents.
func maxSimFLOPs(dim int) float64 {
	return 2 * queryVectors * documentVectors * documents * float64(dim)
}

// components makes n numbers like those of unit vectors.
func components(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32() - 0.5
	}
	return x
}

// BenchmarkMaxSimOfPeak scores documents of float32 vectors on one thread.
func BenchmarkMaxSimOfPeak(b *testing.B) {
	for _, set := range vectorSets() {
		for _, dim := range modelDims {
			b.Run(fmt.Sprintf("%s/%d", set, dim), func(b *testing.B) {
				use(b, set)
				r := rand.New(rand.NewPCG(1, 2))
				q, d := components(r, queryVectors*dim), components(r, documentVectors*documents*dim)
				size := documentVectors * dim
				ofPeak(b, maxSimFLOPs(dim), func() {
					for i := range documents {
						heads.MaxSim(q, d[i*size:][:size], dim)
					}
				})
			})
		}
	}
}

// BenchmarkMaxSimF16OfPeak scores documents of float16 vectors.
func BenchmarkMaxSimF16OfPeak(b *testing.B) {
	for _, set := range vectorSets() {
		for _, dim := range modelDims {
			b.Run(fmt.Sprintf("%s/%d", set, dim), func(b *testing.B) {
				use(b, set)
				r := rand.New(rand.NewPCG(1, 2))
				q := components(r, queryVectors*dim)
				size := 2 * documentVectors * dim
				d := make([]byte, 0, size*documents)
				for _, v := range components(r, size/2*documents) {
					d = binary.LittleEndian.AppendUint16(d, float16.Fromfloat32(v).Bits())
				}
				ofPeak(b, maxSimFLOPs(dim), func() {
					for i := range documents {
						simd.MaxSimF16(q, d[i*size:][:size], dim)
					}
				})
			})
		}
	}
}

// BenchmarkCodesOfPeak decodes documents tile by tile and scores them: signed
// bytes, and residual codes over 16,384 centroids, whose table is more than the
// second-level cache holds. Only the products count as operations.
func BenchmarkCodesOfPeak(b *testing.B) {
	const centroids = 1 << 14
	for _, set := range vectorSets() {
		for _, dim := range modelDims {
			for _, bits := range []int{8, 4, 2, 1} {
				b.Run(fmt.Sprintf("%s/%d/%dbit", set, dim, bits), func(b *testing.B) {
					rows := simd.TileRows(dim)
					use(b, set)
					r := rand.New(rand.NewPCG(1, 2))
					q := components(r, queryVectors*dim)
					size := dim * bits / 8
					codes := make([]byte, documentVectors*documents*size)
					for i := range codes {
						codes[i] = byte(r.Uint32())
					}
					scales := components(r, documentVectors*documents)
					table, weights := components(r, centroids*dim), components(r, 16)
					ids := make([]uint16, documentVectors*documents)
					for i := range ids {
						ids[i] = uint16(r.IntN(centroids))
					}
					best, tile := make([]float32, queryVectors), make([]float32, rows*dim)
					ofPeak(b, maxSimFLOPs(dim), func() {
						for i := range documents {
							for j := range best {
								best[j] = float32(math.Inf(-1))
							}
							last := (i + 1) * documentVectors
							for first := i * documentVectors; first < last; first += rows {
								n := min(rows, last-first)
								if bits == 8 {
									simd.DecodeInt8(tile, codes[first*size:], scales[first:][:n], dim)
								} else {
									simd.DecodeResidual(tile, codes[first*size:], bits, weights, scales[first:][:n], table, ids[first:][:n], dim)
								}
								simd.UpdateMaxima(best, q, tile[:n*dim], dim)
							}
						}
					})
				})
			}
		}
	}
}
