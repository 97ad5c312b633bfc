package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/newfile"
	"github.com/toller-search/toller/edge/cmd/toller/plot"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/eval"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/measure"
)

// efficiencyFlags are the flags of toller eval efficiency.
type efficiencyFlags struct {
	*options
	models []string
	rounds int
	limit  int
	out    string
	force  bool
}

// efficiencyReport is what it prints as JSON.
type efficiencyReport struct {
	Version     string            `json:"version"`
	Machine     string            `json:"machine,omitempty"`
	Threads     int               `json:"threads"`
	Kernels     string            `json:"kernels"`
	Rounds      int               `json:"rounds"`
	Collections []string          `json:"collections"`
	Models      []modelEfficiency `json:"models"`
}

// modelEfficiency is what a model gives and what it takes.
type modelEfficiency struct {
	Model       string             `json:"model"`
	Fingerprint edge.Fingerprint   `json:"fingerprint"`
	Parameters  int                `json:"parameters"`
	Dim         int                `json:"dim"`
	NDCG10      float64            `json:"ndcg_at_10"` // mean over the collections
	Each        map[string]float64 `json:"ndcg_at_10_each"`
	Seconds     float64            `json:"seconds"` // encoding and scoring all, median of the rounds
	Fastest     float64            `json:"seconds_fastest"`
	Slowest     float64            `json:"seconds_slowest"`
	PerSecond   float64            `json:"documents_per_second"`
	MiB         float64            `json:"mib_of_10000_documents"`
}

func evalEfficiencyCommand(o *options) *cobra.Command {
	f := &efficiencyFlags{options: o}
	cmd := &cobra.Command{
		Use:   "efficiency COLLECTION...",
		Short: "Hold models' quality against the time and memory they take",
		Long: `Hold models' quality against the time and memory they take, as table 13 of the
technical report of mxbai-edge-colbert (arXiv 2510.14880) does: the mean nDCG@10 over
collections in which every document is ranked, the time to encode and score all of it on
this processor, and the memory for vectors in half precision of 10,000 documents of 300
tokens, which follows from their number of components. The report's collections are
those of NanoBEIR.

With --out the same is written into a folder: efficiency.json, efficiency.md and two
pictures, time.svg and memory.svg.`,
		Example: `  toller eval efficiency nanobeir/* --models builtin,models/mxbai-edge-colbert-v0-17m --out report/`,
		Args:    arguments(1, anyNumber, "COLLECTION..."),
		RunE:    runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args) }),
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.models, "models", nil, "models to compare (default: that of --model)")
	flags.IntVar(&f.rounds, "rounds", 1, "take the median time of so many rounds")
	flags.IntVar(&f.limit, "limit", 0, "ask only so many of the judged queries, the first (default all)")
	flags.StringVar(&f.out, "out", "", "write the report into this folder")
	flags.BoolVar(&f.force, "force", false, "overwrite files there")
	return cmd
}

func (f *efficiencyFlags) run(ctx context.Context, collections []string) error {
	if f.rounds < 1 {
		return usage("--rounds is %d, expected 1 or more", f.rounds)
	}
	if f.limit < 0 {
		return usage("--limit is %d, expected 0 or more", f.limit)
	}
	models := f.models
	if len(models) == 0 {
		models = []string{f.model}
	}
	report := &efficiencyReport{Version: version(), Machine: machineName(), Rounds: f.rounds}
	for _, dir := range collections {
		report.Collections = append(report.Collections, collectionName(dir))
	}
	for _, name := range models {
		one := *f.options
		one.model = name
		model, err := one.open()
		if err != nil {
			return err
		}
		row, err := f.measure(ctx, model, collections)
		info := model.Info()
		report.Threads, report.Kernels = info.Threads, info.Kernels
		model.Close()
		if err != nil {
			return err
		}
		report.Models = append(report.Models, row)
	}
	if err := f.writeReport(report); err != nil {
		return err
	}
	out := terminal.NewScreen(f.color)
	if f.json {
		return out.WriteJSON(report)
	}
	io.WriteString(out, report.markdown())
	return out.Flush()
}

func (f *efficiencyFlags) measure(ctx context.Context, model *edge.Model, collections []string) (modelEfficiency, error) {
	ndcg, err := measure.Parse("nDCG@10")
	if err != nil {
		return modelEfficiency{}, err
	}
	info := model.Info()
	row := modelEfficiency{
		Model: info.Name, Fingerprint: info.Fingerprint, Parameters: info.Parameters, Dim: info.Dim,
		Each: make(map[string]float64), MiB: float64(10_000*300*2*info.Dim) / (1 << 20),
	}
	var times []float64
	documents := 0
	for range f.rounds {
		total := 0.0
		documents = 0
		for _, dir := range collections {
			set, err := beir.Find(dir, "", "")
			if err != nil {
				return row, err
			}
			name := collectionName(dir)
			bar := terminal.NewProgress(info.Name+", "+name, !f.noProgress)
			e, err := eval.Evaluate(ctx, model, set, eval.Options{Rankings: []eval.Ranking{eval.Full}, Queries: f.limit, Progress: bar.Stage})
			bar.Close()
			if err != nil {
				return row, fmt.Errorf("%s: %w", name, err)
			}
			row.Each[name] = mean(e.Values(e.Runs[eval.Full], ndcg))
			total += (e.Cost.Encoding + e.Cost.Scoring).Seconds()
			documents += e.Cost.Encoded
		}
		times = append(times, total)
	}
	for _, value := range row.Each {
		row.NDCG10 += value / float64(len(row.Each))
	}
	row.Seconds, row.Fastest, row.Slowest = median(times), slices.Min(times), slices.Max(times)
	row.PerSecond = float64(documents) / row.Seconds
	return row, nil
}

// markdown is the report as a table.
func (r *efficiencyReport) markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "toller %s", r.Version)
	if r.Machine != "" {
		fmt.Fprintf(&text, ", %s", r.Machine)
	}
	fmt.Fprintf(&text, ", %s, %s kernels; %s: %s.\n\n", terminal.Count(r.Threads, "thread"), r.Kernels,
		terminal.Count(len(r.Collections), "collection"), strings.Join(r.Collections, ", "))
	fmt.Fprintf(&text, "| model | parameters | components | nDCG@10 | seconds | documents/s | MiB |\n|---|---|---|---|---|---|---|\n")
	for _, m := range r.Models {
		fmt.Fprintf(&text, "| %s | %.1fM | %d | %.4f | %.1f | %.1f | %.0f |\n", terminal.Clean(m.Model), float64(m.Parameters)/1e6, m.Dim, m.NDCG10, m.Seconds, m.PerSecond, m.MiB)
	}
	fmt.Fprintf(&text, "\nSeconds to encode and score all documents and queries (%s); MiB of half-precision vectors of 10,000 documents of 300 tokens.\n",
		rounds(r.Rounds))
	return text.String()
}

func rounds(n int) string {
	if n == 1 {
		return "one round"
	}
	return fmt.Sprintf("median of %d rounds", n)
}

// writeReport writes the files of --out.
func (f *efficiencyFlags) writeReport(r *efficiencyReport) error {
	if f.out == "" {
		return nil
	}
	if err := os.MkdirAll(f.out, 0o777); err != nil {
		return err
	}
	var time, memory []plot.Point
	for _, m := range r.Models {
		time = append(time, plot.Point{Name: m.Model, X: m.Seconds, Y: m.NDCG10})
		memory = append(memory, plot.Point{Name: m.Model, X: m.MiB, Y: m.NDCG10})
	}
	for name, write := range map[string]func(io.Writer) error{
		"efficiency.json": func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetIndent("", "  ")
			return encoder.Encode(r)
		},
		"efficiency.md": func(w io.Writer) error {
			_, err := io.WriteString(w, r.markdown()+"\n![quality and time](time.svg)\n![quality and memory](memory.svg)\n")
			return err
		},
		"time.svg":   (&plot.Scatter{Title: "Quality and time", X: "seconds to encode and score", Y: "nDCG@10", Points: time}).Write,
		"memory.svg": (&plot.Scatter{Title: "Quality and memory", X: "MiB of 10,000 documents", Y: "nDCG@10", Points: memory}).Write,
	} {
		if err := f.writeFile(filepath.Join(f.out, name), write); err != nil {
			return err
		}
	}
	return nil
}

func (f *efficiencyFlags) writeFile(path string, write func(io.Writer) error) error {
	file, err := newfile.Create(path, f.force)
	if err != nil {
		return err
	}
	defer file.Discard()
	if err := write(file); err != nil {
		return err
	}
	return file.Commit()
}
