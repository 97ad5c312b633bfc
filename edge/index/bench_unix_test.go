//go:build unix

package index_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/testdata"
)

// BenchmarkIndexAdd adds the 200 abstracts five times over, then encodes the
// same passages without an index, and reports which share of adding that is: of
// the processor's time, which other programs don't change, and of the clock's.
//
//	go test -run '^$' -bench IndexAdd -benchtime 1x -cpu 1,2 ./edge/index
func BenchmarkIndexAdd(b *testing.B) {
	ctx := context.Background()
	var entries []index.Entry
	for copy := range 5 {
		for line := range bytes.Lines(testdata.Read(b, "abstracts.jsonl")) {
			var a struct{ ID, Title, Text string }
			if err := json.Unmarshal(line, &a); err != nil {
				b.Fatal(err)
			}
			entries = append(entries, index.Entry{Key: fmt.Sprint(copy, " ", a.ID), Title: a.Title, Text: a.Text})
		}
	}
	m, err := builtin.Open()
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	for _, codec := range []string{"fp16", "4bit", "2bit"} {
		b.Run(codec, func(b *testing.B) {
			for range b.N {
				x, err := index.Open(ctx, filepath.Join(b.TempDir(), "index.db"), m, index.WithCodec(codec))
				if err != nil {
					b.Fatal(err)
				}
				defer x.Close()
				cpu, start := processorTime(b), time.Now()
				if err := x.Add(ctx, entries); err != nil {
					b.Fatal(err)
				}
				addingCPU, adding := processorTime(b)-cpu, time.Since(start)
				var texts []string
				if err := x.Export(ctx, "", func(e *index.Exported) bool {
					for _, p := range e.Passages {
						texts = append(texts, e.Title+" "+e.Text[p.Start:p.End])
					}
					return true
				}); err != nil {
					b.Fatal(err)
				}
				cpu, start = processorTime(b), time.Now()
				if _, err := m.EncodeDocuments(ctx, texts); err != nil {
					b.Fatal(err)
				}
				encodingCPU, encoding := processorTime(b)-cpu, time.Since(start)
				b.ReportMetric(100*encodingCPU.Seconds()/addingCPU.Seconds(), "%cpu")
				b.ReportMetric(100*encoding.Seconds()/adding.Seconds(), "%clock")
				b.ReportMetric(addingCPU.Seconds(), "cpu-s")
			}
		})
	}
}

// processorTime is what the program has used so far.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
