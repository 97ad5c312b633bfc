package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/toller-search/toller/infer/simd"
)

// A report is all that is printed, and the JSON form.
type report struct {
	Platform   string             `json:"platform"`
	Cores      int                `json:"cores"`
	Kernels    string             `json:"kernels"` // toller's instruction set
	Model      string             `json:"model"`
	Parameters int                `json:"parameters"`
	Rounds     int                `json:"rounds"`
	Seed       uint64             `json:"seed"`
	Data       string             `json:"data,omitempty"`
	Tables     []table            `json:"tables"`
	Cosines    map[string]float64 `json:"cosines"` // least one to toller's vectors, by runtime
	Notes      []string           `json:"notes,omitempty"`
}

// A table is the runtimes on one input; toller is the first.
type table struct {
	Mode      string `json:"mode"`
	Threads   int    `json:"threads"`
	Documents int    `json:"documents"`
	Tokens    int    `json:"tokens"` // of all documents together
	Rows      []row  `json:"rows"`
}

// A row is one runtime and way of using it. Without times, it failed.
type row struct {
	Runtime      string    `json:"runtime"`
	Milliseconds []float64 `json:"milliseconds,omitempty"` // for all documents, by round
	Time         *summary  `json:"time,omitempty"`         // of Milliseconds
	Ratio        *summary  `json:"ratio,omitempty"`        // to toller's of the same round
}

func newReport(o options, m *model) *report {
	r := &report{
		Platform:   fmt.Sprintf("%s/%s, %s", runtime.GOOS, runtime.GOARCH, runtime.Version()),
		Cores:      runtime.NumCPU(),
		Kernels:    simd.Name(),
		Model:      filepath.Base(o.model),
		Parameters: m.parameters,
		Rounds:     o.rounds,
		Seed:       o.seed,
		Cosines:    make(map[string]float64),
	}
	if o.data != "" {
		r.Data = filepath.Base(o.data)
	}
	return r
}

func (r *report) note(format string, arguments ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, arguments...))
}

// summarize fills in what follows from the times; base are toller's.
func (w *row) summarize(base []float64) {
	if len(w.Milliseconds) == 0 {
		return
	}
	time, ratio := summarize(w.Milliseconds), summarize(ratios(w.Milliseconds, base))
	w.Time, w.Ratio = &time, &ratio
}

// print writes the tables as Markdown.
func (r *report) print(out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s, %d parameters. %s, %d cores, kernels %s. %d rounds: median (quartiles); a ratio is the runtime's time over toller's.\n",
		r.Model, r.Parameters, r.Platform, r.Cores, r.Kernels, r.Rounds)
	r.printLatency(w)
	for _, t := range r.Tables {
		if t.Mode == modeThroughput {
			r.printThroughput(w, t)
		}
	}
	if len(r.Cosines) > 0 {
		fmt.Fprintf(w, "\nLeast cosine to toller's vectors:")
		between := " "
		for _, p := range allPeers {
			if c, ok := r.Cosines[p.title]; ok {
				fmt.Fprintf(w, "%s%s %.6f", between, p.title, c)
				between = ", "
			}
		}
		fmt.Fprintln(w)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "\n%s\n", note)
	}
	return w.Flush()
}

// printLatency writes a table for each number of threads, with a column for
// each runtime and a line for each length.
func (r *report) printLatency(w io.Writer) {
	threads := 0 // of the table that is being written
	var columns []string
	for i, t := range r.Tables {
		if t.Mode != modeLatency {
			continue
		}
		if t.Threads != threads {
			threads = t.Threads
			columns = r.latencyColumns(i)
			fmt.Fprintf(w, "\nMilliseconds for one document, %s:\n\n| tokens | %s", countThreads(threads), columns[0])
			for _, name := range columns[1:] {
				fmt.Fprintf(w, " | %s | ratio", name)
			}
			fmt.Fprintf(w, " |\n|%s\n", strings.Repeat("---|", 2*len(columns)))
		}
		fmt.Fprintf(w, "| %d", t.Tokens)
		for c, name := range columns {
			var found row
			for _, row := range t.Rows {
				if row.Runtime == name {
					found = row
				}
			}
			fmt.Fprintf(w, " | %s", found.Time)
			if c > 0 {
				fmt.Fprintf(w, " | %s", found.Ratio)
			}
		}
		fmt.Fprintln(w, " |")
	}
}

// latencyColumns returns the runtimes of the latency tables with as many
// threads as that one: a runtime may be missing in some.
func (r *report) latencyColumns(first int) []string {
	columns := []string{r.Tables[first].Rows[0].Runtime}
	for _, p := range allPeers {
		for _, t := range r.Tables[first:] {
			if t.Mode == modeLatency && t.Threads == r.Tables[first].Threads && t.has(p.title) {
				columns = append(columns, p.title)
				break
			}
		}
	}
	return columns
}

func (t table) has(runtime string) bool {
	for _, row := range t.Rows {
		if row.Runtime == runtime {
			return true
		}
	}
	return false
}

func (r *report) printThroughput(w io.Writer, t table) {
	from := "random tokens"
	if r.Data != "" {
		from = r.Data
	}
	fmt.Fprintf(w, "\nDocuments per second, %s, %d documents of %s, %d tokens in all:\n\n| | documents/s | ratio |\n|---|---|---|\n",
		countThreads(t.Threads), t.Documents, from, t.Tokens)
	for i, row := range t.Rows {
		var rate, ratio *summary
		if row.Time != nil {
			rate = row.Time.rate(t.Documents)
		}
		if i > 0 {
			ratio = row.Ratio
		}
		fmt.Fprintf(w, "| %s | %s | %s |\n", row.Runtime, rate, ratio)
	}
}

// rate turns milliseconds for so many documents into documents per second.
func (s summary) rate(documents int) *summary {
	n := 1e3 * float64(documents)
	return &summary{Median: n / s.Median, Low: n / s.High, High: n / s.Low}
}

// String writes three significant digits, and a dash where nothing was
// measured.
func (s *summary) String() string {
	if s == nil {
		return "–"
	}
	return fmt.Sprintf("%s (%s–%s)", digits(s.Median), digits(s.Low), digits(s.High))
}

func digits(x float64) string {
	switch {
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

func (r *report) writeJSON(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
