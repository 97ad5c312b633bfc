package main

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/eval"
	"github.com/toller-search/toller/edge/eval/measure"
)

// evalReport is what toller eval prints as JSON.
type evalReport struct {
	Model       string           `json:"model"`
	Fingerprint edge.Fingerprint `json:"fingerprint"`
	Parameters  int              `json:"parameters"`
	Dim         int              `json:"dim"`
	Threads     int              `json:"threads"`
	Kernels     string           `json:"kernels"`
	Collections []collectionEval `json:"collections"`
	Means       []rankingEval    `json:"means,omitempty"` // over several collections

	measures []measure.Measure
}

// collectionEval is how well one collection was ranked.
type collectionEval struct {
	Name      string        `json:"name"`
	Documents int           `json:"documents"`
	Queries   int           `json:"queries"` // that have a relevant document
	Lost      int           `json:"lost"`    // relevant documents that aren't there
	Rankings  []rankingEval `json:"rankings"`
	Cost      costEval      `json:"cost"`
}

// rankingEval are the means of the measures, by name.
type rankingEval struct {
	Ranking  eval.Ranking       `json:"ranking"`
	Measures map[string]float64 `json:"measures"`
	title    string
}

// costEval is what rerank and full took together, and search.
type costEval struct {
	Encoded          int     `json:"encoded"`   // documents
	Truncated        int     `json:"truncated"` // documents
	Vectors          int64   `json:"vectors"`
	EncodingSeconds  float64 `json:"encoding_seconds"` // of queries and documents
	ScoringSeconds   float64 `json:"scoring_seconds"`
	IndexingSeconds  float64 `json:"indexing_seconds,omitempty"`
	SearchingSeconds float64 `json:"searching_seconds,omitempty"`
}

func newEvalReport(model *edge.Model, measures []measure.Measure) *evalReport {
	info := model.Info()
	return &evalReport{
		Model: info.Name, Fingerprint: info.Fingerprint, Parameters: info.Parameters, Dim: info.Dim,
		Threads: info.Threads, Kernels: info.Kernels, measures: measures,
	}
}

func (r *evalReport) add(name string, e *eval.Evaluation, o eval.Options, measures []measure.Measure) {
	c := collectionEval{Name: name, Documents: e.Documents, Queries: len(e.Queries), Lost: e.Lost, Cost: newCostEval(e.Cost)}
	for _, ranking := range o.Rankings {
		row := rankingEval{Ranking: ranking, Measures: make(map[string]float64), title: rankingTitle(ranking, o)}
		for _, m := range measures {
			row.Measures[m.String()] = mean(e.Values(e.Runs[ranking], m))
		}
		c.Rankings = append(c.Rankings, row)
	}
	r.Collections = append(r.Collections, c)
	if len(r.Collections) > 1 {
		r.Means = r.means()
	}
}

// means are the means over the collections, which have the same rankings.
func (r *evalReport) means() []rankingEval {
	var rows []rankingEval
	for i, first := range r.Collections[0].Rankings {
		row := rankingEval{Ranking: first.Ranking, Measures: make(map[string]float64), title: first.title}
		for name := range first.Measures {
			for _, c := range r.Collections {
				row.Measures[name] += c.Rankings[i].Measures[name] / float64(len(r.Collections))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func newCostEval(c eval.Cost) costEval {
	return costEval{
		Encoded: c.Encoded, Truncated: c.Truncated, Vectors: c.Vectors,
		EncodingSeconds: c.Encoding.Seconds(), ScoringSeconds: c.Scoring.Seconds(),
		IndexingSeconds: c.Indexing.Seconds(), SearchingSeconds: c.Searching.Seconds(),
	}
}

func (r *evalReport) print(out *terminal.Screen) {
	fmt.Fprintf(out, "%s: %s parameters, vectors of %s; %s, %s kernels\n", terminal.Clean(r.Model),
		terminal.Grouped(r.Parameters), terminal.Count(r.Dim, "component"), terminal.Count(r.Threads, "thread"), r.Kernels)
	for _, c := range r.Collections {
		fmt.Fprintf(out, "\n%s: %s, %s\n", terminal.Clean(c.Name), terminal.Count(c.Documents, "document"), terminal.Count(c.Queries, "query"))
		r.table(out, c.Rankings)
		c.Cost.print(out)
	}
	if r.Means != nil {
		fmt.Fprintf(out, "\nmeans over %s\n", terminal.Count(len(r.Collections), "collection"))
		r.table(out, r.Means)
	}
}

func (r *evalReport) table(out *terminal.Screen, rows []rankingEval) {
	widest := len("ranking")
	for _, row := range rows {
		widest = max(widest, utf8.RuneCountInString(row.title))
	}
	fmt.Fprintf(out, "%-*s", widest, "ranking")
	for _, m := range r.measures {
		fmt.Fprintf(out, "  %*s", measureWidth(m), m)
	}
	for _, row := range rows {
		fmt.Fprintf(out, "\n%-*s", widest, row.title)
		for _, m := range r.measures {
			fmt.Fprintf(out, "  %*.4f", measureWidth(m), row.Measures[m.String()])
		}
	}
	fmt.Fprintln(out)
}

func measureWidth(m measure.Measure) int { return max(len(m.String()), len("0.0000")) }

func (c costEval) print(out *terminal.Screen) {
	if c.Encoded > 0 {
		fmt.Fprintf(out, "%s encoded in %s, %.1f vectors each, %d cut; scored in %s\n", terminal.Count(c.Encoded, "document"),
			seconds(c.EncodingSeconds), float64(c.Vectors)/float64(c.Encoded), c.Truncated, seconds(c.ScoringSeconds))
	}
	if c.IndexingSeconds > 0 {
		fmt.Fprintf(out, "indexed in %s, searched in %s\n", seconds(c.IndexingSeconds), seconds(c.SearchingSeconds))
	}
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(10 * time.Millisecond).String()
}
