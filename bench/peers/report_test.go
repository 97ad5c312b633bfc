package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// rowOf is a row of fixed times beside toller's.
func rowOf(runtime string, base, times []float64) row {
	w := row{Runtime: runtime, Milliseconds: times}
	w.summarize(base)
	return w
}

func TestPrint(t *testing.T) {
	base := []float64{40, 42, 41}
	r := &report{
		Platform: "linux/amd64, go1.26", Cores: 2, Kernels: "avx2", Model: "some-model", Parameters: 17, Rounds: 3, Data: "scifact",
		Cosines: map[string]float64{"llama.cpp F16": 0.99999, "onnxruntime fp32": 1},
		Notes:   []string{"onnxruntime int8 is left out: no such file"},
		Tables: []table{
			{Mode: modeLatency, Threads: 1, Documents: 1, Tokens: 300, Rows: []row{
				rowOf("toller", base, base),
				rowOf("onnxruntime fp32", base, []float64{80, 84, 123}),
			}},
			{Mode: modeLatency, Threads: 1, Documents: 1, Tokens: 8192, Rows: []row{
				rowOf("toller", []float64{1500}, []float64{1500}),
				rowOf("onnxruntime fp32", base, nil),
				rowOf("llama.cpp F16", []float64{1500}, []float64{6000}),
			}},
			{Mode: modeLatency, Threads: 2, Documents: 1, Tokens: 300, Rows: []row{rowOf("toller", base, base)}},
			{Mode: modeThroughput, Threads: 2, Documents: 64, Tokens: 17600, Rows: []row{
				rowOf("toller", []float64{2000}, []float64{2000}),
				rowOf("onnxruntime fp32, batches of 8", []float64{2000}, []float64{6400}),
			}},
		},
	}
	want := `some-model, 17 parameters. linux/amd64, go1.26, 2 cores, kernels avx2. 3 rounds: median (quartiles); a ratio is the runtime's time over toller's.

Milliseconds for one document, 1 thread:

| tokens | toller | onnxruntime fp32 | ratio | llama.cpp F16 | ratio |
|---|---|---|---|---|---|
| 300 | 41.0 (40.5–41.5) | 84.0 (82.0–104) | 2.00 (2.00–2.50) | – | – |
| 8192 | 1500 (1500–1500) | – | – | 6000 (6000–6000) | 4.00 (4.00–4.00) |

Milliseconds for one document, 2 threads:

| tokens | toller |
|---|---|
| 300 | 41.0 (40.5–41.5) |

Documents per second, 2 threads, 64 documents of scifact, 17600 tokens in all:

| | documents/s | ratio |
|---|---|---|
| toller | 32.0 (32.0–32.0) | – |
| onnxruntime fp32, batches of 8 | 10.0 (10.0–10.0) | 3.20 (3.20–3.20) |

Least cosine to toller's vectors: onnxruntime fp32 1.000000, llama.cpp F16 0.999990

onnxruntime int8 is left out: no such file
`
	var out strings.Builder
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A contender that fails loses its row, and the others go on in their order.
func TestCompete(t *testing.T) {
	var turns []string
	contend := func(name string, failAt int) contender {
		n := 0
		return contender{name, func(context.Context) (time.Duration, error) {
			turns = append(turns, name)
			if n++; n == failAt {
				return 0, errors.New("out of memory")
			}
			return time.Duration(n) * time.Millisecond, nil
		}}
	}
	r := &report{}
	o := options{rounds: 3, timeout: time.Minute}
	rows, err := r.compete(t.Context(), o, []contender{contend("a", 0), contend("b", 2), contend("c", 0)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(turns, " "), "a b c a b c a c"; got != want {
		t.Errorf("turns: got %s, want %s", got, want)
	}
	if rows[0].Time == nil || rows[1].Time != nil || rows[2].Time == nil || rows[2].Ratio.Median != 1 {
		t.Errorf("rows: got %+v", rows)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "b: out of memory") {
		t.Errorf("notes: got %q", r.Notes)
	}
	if _, err := r.compete(t.Context(), o, []contender{contend("a", 1), contend("b", 0)}); err == nil {
		t.Error("nothing to compare with: expected an error, found none")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.compete(cancelled, o, []contender{contend("a", 0)}); !errors.Is(err, context.Canceled) {
		t.Errorf("expected %v, found %v", context.Canceled, err)
	}
}
