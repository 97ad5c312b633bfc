package bench

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/bench/peak"
	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/infer/simd"
)

// BenchmarkSets encodes a document of so many tokens with one instruction set
// after the other, on one thread, turn by turn, and reports the median time of
// each and how many times faster than the portable one it is: the median of the
// turns' ratios. Time is the processor's, where the system tells it.
func BenchmarkSets(b *testing.B) {
	small, err := builtin.Open(edge.WithThreads(1))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { small.Close() })
	long := strings.Join(abstracts(b), " ")
	for _, model := range []struct {
		name string
		*edge.Model
	}{{"edge-17m-shape", open(b, 1)}, {builtin.Name, small}} {
		for _, tokens := range []int{16, 128, 300} {
			b.Run(fmt.Sprintf("%s/tokens=%d", model.name, tokens), func(b *testing.B) {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				texts := []string{long[:10*tokens]} // ten bytes are at least a token in these texts
				encode := func() {
					encoded, err := model.EncodeDocuments(b.Context(), texts, edge.MaxTokens(tokens))
					if err != nil {
						b.Fatal(err)
					}
					if !encoded[0].Truncated() {
						b.Fatalf("the text has fewer than %d tokens", tokens)
					}
				}
				sets := simd.Names()
				times := make([][]float64, len(sets)) // of a document, in milliseconds, by set and turn
				turn := func(keep bool) {
					for i, set := range sets {
						use(b, set)
						repeats := 1
						if set != "generic" {
							repeats = 5
						}
						start := peak.Clock()
						for range repeats {
							encode()
						}
						if keep {
							times[i] = append(times[i], 1e3*(peak.Clock()-start).Seconds()/float64(repeats))
						}
					}
				}
				turn(false) // fills pools and caches, and has the engine compile what it runs
				for b.Loop() {
					turn(true)
				}
				for i, set := range sets {
					ratios := make([]float64, len(times[i]))
					for j, t := range times[i] {
						ratios[j] = times[0][j] / t
					}
					b.ReportMetric(median(times[i]), set+"-ms")
					b.ReportMetric(median(ratios), set+"-x")
				}
				b.ReportMetric(0, "ns/op") // of all, and so of none
			})
		}
	}
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
