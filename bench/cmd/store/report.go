package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/store"
)

// report is all that is printed, and the JSON form.
type report struct {
	ways        []way
	Command     string           `json:"command"`
	Platform    string           `json:"platform"`
	Driver      string           `json:"driver"`
	Model       string           `json:"model"`
	Fingerprint edge.Fingerprint `json:"fingerprint"`
	Dim         int              `json:"dim"`
	Kernels     string           `json:"kernels"`
	Threads     int              `json:"threads"`
	MaxTokens   int              `json:"max_tokens"` // at which documents were cut

	Collections []*collectionQuality `json:"collections,omitempty"`
	Passages    []*passagesRow       `json:"passages,omitempty"`
	Fusions     *fusions             `json:"fusions,omitempty"`
	Recalls     []recallRow          `json:"recalls,omitempty"`
	Sizes       *sizes               `json:"sizes,omitempty"`
	Latencies   []latency            `json:"latencies,omitempty"`
	Answers     []answer             `json:"answers,omitempty"`
	Ingests     []ingest             `json:"ingests,omitempty"`

	Seconds float64 `json:"seconds"` // wall time of everything
	start   time.Time
}

// collectionQuality is what quality measures.
type collectionQuality struct {
	Data               string   `json:"data"`
	Documents          int64    `json:"documents"`
	Queries            int      `json:"queries"` // with a relevant document
	VectorsPerDocument float64  `json:"vectors_per_document"`
	Results            []result `json:"results"`
}

// result is one way of searching in one form.
type result struct {
	Stored   string  `json:"stored"`
	Way      string  `json:"way"`
	NDCG10   float64 `json:"ndcg_at_10"`
	Relative float64 `json:"relative"` // to the first result: exact search in the first form
	OfExact  float64 `json:"of_exact"` // share of the first 10 of an exact search in this form that were found
	title    string
}

func (c *collectionQuality) add(r result) {
	c.Results = append(c.Results, r)
	if first := c.Results[0].NDCG10; first > 0 {
		c.Results[len(c.Results)-1].Relative = r.NDCG10 / first
	}
}

// fusions is what fusion measures.
type fusions struct {
	Collections []fusionCollection `json:"collections"`
	Rows        []fusionRow        `json:"rows"`
}

type fusionCollection struct {
	Data      string `json:"data"`
	Documents int    `json:"documents"`
	Queries   int    `json:"queries"` // with a relevant document
}

// fusionRow is one order of the documents.
type fusionRow struct {
	Order      string    `json:"order"`
	Candidates int       `json:"candidates,omitempty"` // of each side
	NDCG10     []float64 `json:"ndcg_at_10"`           // for each collection
}

// recallRow is what recall measures of a collection in one form.
type recallRow struct {
	Data        string        `json:"data"`
	Stored      string        `json:"stored"`
	Queries     int           `json:"queries"` // with a relevant document
	ExactNDCG10 float64       `json:"exact_ndcg_at_10"`
	Found       []recallFound `json:"found"`
	title       string
}

type recallFound struct {
	Asked   float64 `json:"asked"`
	OfExact float64 `json:"of_exact"` // share of the first 10 of an exact search that were found
	NDCG10  float64 `json:"ndcg_at_10"`
}

// sizes is what size measures.
type sizes struct {
	Data      string    `json:"data"`
	Documents int       `json:"documents"`
	Tokens    int       `json:"tokens"`     // vectors of a document, before pooling
	TextBytes int       `json:"text_bytes"` // of all documents
	Rows      []sizeRow `json:"rows"`
}

type sizeRow struct {
	Stored         string  `json:"stored"`
	FileBytes      int64   `json:"file_bytes"`
	Vectors        int64   `json:"vectors"`
	BytesPerVector float64 `json:"bytes_per_vector"` // everything divided by the vectors
	title          string
}

// latency is what latency measures.
type latency struct {
	Data            string    `json:"data"`
	Stored          string    `json:"stored"`
	Passages        int       `json:"passages"`
	Tokens          int       `json:"tokens"` // vectors of a passage, before pooling
	Building        *building `json:"building,omitempty"`
	FileBytes       int64     `json:"file_bytes"`
	Centroids       int       `json:"centroids"`
	OpenMS          float64   `json:"open_ms"`            // in a new process
	OpenAndSearchMS float64   `json:"open_and_search_ms"` // until the first search is answered
	Queries         int       `json:"queries"`
	VectorsPerQuery float64   `json:"vectors_per_query"`
	P50MS           float64   `json:"p50_ms"`
	P95MS           float64   `json:"p95_ms"`
	ProcessorP50MS  float64   `json:"processor_p50_ms"`
	ProcessorP95MS  float64   `json:"processor_p95_ms"`
	ExactQueries    int       `json:"exact_queries"`
	ExactP50MS      float64   `json:"exact_p50_ms"`
	Recall          float64   `json:"recall_of_exact"`
	SteadyBytes     int64     `json:"steady_bytes"` // resident after the searches
	PeakBytes       int64     `json:"peak_bytes"`
	title           string
}

// answer is what answer measures in one mode. The rest, beside encoding and
// searching, is evidence and snippets.
type answer struct {
	Data           string  `json:"data"`
	Stored         string  `json:"stored"`
	Documents      int64   `json:"documents"`
	Passages       int64   `json:"passages"`
	Mode           string  `json:"mode"`
	Queries        int     `json:"queries"`
	Rounds         int     `json:"rounds"`
	P50MS          float64 `json:"p50_ms"`
	P95MS          float64 `json:"p95_ms"`
	EncodingP50MS  float64 `json:"encoding_p50_ms"`
	EncodingP95MS  float64 `json:"encoding_p95_ms"`
	SearchingP50MS float64 `json:"searching_p50_ms"`
	SearchingP95MS float64 `json:"searching_p95_ms"`
	RestP50MS      float64 `json:"rest_p50_ms"`
	RestP95MS      float64 `json:"rest_p95_ms"`
	title          string
}

// ingest is what ingest measures.
type ingest struct {
	Data          string  `json:"data"`
	Stored        string  `json:"stored"`
	Passages      int     `json:"passages"`
	Tokens        int     `json:"tokens"`
	Added         int     `json:"added"` // documents of one call
	Rounds        int     `json:"rounds"`
	Empty         rounds  `json:"empty"`
	Large         rounds  `json:"large"`
	EmptySingleMS float64 `json:"empty_single_ms"` // a document in a call of its own
	LargeSingleMS float64 `json:"large_single_ms"`
	EncodingMS    float64 `json:"encoding_ms"` // of as many documents as one call adds
	Share         *share  `json:"share"`
	title         string
}

// share is which part of adding to an index is encoding.
type share struct {
	Entries         int     `json:"entries"`
	Passages        int     `json:"passages"`
	AddingSeconds   float64 `json:"adding_seconds"`   // encoding, storing, training
	EncodingSeconds float64 `json:"encoding_seconds"` // of the same passages, alone
	Median          float64 `json:"median_ratio"`     // of the latter to the former, over rounds
}

// rounds are times of one call.
type rounds struct {
	MeanMS    float64 `json:"mean_ms"`
	MedianMS  float64 `json:"median_ms"`
	LongestMS float64 `json:"longest_ms"`
}

func (r *report) begin(command string, b *bench) {
	info := b.model.Info()
	*r = report{
		ways:        b.ways(),
		Command:     command,
		Platform:    runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(),
		Driver:      store.Driver,
		Model:       info.Name,
		Fingerprint: info.Fingerprint,
		Dim:         info.Dim,
		Kernels:     info.Kernels,
		Threads:     b.threads,
		MaxTokens:   b.cut(),
		start:       time.Now(),
	}
}

func (r *report) print(out io.Writer, asJSON bool) error {
	r.Seconds = time.Since(r.start).Seconds()
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s, vectors of %d components, documents cut at %d tokens; %s; %s; %s kernels, %s; in all %.0f s\n",
		r.Model, r.Dim, r.MaxTokens, r.Platform, r.Driver, r.Kernels, count(r.Threads, "thread"), r.Seconds)
	r.qualityTable(&text)
	r.passagesTable(&text)
	r.fusionTable(&text)
	r.recallTable(&text)
	r.sizeTable(&text)
	r.latencyTable(&text)
	r.answerTable(&text)
	r.ingestTable(&text)
	_, err := io.WriteString(out, text.String())
	return err
}

// qualityTable has a row for each form of each collection.
func (r *report) qualityTable(text *strings.Builder) {
	if len(r.Collections) == 0 {
		return
	}
	fmt.Fprintln(text)
	for _, c := range r.Collections {
		fmt.Fprintf(text, "- %s: %s, %s, %.1f vectors a document\n",
			c.Data, count(int(c.Documents), "document"), count(c.Queries, "query"), c.VectorsPerDocument)
	}
	fmt.Fprintf(text, "\nnDCG@10 and, in brackets, what that is of the first one.\n\n| collection | stored as |")
	for _, w := range r.ways {
		fmt.Fprintf(text, " %s |", w.name)
	}
	columns := 2 + len(r.ways)
	pruned := len(r.ways) > 1
	if pruned {
		fmt.Fprint(text, " exact's hits that pruned has |")
		columns++
	}
	fmt.Fprintf(text, "\n|%s\n", strings.Repeat("---|", columns))
	for _, c := range r.Collections {
		name := c.Data
		for i := 0; i < len(c.Results); i += len(r.ways) {
			row := c.Results[i : i+len(r.ways)]
			fmt.Fprintf(text, "| %s | %s |", name, row[0].title)
			found := 0.0
			for _, cell := range row {
				fmt.Fprintf(text, " %s (%.1f %%) |", fraction(cell.NDCG10), 100*cell.Relative)
				if cell.Way == store.Pruned.String() {
					found = cell.OfExact
				}
			}
			if pruned {
				fmt.Fprintf(text, " %.1f %% |", 100*found)
			}
			fmt.Fprintln(text)
			name = ""
		}
	}
}

// fusionTable has a row for each order, and a column for each collection.
func (r *report) fusionTable(text *strings.Builder) {
	f := r.Fusions
	if f == nil {
		return
	}
	fmt.Fprintln(text)
	for _, c := range f.Collections {
		fmt.Fprintf(text, "- %s: %s, %s\n", c.Data, count(c.Documents, "document"), count(c.Queries, "query"))
	}
	fmt.Fprint(text, "\nnDCG@10.\n\n| order | candidates of each |")
	for _, c := range f.Collections {
		fmt.Fprintf(text, " %s |", c.Data)
	}
	fmt.Fprintf(text, " mean |\n|%s\n", strings.Repeat("---|", 3+len(f.Collections)))
	for _, row := range f.Rows {
		candidates, mean := "all", 0.0
		if row.Candidates > 0 {
			candidates = fmt.Sprint(row.Candidates)
		}
		fmt.Fprintf(text, "| %s | %s |", row.Order, candidates)
		for _, value := range row.NDCG10 {
			fmt.Fprintf(text, " %s |", fraction(value))
			mean += value / float64(len(row.NDCG10))
		}
		fmt.Fprintf(text, " %s |\n", fraction(mean))
	}
}

func (r *report) recallTable(text *strings.Builder) {
	if len(r.Recalls) == 0 {
		return
	}
	fmt.Fprint(text, "\nOf the first ten hits of exact search, those that pruned search has, and its nDCG@10.\n\n| collection | queries | stored as | exact |")
	for _, f := range r.Recalls[0].Found {
		fmt.Fprintf(text, " Recall %v |", f.Asked)
	}
	fmt.Fprintf(text, "\n|%s\n", strings.Repeat("---|", 4+len(r.Recalls[0].Found)))
	for _, row := range r.Recalls {
		fmt.Fprintf(text, "| %s | %d | %s | %s |", row.Data, row.Queries, row.title, fraction(row.ExactNDCG10))
		for _, f := range row.Found {
			fmt.Fprintf(text, " %.1f %% (%s) |", 100*f.OfExact, fraction(f.NDCG10))
		}
		fmt.Fprintln(text)
	}
}

func (r *report) sizeTable(text *strings.Builder) {
	s := r.Sizes
	if s == nil {
		return
	}
	fmt.Fprintf(text, "\n%s of %s each, made from %s; %s MB of text. MB are 10⁶ bytes.\n\n",
		count(s.Documents, "document"), count(s.Tokens, "vector"), s.Data, megabytes(int64(s.TextBytes)))
	fmt.Fprintf(text, "| stored as | file, MB | bytes a vector, everything included |\n|---|---|---|\n")
	for _, row := range s.Rows {
		fmt.Fprintf(text, "| %s | %s | %.1f |\n", row.title, megabytes(row.FileBytes), row.BytesPerVector)
	}
}

func (r *report) latencyTable(text *strings.Builder) {
	for _, l := range r.Latencies {
		fmt.Fprintf(text, "\n%s of %s each, made from %s; %s of %.1f vectors on average.\n\n| | |\n|---|---|\n",
			count(l.Passages, "passage"), count(l.Tokens, "vector"), l.Data, count(l.Queries, "query"), l.VectorsPerQuery)
		line := func(what, format string, values ...any) {
			fmt.Fprintf(text, "| %s | %s |\n", what, fmt.Sprintf(format, values...))
		}
		line("stored as", "%s, %s", l.title, count(l.Centroids, "centroid"))
		line("file", "%s MB", megabytes(l.FileBytes))
		if h := l.Building; h != nil {
			line("building", "%.0f s (%.0f passages/s, trainings included); longest call %.1f s", h.AddingSeconds, h.PassagesPerSecond, h.LongestAddSeconds)
		}
		line("opening, new process", "%.1f ms", l.OpenMS)
		line("opening and first search", "%.1f ms", l.OpenAndSearchMS)
		line("search, p50", "%.1f ms (processor %.1f)", l.P50MS, l.ProcessorP50MS)
		line("search, p95", "%.1f ms (processor %.1f)", l.P95MS, l.ProcessorP95MS)
		if l.ExactQueries > 0 {
			line("exact search, p50", "%.1f ms", l.ExactP50MS)
			line(fmt.Sprintf("exact's hits that were found, %s", count(l.ExactQueries, "query")), "%.1f %%", 100*l.Recall)
		}
		if l.PeakBytes > 0 {
			line("resident memory, steady", "%s MB", megabytes(l.SteadyBytes))
			line("resident memory, peak", "%s MB", megabytes(l.PeakBytes))
		}
	}
}

func (r *report) answerTable(text *strings.Builder) {
	for i, a := range r.Answers {
		if i == 0 || a.Stored != r.Answers[i-1].Stored {
			fmt.Fprintf(text, "\n%s in %s of %s, %s; %s, each %s; milliseconds, median (95th percentile).\n\n",
				count(int(a.Documents), "document"), count(int(a.Passages), "passage"), a.Data, a.title, count(a.Queries, "query"), count(a.Rounds, "time"))
			fmt.Fprintf(text, "| mode | index.Search | encoding the query | store.Search | evidence, snippets |\n|---|---|---|---|---|\n")
		}
		fmt.Fprintf(text, "| %s | %.1f (%.1f) | %.1f (%.1f) | %.1f (%.1f) | %.1f (%.1f) |\n", a.Mode,
			a.P50MS, a.P95MS, a.EncodingP50MS, a.EncodingP95MS, a.SearchingP50MS, a.SearchingP95MS, a.RestP50MS, a.RestP95MS)
	}
}

func (r *report) ingestTable(text *strings.Builder) {
	for _, i := range r.Ingests {
		fmt.Fprintf(text, "\n%s of %s each, made from %s, added to an empty store and to one of %s; %s; milliseconds.\n\n",
			count(i.Added, "document"), count(i.Tokens, "vector"), i.Data, count(i.Passages, "passage"), i.title)
		fmt.Fprintf(text, "| | empty | large | ratio |\n|---|---|---|---|\n")
		line := func(what string, empty, large float64) {
			fmt.Fprintf(text, "| %s | %.1f | %.1f | %.2f |\n", what, empty, large, large/empty)
		}
		line(fmt.Sprintf("in one call, median of %d", i.Rounds), i.Empty.MedianMS, i.Large.MedianMS)
		line("in one call, mean", i.Empty.MeanMS, i.Large.MeanMS)
		line("in one call, longest", i.Empty.LongestMS, i.Large.LongestMS)
		line("one call for each document", i.EmptySingleMS, i.LargeSingleMS)
		line(fmt.Sprintf("encoding (%.0f) and one call, mean", i.EncodingMS), i.EncodingMS+i.Empty.MeanMS, i.EncodingMS+i.Large.MeanMS)
		s := i.Share
		fmt.Fprintf(text, "\nIndexing %s (%s) %.1f s, encoding them alone %.1f s: %.1f %%; median of the rounds %.1f %%.\n",
			count(s.Entries, "document"), count(s.Passages, "passage"), s.AddingSeconds, s.EncodingSeconds,
			100*s.EncodingSeconds/s.AddingSeconds, 100*s.Median)
	}
}

// fraction is a number from 0 to 1 as the tables have it.
func fraction(x float64) string { return strings.TrimPrefix(fmt.Sprintf("%.4f", x), "0") }

// megabytes is in units of 10⁶ bytes.
func megabytes(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/1e6) }

// count is a number and what it counts.
func count(n int, what string) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n == 1 {
		return digits + " " + what
	}
	if stem, y := strings.CutSuffix(what, "y"); y {
		return digits + " " + stem + "ies"
	}
	return digits + " " + what + "s"
}
