package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/bench/peak"
	"github.com/toller-search/toller/store"
)

// searcherArgument makes the program a process that does nothing but answer
// one task: it has neither a model nor what building a store leaves behind.
const searcherArgument = "searcher"

// A task says what to search in which file.
type task struct {
	Path    string
	Queries []query
	Hits    int
	Exact   int // so many of the queries are answered exactly, too
}

// A finding answers a task. Memory is measured before the exact searches.
type finding struct {
	Opening    time.Duration
	First      time.Duration   // first search, which reads the candidate index
	Times      []time.Duration // all queries, the first one again
	Processor  []time.Duration // of the same searches
	ExactTimes []time.Duration
	Hits       [][]int64 // passages
	ExactHits  [][]int64

	Steady, Peak int64 // bytes of resident memory, 0 where the system doesn't tell
	FileBytes    int64
	Centroids    int
}

// searcher runs a task in a process of its own.
func (b *bench) searcher(ctx context.Context, t task) (*finding, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var question, answer bytes.Buffer
	if err := gob.NewEncoder(&question).Encode(t); err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, program, searcherArgument)
	c.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(b.threads))
	c.Stdin, c.Stdout, c.Stderr = &question, &answer, b.stderr
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("searching process: %w", err)
	}
	found := &finding{}
	if err := gob.NewDecoder(&answer).Decode(found); err != nil {
		return nil, fmt.Errorf("searching process: %w", err)
	}
	return found, nil
}

// searcherMain is the process at the other end.
func searcherMain() int {
	if err := search(context.Background(), os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "store: %v\n", err)
		return exitFailure
	}
	return 0
}

func search(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	var t task
	if err := gob.NewDecoder(stdin).Decode(&t); err != nil {
		return err
	}
	var found finding
	start := time.Now()
	s, err := store.Open(ctx, t.Path, store.Options{ReadOnly: true, Threads: 1})
	if err != nil {
		return err
	}
	defer s.Close()
	found.Opening = time.Since(start)
	bar := longrun.NewProgress(stderr, "store", "searching", len(t.Queries)+t.Exact)
	defer bar.Close()
	ask := func(i int, mode store.Mode) ([]int64, time.Duration, error) {
		start := time.Now()
		hits, err := s.Search(ctx, store.Query{Vectors: t.Queries[i].Vectors, Text: t.Queries[i].Text, K: t.Hits, Mode: mode})
		took := time.Since(start)
		passages := make([]int64, len(hits))
		for i, hit := range hits {
			passages[i] = hit.Passage.ID
		}
		return passages, took, err
	}
	if _, found.First, err = ask(0, store.Pruned); err != nil {
		return err
	}
	runtime.LockOSThread() // for the clock
	for i := range t.Queries {
		clock := peak.Clock()
		hits, took, err := ask(i, store.Pruned)
		if err != nil {
			return err
		}
		found.Processor = append(found.Processor, peak.Clock()-clock)
		found.Hits, found.Times = append(found.Hits, hits), append(found.Times, took)
		bar.Set(i + 1)
	}
	found.Steady, found.Peak = residentMemory()
	for i := range t.Exact {
		hits, took, err := ask(i, store.Exact)
		if err != nil {
			return err
		}
		found.ExactHits, found.ExactTimes = append(found.ExactHits, hits), append(found.ExactTimes, took)
		bar.Set(len(t.Queries) + i + 1)
	}
	st, err := s.Stat(ctx)
	if err != nil {
		return err
	}
	found.FileBytes, found.Centroids = st.FileBytes, st.Centroids
	return gob.NewEncoder(stdout).Encode(found)
}

// residentMemory is what the process has in memory now and had at most, in
// bytes; 0 where there is no /proc/self/status.
func residentMemory() (now, most int64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[2] != "kB" {
			continue
		}
		kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			continue
		}
		switch fields[0] {
		case "VmRSS:":
			now = kilobytes << 10
		case "VmHWM:":
			most = kilobytes << 10
		}
	}
	return now, most
}
