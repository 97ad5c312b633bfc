// Command store measures the store on test collections in BEIR's layout (see
// package beir):
//
//	go run ./bench/cmd/store quality --data DIR [--data DIR ...]
//	go run ./bench/cmd/store passages --data DIR [--data DIR ...]
//	go run ./bench/cmd/store fusion --data DIR [--data DIR ...]
//	go run ./bench/cmd/store recall --data DIR [--data DIR ...]
//	go run ./bench/cmd/store size --data DIR
//	go run ./bench/cmd/store latency --data DIR
//	go run ./bench/cmd/store answer --data DIR
//	go run ./bench/cmd/store ingest --data DIR
//
// quality is nDCG@10 of every codec in every mode of searching, and what that
// is of exact search on fp32 vectors. Documents are stored whole, cut where
// bench/cmd/quality cuts them, so that exact search on fp32 is its ranking of
// all documents.
//
// passages is nDCG@10 of index.Search, with long documents cut into passages
// as an index cuts them, and a document as good as its best passage.
//
// fusion is nDCG@10 of BM25 and of MaxSim alone, and of many ways to make one
// order of both, on the scores of exact search on fp32 vectors.
//
// recall is how many of the first ten of an exact search a pruned one finds,
// for each recall that is asked for.
//
// size is the file size for each codec, with the same number of vectors for
// every document.
//
// latency is time and memory of searching a large store, in a process that
// does nothing else, and how many of the hits of an exact search a pruned one
// finds.
//
// answer is the time of index.Search as a program calls it, from a
// query's text to results with snippets, beside that of its parts.
//
// ingest is what adding documents to a large store costs beside adding them to
// an empty one, and what share of it is encoding.
//
// size, latency and ingest multiply the collection as package synthetic describes, so
// that only the collection itself has to be encoded. --work keeps encoded
// collections and large stores in a folder and uses them again.
//
// Tables in Markdown go to standard output, or with --json the same as one JSON
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
	"runtime"
	"slices"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
)

const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == searcherArgument {
		os.Exit(searcherMain())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// A command is one of the measurements.
type command struct {
	name    string
	summary string
	define  func(flags *flag.FlagSet, o *options)
	check   func(o *options) error
	measure func(b *bench, ctx context.Context) error
	several bool // collections
}

var commands = []command{
	{"quality", "nDCG@10 of every codec in every mode", qualityFlags, checkQuality, (*bench).quality, true},
	{"passages", "nDCG@10 of an index, long documents in passages", passagesFlags, checkQuality, (*bench).passagesQuality, true},
	{"fusion", "nDCG@10 of ways to join BM25 and MaxSim", fusionFlags, checkQuality, (*bench).fusion, true},
	{"recall", "what pruned search finds of exact search's hits", recallFlags, checkQuality, (*bench).recall, true},
	{"size", "file size for each codec", sizeFlags, checkSize, (*bench).size, false},
	{"latency", "time and memory of a search", latencyFlags, checkLatency, (*bench).latency, false},
	{"answer", "time of a search from a query's text to snippets", answerFlags, checkAnswer, (*bench).answer, false},
	{"ingest", "time of adding documents", ingestFlags, checkIngest, (*bench).ingest, false},
}

// options are the command line. What a command has no flag for stays zero.
type options struct {
	data      []string
	model     string
	maxTokens int
	threads   int
	work      string
	json      bool

	forms     []form
	limit     int // judged queries
	exactly   bool
	recalls   []float64
	documents int // of a store whose size is measured
	passages  int // of a large store
	tokens    int // vectors of a synthetic passage
	seed      uint64
	queries   int // that are timed
	exact     int // of these, that are answered exactly too
	hits      int
	opens     int
	adding    int // documents of one round
	rounds    int
	entries   int // of an index
}

// A bench is one run of a command.
type bench struct {
	options
	model  *edge.Model
	folder string // for stores
	report report
	stderr io.Writer
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "store: %v\n", err)
		return exitUsage
	}
	if err := execute(ctx, c, o, stdout, stderr); err != nil {
		if ctx.Err() != nil {
			return exitInterrupted
		}
		fmt.Fprintf(stderr, "store: %v\n", err)
		return exitFailure
	}
	return 0
}

func parse(args []string, stderr io.Writer) (*command, *options, error) {
	if len(args) == 0 || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		fmt.Fprintln(stderr, "usage: store COMMAND --data DIR [options]")
		for _, c := range commands {
			fmt.Fprintf(stderr, "  %-8s %s\n", c.name, c.summary)
		}
		if len(args) == 0 {
			return nil, nil, errors.New("expected a command")
		}
		return nil, nil, flag.ErrHelp
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		var names []string
		for _, c := range commands {
			names = append(names, c.name)
		}
		return nil, nil, fmt.Errorf("expected a command, one of %s, found %q", strings.Join(names, ", "), args[0])
	}
	c := &commands[i]
	o := &options{}
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Func("data", "`folder` of a collection", func(folder string) error {
		o.data = append(o.data, folder)
		return nil
	})
	flags.StringVar(&o.model, "model", "", "checkpoint `folder` or packed file (default the embedded model)")
	flags.IntVar(&o.maxTokens, "max-tokens", 0, "cut documents at `n` tokens (default the model's document length)")
	flags.IntVar(&o.threads, "threads", 1, "compute on `n` threads, 0 for all cores")
	flags.StringVar(&o.work, "work", "", "existing `folder` that keeps encoded collections and large stores (default a temporary one)")
	flags.BoolVar(&o.json, "json", false, "print JSON instead of tables")
	c.define(flags, o)
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(stderr, "usage: store %s --data DIR [options]\n", c.name)
			flags.SetOutput(stderr)
			flags.PrintDefaults()
		}
		return nil, nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case len(o.data) == 0:
		return nil, nil, errors.New("--data: expected the folder of a collection")
	case len(o.data) > 1 && !c.several:
		return nil, nil, fmt.Errorf("--data: expected one collection, found %d", len(o.data))
	case min(o.maxTokens, o.threads) < 0:
		return nil, nil, errors.New("--max-tokens, --threads: expected 0 or more")
	}
	return c, o, c.check(o)
}

// formsFlag defines the flag that says which forms of storing to measure.
func formsFlag(flags *flag.FlagSet, o *options, defaults string) {
	o.forms, _ = parseForms(defaults)
	flags.Func("as", "how to store vectors: `codecs` separated by commas, 4bit/2 for pooling by 2 (default "+defaults+")", func(list string) (err error) {
		o.forms, err = parseForms(list)
		return err
	})
}

func seedFlag(flags *flag.FlagSet, o *options) {
	flags.Uint64Var(&o.seed, "seed", 1, "`number` that synthetic passages depend on")
}

// execute prepares what all commands need, measures and prints.
func execute(ctx context.Context, c *command, o *options, stdout, stderr io.Writer) error {
	if o.threads > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(o.threads))
	} else {
		o.threads = runtime.GOMAXPROCS(0)
	}
	b := &bench{options: *o, folder: o.work, stderr: stderr}
	if b.folder == "" {
		folder, err := os.MkdirTemp("", "toller-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		b.folder = folder
	}
	var err error
	if b.model, err = open(o); err != nil {
		return err
	}
	defer b.model.Close()
	b.report.begin(c.name, b)
	if err := c.measure(b, ctx); err != nil {
		return err
	}
	return b.report.print(stdout, o.json)
}

func open(o *options) (*edge.Model, error) {
	if o.model == "" {
		return builtin.Open(edge.WithThreads(o.threads))
	}
	return edge.Open(o.model, edge.WithThreads(o.threads))
}
