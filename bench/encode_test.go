package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/testdata"
)

// abstracts returns scientific abstracts with their titles.
func abstracts(b *testing.B) []string {
	b.Helper()
	var texts []string
	for line := range bytes.Lines(testdata.Read(b, "abstracts.jsonl")) {
		var document struct{ Title, Text string }
		if err := json.Unmarshal(line, &document); err != nil {
			b.Fatal(err)
		}
		texts = append(texts, document.Title+" "+document.Text)
	}
	return texts
}

func open(b *testing.B, threads int) *edge.Model {
	b.Helper()
	m, err := edge.Open(testdata.Checkpoint(b, "edge-17m-shape"), edge.WithThreads(threads))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := m.Close(); err != nil {
			b.Error(err)
		}
	})
	return m
}

// BenchmarkEncode encodes documents of exactly so many tokens on one thread.
func BenchmarkEncode(b *testing.B) {
	const documents = 8
	m := open(b, 1)
	long := strings.Join(abstracts(b), " ")
	for _, tokens := range []int{16, 48, 128, 300, 512} {
		b.Run(fmt.Sprintf("tokens=%d", tokens), func(b *testing.B) {
			// Ten bytes are at least a token in all these texts, so that each
			// stretch is cut to the length that is measured.
			texts := make([]string, documents)
			for i := range texts {
				texts[i] = long[i*10*tokens:][:10*tokens]
			}
			for b.Loop() {
				encoded, err := m.EncodeDocuments(b.Context(), texts, edge.MaxTokens(tokens))
				if err != nil {
					b.Fatal(err)
				}
				for i, d := range encoded {
					if !d.Truncated() {
						b.Fatalf("text %d has fewer than %d tokens", i, tokens)
					}
				}
			}
			seconds := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(documents/seconds, "documents/s")
			b.ReportMetric(float64(documents*tokens)/seconds, "tokens/s")
		})
	}
}

// BenchmarkRank ranks 20 abstracts, of 300 tokens at most, on all cores.
func BenchmarkRank(b *testing.B) {
	const documents = 20
	m := open(b, 0)
	texts := abstracts(b)[:documents]
	for b.Loop() {
		if _, err := m.Rank(b.Context(), "does vitamin D prevent infections of the airways?", texts, edge.MaxTokens(300)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(documents*float64(b.N)/b.Elapsed().Seconds(), "documents/s")
}

// BenchmarkMaxSim scores one encoded abstract after the other on one thread.
func BenchmarkMaxSim(b *testing.B) {
	m := open(b, 0)
	q, err := m.EncodeQuery(b.Context(), "does vitamin D prevent infections of the airways?")
	if err != nil {
		b.Fatal(err)
	}
	documents, err := m.EncodeDocuments(b.Context(), abstracts(b)[:20], edge.MaxTokens(300))
	if err != nil {
		b.Fatal(err)
	}
	products := 0 // of single components, a round of all documents
	for _, d := range documents {
		products += q.Len() * d.Len() * d.Dim()
	}
	var sum float32
	for b.Loop() {
		for _, d := range documents {
			sum += edge.MaxSim(q, d)
		}
	}
	if sum == 0 {
		b.Fatal("all scores are zero")
	}
	rounds := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rounds*float64(len(documents)), "documents/s")
	b.ReportMetric(rounds*float64(products)/1e9, "Gproducts/s")
}
