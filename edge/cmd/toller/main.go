// Command toller ranks and searches text by meaning, on this machine, with a
// late-interaction (ColBERT) model.
//
//	toller rank QUERY [PATH...]     order files, folders, lines or JSONL records by relevance
//	toller explain QUERY [PATH]     show which words of a document answer which words of the query
//	toller encode --query TEXT      print the vectors of a text
//	toller info                     describe the model and this machine's kernels
//	toller pack CHECKPOINT -o FILE  write a checkpoint as one file
//	toller pull ID                  fetch a model from the hub
//	toller models                   list the models on this machine
//	toller selftest                 check this machine's arithmetic against recorded vectors
//	toller bench                    measure how fast this machine is, in one line
//
//	toller index PATH...            read files into an index, or bring it up to date
//	toller search QUERY             search the index
//	toller status                   describe the index
//	toller rm (KEY | PATH)...       take files out of the index
//	toller check                    check that the index is undamaged
//	toller compact                  make the index's file as small as it can be
//	toller export DIR               write the index as JSONL and a NumPy array
//	toller import DIR               read what export wrote
//
//	toller push --engine ENGINE     bring the index into an engine for many machines
//	toller serve                    answer over HTTP
//	toller mcp                      let an agent search the index
//	toller eval COLLECTION...       measure how well a model ranks test collections
//
// Results go to standard output, notes and progress to standard error. Exit codes are
// grep's: 0 on success, 1 if nothing was found or what was checked is not as it should
// be, 2 for an error, of the command line or any other; 130 after Ctrl-C and 143 after
// a request to terminate.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/toller-search/toller/edge/cmd/toller/newfile"
)

// grace is how long an interrupted command may take to end by itself: to remove
// a half-written file, to take its progress bar off the terminal. What nothing
// can cut short, such as a read from an idle pipe, is abandoned then. A server,
// whose clients wait for answers, takes more.
var grace atomic.Int64 // nanoseconds

func init() { grace.Store(int64(80 * time.Millisecond)) }

// gcPercent is Go's GOGC, unless the environment sets it: how much garbage there may be
// beside what is in use. Most of that is weights and vectors, which the collector needn't
// look into, so that small boards' memory is spared and no time is lost.
const gcPercent = 25

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)

	finished := make(chan error, 1)
	go func() {
		root := newRoot()
		root.SetArgs(args)
		cmd, err := root.ExecuteContextC(ctx)
		if err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, explainError(cmd, err))
		}
		finished <- err
	}()

	select {
	case err := <-finished:
		return exitCode(err)
	case sig := <-signals:
		signal.Stop(signals) // a second signal ends the process at once
		cancel()
		select {
		case <-finished:
		case <-time.After(time.Duration(grace.Load())):
			newfile.RemoveUnfinished()
		}
		if sig == syscall.SIGTERM {
			return exitTerminated
		}
		return exitInterrupted
	}
}
