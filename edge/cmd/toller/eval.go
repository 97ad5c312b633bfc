package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/newfile"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/eval"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/edge/eval/trec"
)

// evalFlags are the flags of toller eval.
type evalFlags struct {
	*options
	encoding
	rankings       []string
	measures       []string
	queries, qrels string // files of the collection's folder
	limit          int
	candidates     string // a run
	top            int
	save           string // folder for runs
	force          bool
}

// defaultMeasures are what BEIR's tables show.
var defaultMeasures = []string{"nDCG@10", "AP@100", "R@100", "RR@10"}

func evalCommand(o *options) *cobra.Command {
	f := &evalFlags{options: o}
	cmd := &cobra.Command{
		Use:   "eval COLLECTION...",
		Short: "Measure how well a model ranks test collections",
		Long: `Measure how well a model ranks test collections, each a folder in the layout of the
BEIR benchmark: corpus.jsonl with the documents, queries.jsonl, and qrels.tsv or
qrels/test.tsv, which say which documents answer which queries; each may be gzipped.

There are four rankings. bm25 is full text alone, the baseline. rerank puts the best
documents (--top) of bm25, or of a run from elsewhere (--run), in the model's order.
full is all documents in the model's order. search is what toller search would give
from an index of the documents: passages, joined with full text.

Measures have the names that ir-measures gives them: nDCG, AP, RR, R, P and Success,
with a cutoff after @. They equal trec_eval's, where ties are broken by document id;
they are means over the queries that have a relevant document.`,
		Example: `  toller eval datasets/scifact
  toller eval datasets/scifact --rank rerank --run pyserini.trec --measure nDCG@10,R@100
  toller eval datasets/* --rank full --save-runs runs/
  toller eval compare runs/scifact.bm25.trec runs/scifact.full.trec --qrels datasets/scifact/qrels.tsv`,
		Args: arguments(1, anyNumber, "COLLECTION..."),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args) }),
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.rankings, "rank", rankingNames(), "rankings to measure")
	flags.StringSliceVar(&f.measures, "measure", defaultMeasures, "measures to show")
	flags.StringVar(&f.queries, "queries", "", "file of the folder with the queries (default queries.jsonl)")
	flags.StringVar(&f.qrels, "qrels", "", "file of the folder with the judgements (default qrels.tsv or qrels/test.tsv)")
	flags.IntVar(&f.limit, "limit", 0, "ask only so many of the judged queries, the first (default all)")
	flags.StringVar(&f.candidates, "run", "", "rerank the results in this file, a run as trec_eval reads it")
	flags.IntVar(&f.top, "top", 100, "best candidates to rerank")
	flags.StringVar(&f.save, "save-runs", "", "write each ranking into this folder, as COLLECTION.RANKING.trec")
	flags.BoolVar(&f.force, "force", false, "overwrite files of --save-runs")
	f.encoding.add(cmd)
	completes(cmd, "rank", rankingNames())
	cmd.AddCommand(evalCompareCommand(o), evalPasskeyCommand(o), evalNeedleCommand(o), evalEfficiencyCommand(o))
	return cmd
}

func rankingNames() []string {
	var names []string
	for _, r := range eval.Rankings {
		names = append(names, string(r))
	}
	return names
}

func (f *evalFlags) run(ctx context.Context, collections []string) (err error) {
	settings, measures, err := f.settings(len(collections))
	if err != nil {
		return err
	}
	temporary, remove, err := newfile.TemporaryFolder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	settings.Folder = temporary
	model, err := f.open()
	if err != nil {
		return err
	}
	defer model.Close()
	report := newEvalReport(model, measures)
	var unsaved error // what was found is shown all the same
	for _, dir := range collections {
		set, err := beir.Find(dir, f.queries, f.qrels)
		if err != nil {
			return err
		}
		name := collectionName(dir)
		e, err := f.evaluate(ctx, model, set, name, settings)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		unsaved = errors.Join(unsaved, f.saveRuns(name, e))
		report.add(name, e, settings, measures)
	}
	out := terminal.NewScreen(f.color)
	if f.json {
		return errors.Join(out.WriteJSON(report), unsaved)
	}
	report.print(out)
	return errors.Join(out.Flush(), unsaved)
}

// settings checks the flags and makes of them what package eval takes.
func (f *evalFlags) settings(collections int) (eval.Options, []measure.Measure, error) {
	o := eval.Options{Top: f.top, Queries: f.limit, MaxTokens: f.maxTokens, PoolFactor: f.pool}
	if err := f.encoding.check(); err != nil {
		return o, nil, err
	}
	switch {
	case f.top < 1:
		return o, nil, usage("--top is %d, expected 1 or more", f.top)
	case f.limit < 0:
		return o, nil, usage("--limit is %d, expected 0 or more", f.limit)
	case f.candidates != "" && collections > 1:
		return o, nil, usage("--run goes with one collection, found %d", collections)
	}
	for _, name := range f.rankings {
		if err := oneOf("rank", name, rankingNames()); err != nil {
			return o, nil, err
		}
		o.Rankings = append(o.Rankings, eval.Ranking(name))
	}
	measures, err := parseMeasures(f.measures)
	if err != nil {
		return o, nil, err
	}
	for _, m := range measures {
		if depth := m.Depth(); depth != math.MaxInt {
			o.Depth = max(o.Depth, depth, 100)
		}
	}
	if f.candidates != "" {
		if o.Candidates, err = readRun(f.candidates); err != nil {
			return o, nil, err
		}
	}
	return o, measures, nil
}

func parseMeasures(names []string) ([]measure.Measure, error) {
	var measures []measure.Measure
	for _, name := range names {
		m, err := measure.Parse(name)
		if err != nil {
			return nil, usageError{err}
		}
		measures = append(measures, m)
	}
	if len(measures) == 0 {
		return nil, usage("--measure is empty, expected some such as nDCG@10")
	}
	return measures, nil
}

func (f *evalFlags) evaluate(ctx context.Context, model *edge.Model, set beir.Set, name string, o eval.Options) (*eval.Evaluation, error) {
	bar := terminal.NewProgress(name, !f.noProgress)
	defer bar.Close()
	o.Progress = func(stage string, done, total int) {
		bar.Describe(name + ", " + stage)
		bar.Update(done, total)
	}
	e, err := eval.Evaluate(ctx, model, set, o)
	if err == nil && e.Lost > 0 {
		// Some published collections are like this; trec_eval counts such documents as
		// relevant and not found.
		bar.Close()
		note("%s: %s not in %s, counted as not found", name, terminal.Count(e.Lost, "relevant document"), set.Corpus)
	}
	return e, err
}

// collectionName is the name of a collection's folder.
func collectionName(dir string) string {
	if full, err := filepath.Abs(dir); err == nil {
		dir = full
	}
	return filepath.Base(dir)
}

func readRun(path string) (*trec.Run, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return trec.Read(file, path)
}

// saveRuns writes what was found where --save-runs says.
func (f *evalFlags) saveRuns(name string, e *eval.Evaluation) error {
	if f.save == "" {
		return nil
	}
	if err := os.MkdirAll(f.save, 0o777); err != nil {
		return err
	}
	for ranking, run := range e.Runs {
		path := filepath.Join(f.save, fmt.Sprintf("%s.%s.trec", name, ranking))
		if err := writeRun(path, run, f.force); err != nil {
			return err
		}
	}
	return nil
}

func writeRun(path string, run *trec.Run, force bool) (err error) {
	file, err := newfile.Create(path, force)
	if err != nil {
		return err
	}
	defer file.Discard()
	if err := run.Write(file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return file.Commit()
}

// rankingTitle is what a table calls a ranking.
func rankingTitle(r eval.Ranking, o eval.Options) string {
	switch r {
	case eval.BM25:
		return "BM25"
	case eval.Rerank:
		of := "BM25's"
		if o.Candidates != nil {
			of = strings.ReplaceAll(terminal.Clean(o.Candidates.Tag), " ", "") + "'s"
		}
		return fmt.Sprintf("%s best %d, reranked", of, o.Top)
	case eval.Full:
		return "all documents"
	default:
		return "an index's search"
	}
}
