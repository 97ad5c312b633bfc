// Command quality measures how well a model ranks a retrieval test collection
// in BEIR's layout (see package beir):
//
//	go run ./bench/cmd/quality --data DIR [--model PATH] [--mode bm25,rerank,full]
//
// It reports nDCG@10, Recall@100 and MRR@10, as package metrics defines them,
// of three rankings:
//
//	bm25    the lexical baseline of package bm25
//	rerank  BM25's best documents (--top), put in the model's order
//	full    all documents in the model's order
//
// Documents are title and text joined by a space, queries their text. The
// corpus is read twice and streamed both times: once to index it and once to
// encode it, each document a single time for all queries and rankings. Nothing
// of it is kept but ids, term counts and the best results, so memory grows
// slowly with the corpus and not with the number of vectors.
//
// The table goes to standard output, or with --json the same as one JSON
// object; progress goes to standard error. The exit status is 0, 1 after a
// failure, 2 after a mistake in the command line and 130 when interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/toller-search/toller/bench/beir"
	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
)

const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the command line.
type options struct {
	data, queries, qrels string
	model                string
	modes                []string
	top                  int
	limit                int
	maxTokens            int
	pool                 int
	threads              int
	json                 bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "quality: %v\n", err)
		return exitUsage
	}
	if err := evaluate(ctx, o, stdout, stderr); err != nil {
		if ctx.Err() != nil {
			return exitInterrupted
		}
		fmt.Fprintf(stderr, "quality: %v\n", err)
		return exitFailure
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var modes string
	flags := flag.NewFlagSet("quality", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.data, "data", "", "`folder` of the collection")
	flags.StringVar(&o.queries, "queries", "", "`file` of that folder with the queries (default queries.jsonl)")
	flags.StringVar(&o.qrels, "qrels", "", "`file` of that folder with the judgements (default qrels.tsv or qrels/test.tsv)")
	flags.StringVar(&o.model, "model", "", "checkpoint `folder` or packed file (default the embedded model)")
	flags.StringVar(&modes, "mode", strings.Join(allModes, ","), "rankings to measure, separated by commas")
	flags.IntVar(&o.top, "top", depth, "how many of BM25's best documents to rerank")
	flags.IntVar(&o.limit, "limit", 0, "use the first `n` judged queries only (default all)")
	flags.IntVar(&o.maxTokens, "max-tokens", 0, "cut documents at `n` tokens (default the model's document length)")
	flags.IntVar(&o.pool, "pool", 0, "pool document vectors to one in `n`")
	flags.IntVar(&o.threads, "threads", 0, "compute on `n` threads (default all cores)")
	flags.BoolVar(&o.json, "json", false, "print JSON instead of a table")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, "usage: quality --data DIR [options]")
			flags.SetOutput(stderr)
			flags.PrintDefaults()
		}
		return o, err
	}
	o.modes = strings.Split(modes, ",")
	for _, mode := range o.modes {
		if !slices.Contains(allModes, mode) {
			return o, fmt.Errorf("--mode: expected some of %s, found %q", strings.Join(allModes, ","), mode)
		}
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.data == "":
		return o, errors.New("--data: expected the folder of a collection")
	case o.top < 1:
		return o, fmt.Errorf("--top: expected at least 1, found %d", o.top)
	case min(o.limit, o.maxTokens, o.pool, o.threads) < 0:
		return o, errors.New("--limit, --max-tokens, --pool, --threads: expected 0 or more")
	}
	return o, nil
}

// evaluate runs the whole measurement and prints it.
func evaluate(ctx context.Context, o options, stdout, stderr io.Writer) error {
	set, err := beir.Find(o.data, o.queries, o.qrels)
	if err != nil {
		return err
	}
	r := newReport(o)
	c, err := load(ctx, set, o, stderr)
	if err != nil {
		return err
	}
	r.setCollection(c)

	found := make(map[string]rankings)
	if o.wants(bm25Mode) || o.wants(rerankMode) {
		if found[bm25Mode], err = c.bm25(ctx, max(depth, o.top)); err != nil {
			return err
		}
	}
	if o.wants(rerankMode) || o.wants(fullMode) {
		m, err := open(o)
		if err != nil {
			return err
		}
		defer m.Close()
		p, err := newPass(ctx, m, c, o, found[bm25Mode])
		if err != nil {
			return err
		}
		if err := p.corpus(ctx, stderr); err != nil {
			return err
		}
		found[rerankMode], found[fullMode] = collect(p.reranking), collect(p.ranking)
		r.setModel(m.Info(), p)
	}
	for _, mode := range allModes {
		if o.wants(mode) {
			r.Results = append(r.Results, measure(mode, found[mode], c))
		}
	}
	return r.print(stdout, o.json)
}

func open(o options) (*edge.Model, error) {
	if o.model == "" {
		return builtin.Open(edge.WithThreads(o.threads))
	}
	return edge.Open(o.model, edge.WithThreads(o.threads))
}

func (o options) wants(mode string) bool {
	return slices.Contains(o.modes, mode)
}
