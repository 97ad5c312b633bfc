package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/toller-search/toller/bench/metrics"
	"github.com/toller-search/toller/edge"
)

// report is all that is printed, and the JSON form.
type report struct {
	Data      string   `json:"data"`
	Documents int      `json:"documents"`
	Queries   int      `json:"queries"` // with a relevant document
	Top       int      `json:"top"`     // documents that are reranked
	Platform  string   `json:"platform"`
	Model     *model   `json:"model,omitempty"`
	Results   []result `json:"results"`
	Seconds   float64  `json:"seconds"` // wall time of everything
	start     time.Time
}

// model is how the model was used and how long that took.
type model struct {
	Name        string           `json:"name"`
	Fingerprint edge.Fingerprint `json:"fingerprint"`
	Parameters  int              `json:"parameters"`
	Dim         int              `json:"dim"`
	Kernels     string           `json:"kernels"`
	Threads     int              `json:"threads"`
	MaxTokens   int              `json:"max_tokens"` // at which documents were cut
	PoolFactor  int              `json:"pool_factor,omitempty"`

	Encoded            int     `json:"encoded"`   // documents
	Truncated          int     `json:"truncated"` // documents
	VectorsPerDocument float64 `json:"vectors_per_document"`
	DocumentsPerSecond float64 `json:"documents_per_second"` // encoding alone
	EncodingSeconds    float64 `json:"encoding_seconds"`
	ScoringSeconds     float64 `json:"scoring_seconds"`
}

// result is the quality of one ranking, means over the queries.
type result struct {
	Ranking   string  `json:"ranking"`
	NDCG10    float64 `json:"ndcg_at_10"`
	Recall100 float64 `json:"recall_at_100"`
	MRR10     float64 `json:"mrr_at_10"`
}

func measure(mode string, found rankings, c *collection) result {
	r := result{Ranking: mode}
	for i, query := range c.queries {
		grades := c.qrels[query.ID]
		r.NDCG10 += metrics.NDCG(found[i], grades, 10)
		r.Recall100 += metrics.Recall(found[i], grades, 100)
		r.MRR10 += metrics.MRR(found[i], grades, 10)
	}
	n := float64(len(c.queries))
	r.NDCG10 /= n
	r.Recall100 /= n
	r.MRR10 /= n
	return r
}

func newReport(o options) *report {
	name := o.data
	if full, err := filepath.Abs(o.data); err == nil {
		name = full
	}
	return &report{
		Data:     filepath.Base(name),
		Top:      o.top,
		Platform: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(),
		start:    time.Now(),
	}
}

func (r *report) setCollection(c *collection) {
	r.Documents, r.Queries = len(c.ids), len(c.queries)
}

func (r *report) setModel(info edge.Info, p *pass) {
	m := &model{
		Name:            info.Name,
		Fingerprint:     info.Fingerprint,
		Parameters:      info.Parameters,
		Dim:             info.Dim,
		Kernels:         info.Kernels,
		Threads:         info.Threads,
		MaxTokens:       p.maxTokens,
		PoolFactor:      p.poolFactor,
		Encoded:         p.encoded,
		Truncated:       p.truncated,
		EncodingSeconds: p.encoding.Seconds(),
		ScoringSeconds:  p.scoring.Seconds(),
	}
	if m.MaxTokens == 0 {
		m.MaxTokens = info.Document.Length
	}
	if p.encoded > 0 {
		m.VectorsPerDocument = float64(p.vectors) / float64(p.encoded)
		m.DocumentsPerSecond = float64(p.encoded) / m.EncodingSeconds
	}
	r.Model = m
}

func (r *report) print(out io.Writer, asJSON bool) error {
	r.Seconds = time.Since(r.start).Seconds()
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %d documents, %d queries; %s\n", r.Data, r.Documents, r.Queries, r.Platform)
	if m := r.Model; m != nil {
		fmt.Fprintf(&text, "%s: %d parameters, vectors of %d components; %s kernels, %d threads\n",
			m.Name, m.Parameters, m.Dim, m.Kernels, m.Threads)
		fmt.Fprintf(&text, "documents cut at %d tokens (%d of %d were), %.1f vectors each",
			m.MaxTokens, m.Truncated, m.Encoded, m.VectorsPerDocument)
		if m.PoolFactor > 1 {
			fmt.Fprintf(&text, " after pooling by %d", m.PoolFactor)
		}
		fmt.Fprintf(&text, "\nencoding %.1f s (%.1f documents/s), scoring %.1f s, in all %.1f s\n",
			m.EncodingSeconds, m.DocumentsPerSecond, m.ScoringSeconds, r.Seconds)
	}
	fmt.Fprintln(&text)
	fmt.Fprintf(&text, "%-30s nDCG@10  Recall@100  MRR@10\n", "ranking")
	for _, result := range r.Results {
		fmt.Fprintf(&text, "%-30s %7.4f  %10.4f  %6.4f\n", r.label(result.Ranking), result.NDCG10, result.Recall100, result.MRR10)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (r *report) label(mode string) string {
	if mode == rerankMode {
		return fmt.Sprintf("BM25's best %d, reranked", r.Top)
	}
	return map[string]string{bm25Mode: "BM25", fullMode: "all documents"}[mode]
}
