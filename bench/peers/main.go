// Command peers measures how fast toller encodes beside other CPU runtimes,
// on the same checkpoint, the same token ids and the same machine at the same
// time:
//
//	go run ./bench/peers --work DIR [--model CHECKPOINT] [--mode latency,throughput]
//
// setup.sh puts the other runtimes and the converted checkpoint into DIR; what
// isn't there is named and left out. In each round every runtime has a turn,
// A B C A B C, so that whatever else the machine does meets all of them. A
// ratio is computed within a round, and its median and quartiles over the
// rounds are reported. README.md says what is in the times and what isn't.
//
// The tables go to standard output and, with --json FILE, all single times to
// a file; progress goes to standard error. The exit status is 0, 1 after a
// failure, 2 after a mistake in the command line and 130 when interrupted;
// what was measured until then is printed in any case.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

const (
	modeLatency    = "latency"    // one document at a time, by length
	modeThroughput = "throughput" // many documents of different lengths
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the command line.
type options struct {
	work      string
	model     string
	modes     []string
	peers     []peer
	lengths   []int // tokens
	threads   []int
	rounds    int
	turn      time.Duration // short runs are repeated that long in a turn
	timeout   time.Duration // of one turn
	documents int           // of the throughput mode
	data      string
	seed      uint64
	json      string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "peers: %v\n", err)
		return exitUsage
	}
	r, err := measure(ctx, o, stderr)
	if r != nil {
		err = errors.Join(err, r.print(stdout))
		if o.json != "" {
			err = errors.Join(err, r.writeJSON(o.json))
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return exitInterrupted
	case err != nil:
		fmt.Fprintf(stderr, "peers: %v\n", err)
		return exitFailure
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var modes, names, lengths, threads string
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.work, "work", "", "`folder` that setup.sh filled")
	flags.StringVar(&o.model, "model", "", "checkpoint that setup.sh converted (default m/edge-17m-shape of the work folder)")
	flags.StringVar(&modes, "mode", modeLatency+","+modeThroughput, "what to measure, separated by commas")
	flags.StringVar(&names, "peers", strings.Join(peerNames(), ","), "runtimes to compare with, separated by commas")
	flags.StringVar(&lengths, "lens", "16,128,300,512", "latency: lengths in tokens")
	flags.StringVar(&threads, "threads", "1,all", "numbers of threads")
	flags.IntVar(&o.rounds, "rounds", 9, "how often each runtime has its turn")
	flags.DurationVar(&o.turn, "turn", 50*time.Millisecond, "latency: repeat shorter runs that long and take the median")
	flags.DurationVar(&o.timeout, "timeout", 5*time.Minute, "give a runtime up after that long in one turn")
	flags.IntVar(&o.documents, "documents", 64, "throughput: number of documents")
	flags.StringVar(&o.data, "data", "", "throughput: `folder` of a BEIR collection to take them from (default random tokens)")
	flags.Uint64Var(&o.seed, "seed", 1, "of random tokens and lengths")
	flags.StringVar(&o.json, "json", "", "also write all times to this `file`")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, "usage: peers --work DIR [options]")
			flags.SetOutput(stderr)
			flags.PrintDefaults()
		}
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.work == "":
		return o, errors.New("--work: expected the folder that bench/peers/setup.sh filled")
	case o.rounds < 1:
		return o, fmt.Errorf("--rounds: expected 1 or more, found %d", o.rounds)
	case o.documents < 1:
		return o, fmt.Errorf("--documents: expected 1 or more, found %d", o.documents)
	case o.turn < 0:
		return o, fmt.Errorf("--turn: expected no negative time, found %v", o.turn)
	case o.timeout <= 0:
		return o, fmt.Errorf("--timeout: expected a positive time, found %v", o.timeout)
	}
	o.modes = strings.Split(modes, ",")
	for _, mode := range o.modes {
		if mode != modeLatency && mode != modeThroughput {
			return o, fmt.Errorf("--mode: expected some of %s,%s, found %q", modeLatency, modeThroughput, mode)
		}
	}
	var err error
	if o.peers, err = findPeers(names); err != nil {
		return o, fmt.Errorf("--peers: %w", err)
	}
	if o.lengths, err = positive(lengths); err != nil {
		return o, fmt.Errorf("--lens: %w", err)
	}
	all := strconv.Itoa(runtime.NumCPU())
	if o.threads, err = positive(strings.ReplaceAll(threads, "all", all)); err != nil {
		return o, fmt.Errorf("--threads: %w", err)
	}
	// The children run in the work folder, so paths must not be relative.
	if o.work, err = filepath.Abs(o.work); err != nil {
		return o, fmt.Errorf("--work: %w", err)
	}
	if o.model == "" {
		o.model = filepath.Join(o.work, "m", "edge-17m-shape")
	}
	if o.model, err = filepath.Abs(o.model); err != nil {
		return o, fmt.Errorf("--model: %w", err)
	}
	return o, nil
}

// positive reads numbers of 1 or more, separated by commas, each once.
func positive(list string) ([]int, error) {
	var numbers []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("expected numbers of 1 or more, separated by commas, found %q", field)
		}
		if !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}
