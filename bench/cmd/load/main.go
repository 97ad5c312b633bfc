// Command load puts a server under mixed load from another process:
//
//	go build -o DIR/toller ./edge/cmd/toller
//	go run ./bench/cmd/load --toller DIR/toller [--model PATH] [--seconds 60]
//
// It starts toller serve and sends, at the same time,
//
//	queries   texts to encode as queries, at a steady pace: what somebody waits for
//	reranks   20 passages a time, half of them seen before, one after the other
//	longs     one document of --long tokens a time, one after the other
//	bads      bodies that are cut, too large or of a wrong type, at a steady pace
//
// after a quarter of the time with queries alone, to compare with. It prints how
// many of each were answered and how fast, the server's memory over time, and how
// many answers weren't what was expected: none should be. The exit status is 0, 1
// after a failure or an unexpected answer, 2 after a mistake in the command line.
//
// With --peer, the command of another server that answers POST /v1/rerank and says
// its address as toller serve does, it measures the two side by side instead: in
// turns, the same reranks of 20 passages that neither has seen, by one client and by
// several at once. MultiVectorEncoder of sentence-transformers is such a one:
//
//	bench/peers/setup.sh DIR
//	go run ./bench/cmd/load --toller DIR/toller --model CHECKPOINT \
//	  --peer 'DIR/venv/bin/python bench/peers/runners/multivector.py CHECKPOINT'
//
// The processors are shared by both processes. Load from elsewhere makes times
// meaningless; the ratio of queries alone to queries beside the others is less so.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

type options struct {
	toller, model, texts string
	seconds, long, cache int

	peer                      string
	rounds, requests, clients int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.toller, "toller", "", "the command to start")
	flags.StringVar(&o.model, "model", "builtin", "its model")
	flags.StringVar(&o.texts, "texts", "testdata/abstracts.jsonl", "JSONL whose \"text\" passages are made of")
	flags.IntVar(&o.seconds, "seconds", 60, "how long, a quarter of it with queries alone")
	flags.IntVar(&o.cache, "cache", 32, "MB of documents' vectors that it keeps: little, so that memory is level soon")
	flags.IntVar(&o.long, "long", 512, "tokens of a long document; 32768 needs a model that reads so many")
	flags.StringVar(&o.peer, "peer", "", "the command of a server to measure beside, its words parted by spaces")
	flags.IntVar(&o.rounds, "rounds", 9, "with --peer: turns of each")
	flags.IntVar(&o.requests, "requests", 12, "with --peer: reranks in a turn")
	flags.IntVar(&o.clients, "clients", 4, "with --peer: clients at once, after a measurement with one")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if o.rounds < 1 || o.requests < 1 || o.clients < 1 {
		fmt.Fprintln(stderr, "load: expected --rounds, --requests and --clients of 1 or more")
		return exitUsage
	}
	if o.toller == "" || o.seconds < 4 || o.long < 16 || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "load: expected --toller PATH, --seconds of 4 or more and --long of 16 or more")
		return exitUsage
	}
	if o.peer != "" {
		if err := compare(ctx, o, stdout, stderr); err != nil {
			fmt.Fprintln(stderr, "load:", err)
			return exitFailure
		}
		return 0
	}
	report, err := measure(ctx, o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "load:", err)
		return exitFailure
	}
	report.print(stdout)
	if report.unexpected() > 0 {
		return exitFailure
	}
	return 0
}

func measure(ctx context.Context, o options, stderr io.Writer) (*report, error) {
	texts, err := readTexts(o.texts)
	if err != nil {
		return nil, err
	}
	url, stop, err := startServer(ctx, o.command(), stderr)
	if err != nil {
		return nil, err
	}
	defer stop()
	t := newTraffic(url, texts, o.long)
	whole := time.Duration(o.seconds) * time.Second
	return t.run(ctx, whole/4, whole-whole/4)
}

// compare measures beside the peer, with one client and with several.
func compare(ctx context.Context, o options, stdout, stderr io.Writer) error {
	texts, err := readTexts(o.texts)
	if err != nil {
		return err
	}
	var both [2]*traffic
	for i, command := range [][]string{o.command(), strings.Fields(o.peer)} {
		url, stop, err := startServer(ctx, command, stderr)
		if err != nil {
			return err
		}
		defer stop()
		both[i] = newTraffic(url, texts, o.long)
	}
	for _, clients := range slices.Compact([]int{1, o.clients}) {
		b := beside{rounds: o.rounds, requests: o.requests,
			contenders: [2]*contender{{name: "toller", traffic: both[0]}, {name: "peer", traffic: both[1]}}}
		if err := b.run(ctx, clients); err != nil {
			return err
		}
		b.print(stdout, clients)
	}
	return nil
}

func (o options) command() []string {
	return []string{o.toller, "serve", "--listen", "127.0.0.1:0", "--model", o.model, "--cache", strconv.Itoa(o.cache)}
}

// startServer starts a server that says " at " and its address on its first line of
// standard error, and returns the address and how to stop it.
func startServer(ctx context.Context, command []string, stderr io.Writer) (url string, stop func(), err error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "TOLLER_TOKEN=")
	said, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	lines := bufio.NewReader(said)
	line, err := lines.ReadString('\n')
	for err == nil && !strings.Contains(line, " at http") {
		fmt.Fprint(stderr, line)
		line, err = lines.ReadString('\n')
	}
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return "", nil, fmt.Errorf("%s: expected its address, found its end", command[0])
	}
	fmt.Fprint(stderr, line)
	_, url, _ = strings.Cut(strings.TrimSpace(line), " at ")
	go io.Copy(stderr, lines)
	return url, func() {
		cmd.Process.Kill()
		cmd.Wait()
	}, nil
}
