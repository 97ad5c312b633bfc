package main

import (
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/edge/eval/trec"
)

// runComparison is what toller eval compare prints as JSON.
type runComparison struct {
	Queries int          `json:"queries"`
	Runs    []comparedTo `json:"runs"`
}

// comparedTo is a run beside the first one.
type comparedTo struct {
	File     string                `json:"file"`
	Tag      string                `json:"tag"`
	Measures map[string]runMeasure `json:"measures"`
	values   map[string][]float64  // by measure, of each query
}

// runMeasure is a measure's mean, and how it differs from the first run's.
type runMeasure struct {
	Mean   float64  `json:"mean"`
	Change *float64 `json:"change,omitempty"` // nil for the first run
	P      *float64 `json:"p,omitempty"`
	Low    *float64 `json:"low,omitempty"` // of 95 % confidence
	High   *float64 `json:"high,omitempty"`
	Wins   int      `json:"wins,omitempty"` // queries
	Losses int      `json:"losses,omitempty"`
}

func evalCompareCommand(o *options) *cobra.Command {
	var qrels string
	var measures []string
	cmd := &cobra.Command{
		Use:   "compare --qrels FILE RUN...",
		Short: "Compare runs with the first of them, and tell what may be chance",
		Long: `Compare runs, which are files as trec_eval reads them and toller eval --save-runs
writes. Each is held against the first: how much a measure's mean differs, between which
bounds the difference lies with 95 % confidence, on how many queries it is better and
worse, and how probable a difference at least as large would be if the two were alike
(p, from a paired randomisation test; below 0.05 is usually called significant, but
less so the more runs are compared).

Judgements are in trec_eval's format or BEIR's. Every judged query with a relevant
document counts, with zero where a run doesn't have it.`,
		Example: `  toller eval compare --qrels qrels.tsv bm25.trec reranked.trec`,
		Args:    arguments(1, anyNumber, "RUN..."),
		RunE: runs(func(cmd *cobra.Command, args []string) error {
			if qrels == "" {
				return usage("--qrels is missing, expected a file with judgements")
			}
			parsed, err := parseMeasures(measures)
			if err != nil {
				return err
			}
			return o.compareRuns(qrels, parsed, args)
		}),
	}
	cmd.Flags().StringVar(&qrels, "qrels", "", "file with the judgements")
	cmd.Flags().StringSliceVar(&measures, "measure", defaultMeasures, "measures to compare")
	return cmd
}

func (o *options) compareRuns(qrels string, measures []measure.Measure, paths []string) error {
	file, err := os.Open(qrels)
	if err != nil {
		return err
	}
	defer file.Close()
	judged, err := trec.ReadQrels(file, qrels)
	if err != nil {
		return err
	}
	queries := judged.Answerable()
	if len(queries) == 0 {
		return fmt.Errorf("%s: expected a grade of 1 or more for some query, found none", qrels)
	}
	result := &runComparison{Queries: len(queries)}
	for _, path := range paths {
		run, err := readRun(path)
		if err != nil {
			return err
		}
		row := newComparedTo(path, run, judged, queries, measures)
		if len(result.Runs) > 0 {
			if err := row.against(&result.Runs[0], measures); err != nil {
				return err
			}
		}
		result.Runs = append(result.Runs, row)
	}
	out := terminal.NewScreen(o.color)
	if o.json {
		return out.WriteJSON(result)
	}
	result.print(out, measures)
	return out.Flush()
}

func newComparedTo(path string, run *trec.Run, judged beir.Qrels, queries []string, measures []measure.Measure) comparedTo {
	c := comparedTo{File: path, Tag: run.Tag, Measures: make(map[string]runMeasure), values: make(map[string][]float64)}
	for _, m := range measures {
		values := make([]float64, len(queries))
		for i, query := range queries {
			values[i] = m.Of(run.Results[query], judged[query])
		}
		c.values[m.String()] = values
		c.Measures[m.String()] = runMeasure{Mean: mean(values)}
	}
	return c
}

// against fills in how the run differs from the first.
func (c *comparedTo) against(first *comparedTo, measures []measure.Measure) error {
	for _, m := range measures {
		name := m.String()
		d, err := measure.Compare(first.values[name], c.values[name])
		if err != nil {
			return err
		}
		c.Measures[name] = runMeasure{
			Mean: c.Measures[name].Mean, Change: &d.Mean, P: &d.P, Low: &d.Low, High: &d.High, Wins: d.Wins, Losses: d.Losses,
		}
	}
	return nil
}

func (r *runComparison) print(out *terminal.Screen, measures []measure.Measure) {
	widest := len("run")
	for _, c := range r.Runs {
		widest = max(widest, utf8.RuneCountInString(terminal.Clean(c.File)))
	}
	fmt.Fprintf(out, "%s\n", terminal.Count(r.Queries, "query"))
	for _, m := range measures {
		fmt.Fprintf(out, "\n%-*s  %7s  %7s  %-18s  %6s  %s\n", widest, "run", m, "change", "95 %", "p", "better/worse")
		for _, c := range r.Runs {
			v := c.Measures[m.String()]
			fmt.Fprintf(out, "%-*s  %7.4f", widest, terminal.Clean(c.File), v.Mean)
			if v.Change != nil {
				bounds := fmt.Sprintf("%+.4f … %+.4f", *v.Low, *v.High)
				fmt.Fprintf(out, "  %+7.4f  %-18s  %6.4f  %d/%d", *v.Change, bounds, *v.P, v.Wins, v.Losses)
			}
			fmt.Fprintln(out)
		}
	}
}
