// Command agree holds toller's vectors against those of the original libraries on
// random hard texts, which nobody has chosen or seen:
//
//	go run ./bench/cmd/agree --library pylate --python VENV/bin/python CHECKPOINT...
//
// Texts mix words, names of tokens, characters of all scripts, of control and for
// joining others, and spaces of all kinds. Each is encoded as a query and as a document
// by both. The Python has PyLate 1.6.0, or sentence-transformers 6.2.0, which
// bench/peers/setup.sh installs: the two can't be in one environment. A checkpoint is
// read as that library reads it.
//
// The exit status is 0, 1 after a failure or where vectors are apart, 2 after a mistake
// in the command line.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"

	"github.com/toller-search/toller/edge"
)

const (
	exitFailure = 1
	exitUsage   = 2

	mostShown = 10 // texts that are apart
)

var references = map[string]edge.Reference{"pylate": edge.PyLate, "sentence-transformers": edge.SentenceTransformers}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type options struct {
	python, runner, library string
	texts                   int
	seed                    uint64
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("agree", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.python, "python", "python3", "a Python with the library")
	flags.StringVar(&o.runner, "runner", "bench/peers/runners/vectors.py", "the script that encodes with it")
	flags.StringVar(&o.library, "library", "sentence-transformers", "pylate or sentence-transformers")
	flags.IntVar(&o.texts, "texts", 500, "how many texts")
	flags.Uint64Var(&o.seed, "seed", rand.Uint64(), "what they are drawn from (default: chance)")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if references[o.library] == "" || o.texts < 1 || flags.NArg() == 0 {
		fmt.Fprintln(stderr, "agree: expected checkpoints, --library pylate or sentence-transformers and --texts of 1 or more")
		return exitUsage
	}
	fmt.Fprintf(stderr, "%d texts, seed %d\n", o.texts, o.seed)
	code := 0
	for _, checkpoint := range flags.Args() {
		a, err := o.measure(ctx, checkpoint, stderr)
		if err != nil {
			fmt.Fprintf(stderr, "agree: %s: %v\n", checkpoint, err)
			return exitFailure
		}
		fmt.Fprintf(stdout, "%s: %d queries and documents, %d apart, the others by at most %.1e\n", checkpoint, a.compared, len(a.apart), a.worst)
		for _, text := range a.apart[:min(mostShown, len(a.apart))] {
			fmt.Fprintln(stdout, "  "+text)
			code = exitFailure
		}
	}
	return code
}

// measure compares one checkpoint.
func (o options) measure(ctx context.Context, checkpoint string, stderr io.Writer) (*agreement, error) {
	m, err := edge.Open(checkpoint, edge.WithReference(references[o.library]))
	if err != nil {
		return nil, err
	}
	defer m.Close()
	r := rand.New(rand.NewPCG(o.seed, 0))
	texts := make([]string, o.texts)
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for i := range texts {
		texts[i] = hardText(r)
		if err := encoder.Encode(texts[i]); err != nil {
			return nil, err
		}
	}
	library := exec.CommandContext(ctx, o.python, o.runner, o.library, checkpoint)
	library.Stdin, library.Stderr = &lines, stderr
	vectors, err := library.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.python, err)
	}
	return compare(ctx, m, texts, bytes.NewReader(vectors))
}
