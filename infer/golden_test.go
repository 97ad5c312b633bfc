package infer

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// goldenFile is the part of testdata/cases that concerns the encoder.
type goldenFile struct {
	Cases []struct {
		Name      string
		IDs       []int32 `json:"ids"`
		Attention []int
	}
	Traces []struct {
		Case   string
		Rows   []int
		Stages map[string][][]float64
	}
}

// hiddenTolerance is what float32 arithmetic may differ from the float64
// reference by, on hidden states of magnitude up to about 6.
const hiddenTolerance = 5e-5

func openEncoder(tb testing.TB, model string, threads int) *Encoder {
	tb.Helper()
	o := Options{Threads: threads}
	if model == "pylate-subfolder" {
		o.Folder = "0_Transformer"
	}
	return openWith(tb, testdata.Checkpoint(tb, model), o)
}

func openDirectory(tb testing.TB, dir string, threads int) *Encoder {
	tb.Helper()
	return openWith(tb, dir, Options{Threads: threads})
}

func openWith(tb testing.TB, dir string, o Options) *Encoder {
	tb.Helper()
	c, err := weights.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	e, err := New(c, o)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func readGolden(tb testing.TB, model string) goldenFile {
	tb.Helper()
	var g goldenFile
	if err := json.Unmarshal(testdata.Read(tb, "cases/"+model+".json"), &g); err != nil {
		tb.Fatal(err)
	}
	return g
}

// sequence is the encoder's input of a golden case.
func (g goldenFile) sequence(tb testing.TB, name string) Sequence {
	tb.Helper()
	for _, c := range g.Cases {
		if c.Name == name {
			s := Sequence{IDs: c.IDs}
			for _, a := range c.Attention {
				s.Keys += a
			}
			return s
		}
	}
	tb.Fatalf("no golden case %s", name)
	return Sequence{}
}

// TestGoldenStates compares the residual stream after every layer with the
// float64 reference, on every instruction set of this machine: a fault shows
// in the first stage it touches.
func TestGoldenStates(t *testing.T) {
	for _, model := range slices.Concat(testdata.Models, []string{"stanford", "stanford-attend", "pylate-flat", "pylate-subfolder", "st6-bert", "bert-gelu-new"}) {
		e := openEncoder(t, model, 1)
		golden := readGolden(t, model)
		if len(golden.Traces) == 0 {
			t.Fatalf("%s: no golden traces", model)
		}
		for _, set := range simd.Names() {
			t.Run(model+"/"+set, func(t *testing.T) {
				undo, err := simd.Use(set)
				if err != nil {
					t.Fatal(err)
				}
				defer undo()
				worst := 0.0
				for _, trace := range golden.Traces {
					stages := 0
					got := func(stage string, states []float32) {
						want, ok := trace.Stages[stage]
						if !ok {
							t.Fatalf("no golden stage %s", stage)
						}
						stages++
						for i, row := range trace.Rows {
							for d, w := range want[i] {
								diff := math.Abs(float64(states[row*e.Hidden()+d]) - w)
								worst = max(worst, diff)
								if !(diff <= hiddenTolerance) {
									t.Fatalf("%s, %s, row %d, dimension %d: expected %v, found %v", trace.Case, stage, row, d, w, states[row*e.Hidden()+d])
								}
							}
						}
					}
					ctx := context.Background()
					turn, err := e.workers.begin(ctx, false, false)
					if err != nil {
						t.Fatal(err)
					}
					p := e.newPass(golden.sequence(t, trace.Case), turn)
					p.after = got
					if err := p.forward(ctx); err != nil {
						t.Fatal(err)
					}
					turn.leave()
					for stage := range trace.Stages {
						if stage != "head_output" && !strings.HasPrefix(stage, "after_dense_") {
							stages--
						}
					}
					if stages != 0 {
						t.Errorf("%s: expected every stage before the head once, found %d more", trace.Case, stages)
					}
				}
				t.Logf("largest difference %.2g, tolerance %.2g", worst, hiddenTolerance)
			})
		}
	}
}
