package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// A runner computes token vectors with one runtime on a fixed number of
// threads.
type runner interface {
	// run computes the documents as one batch, at least once and until least
	// has passed. It returns the median time of a run and the normalised
	// vector of the first document's last token.
	run(ctx context.Context, least time.Duration, documents [][]int32) (time.Duration, []float32, error)
	close() error
}

// A contender is a runtime in one table row, with the way it is used.
type contender struct {
	name string
	run  func(ctx context.Context) (time.Duration, error)
}

// settle is the pause before each turn, in which threads that still spin
// after the last one go to sleep.
const settle = 20 * time.Millisecond

// agreement is the least cosine between a peer's vector and toller's. Dynamic
// int8 has been seen at 0.94; another checkpoint is near 0.
const agreement = 0.8

// measure runs everything that o asks for. The report is nil only if nothing
// was measured, and otherwise holds all that was finished before an error.
func measure(ctx context.Context, o options, progress io.Writer) (*report, error) {
	m, err := openModel(o.model)
	if err != nil {
		return nil, err
	}
	defer m.close()
	r := newReport(o, m)
	var present []peer
	for _, p := range o.peers {
		if err := p.check(o.work); err != nil {
			r.note("%s is left out: %v. Run bench/peers/setup.sh %s", p.title, err, o.work)
			fmt.Fprintf(progress, "peers: %s\n", r.Notes[len(r.Notes)-1])
			continue
		}
		present = append(present, p)
	}
	o.peers = present
	if slices.Contains(o.modes, modeLatency) {
		if err := r.latencies(ctx, o, m, progress); err != nil {
			return r, err
		}
	}
	if slices.Contains(o.modes, modeThroughput) {
		if err := r.throughputs(ctx, o, m, progress); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *report) latencies(ctx context.Context, o options, m *model, progress io.Writer) error {
	for _, threads := range o.threads {
		for _, length := range o.lengths {
			fmt.Fprintf(progress, "peers: latency, %s, %d tokens\n", countThreads(threads), length)
			if err := r.latency(ctx, o, m, threads, length); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *report) throughputs(ctx context.Context, o options, m *model, progress io.Writer) error {
	documents, err := m.documents(o)
	if err != nil {
		return err
	}
	for _, threads := range o.threads {
		fmt.Fprintf(progress, "peers: throughput, %s, %d documents\n", countThreads(threads), len(documents))
		if err := r.throughput(ctx, o, m, threads, documents); err != nil {
			return err
		}
	}
	return nil
}

// latency measures one document of length tokens.
func (r *report) latency(ctx context.Context, o options, m *model, threads, length int) error {
	document := m.randomDocument(o.seed, length)
	t := table{Mode: modeLatency, Threads: threads, Documents: 1, Tokens: length}
	field, err := r.start(ctx, o, m, threads, document)
	if err != nil {
		return err
	}
	defer field.close()
	var contenders []contender
	for _, s := range field {
		contenders = append(contenders, contender{s.title, func(ctx context.Context) (time.Duration, error) {
			elapsed, _, err := s.runner.run(ctx, o.turn, [][]int32{document})
			return elapsed, err
		}})
	}
	if t.Rows, err = r.compete(ctx, o, contenders); err != nil {
		return err
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// throughput measures all documents: toller gets them at once, the others one
// by one and, where they pad, in batches too.
func (r *report) throughput(ctx context.Context, o options, m *model, threads int, documents [][]int32) error {
	byLength := slices.Clone(documents)
	slices.SortStableFunc(byLength, func(a, b []int32) int { return len(b) - len(a) })
	t := table{Mode: modeThroughput, Threads: threads, Documents: len(documents)}
	for _, d := range documents {
		t.Tokens += len(d)
	}
	field, err := r.start(ctx, o, m, threads, byLength[0])
	if err != nil {
		return err
	}
	defer field.close()
	var contenders []contender
	add := func(s starter, how string, documents [][]int32, size int) {
		contenders = append(contenders, contender{s.title + how, func(ctx context.Context) (time.Duration, error) {
			var sum time.Duration
			for batch := range slices.Chunk(documents, size) {
				elapsed, _, err := s.runner.run(ctx, 0, batch)
				if err != nil {
					return 0, err
				}
				sum += elapsed
			}
			return sum, nil
		}})
	}
	for i, s := range field {
		if i == 0 {
			add(s, "", documents, len(documents))
			continue
		}
		add(s, ", one by one", documents, 1)
		if s.pads {
			for _, size := range []int{8, 32} {
				add(s, fmt.Sprintf(", batches of %d", size), documents, size)
				add(s, fmt.Sprintf(", batches of %d by length", size), byLength, size)
			}
		}
	}
	if t.Rows, err = r.compete(ctx, o, contenders); err != nil {
		return err
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// A starter is a runtime that runs and computes what toller computes.
type starter struct {
	title  string
	pads   bool
	runner runner
}

type starters []starter

// close stops what was started. The runtimes have answered all there was to
// answer, so that how they end doesn't matter.
func (s starters) close() {
	for _, one := range s {
		_ = one.runner.close()
	}
}

// start starts toller, which comes first, and the peers, and compares what
// they compute for the longest document. That also is the run that warms
// them up. A peer that fails is noted and left out.
func (r *report) start(ctx context.Context, o options, m *model, threads int, longest []int32) (starters, error) {
	own, err := m.start(threads)
	if err != nil {
		return nil, err
	}
	field := starters{{title: "toller", runner: own}}
	_, want, err := own.run(ctx, 0, [][]int32{longest})
	if err != nil {
		return nil, err
	}
	for _, p := range o.peers {
		c, err := p.start(ctx, o, m, threads, len(longest))
		if err == nil {
			turn, cancel := context.WithTimeout(ctx, o.timeout)
			err = r.compare(turn, p.title, c, longest, want)
			cancel()
			if err != nil {
				err = errors.Join(err, c.close())
			}
		}
		if ctx.Err() != nil {
			field.close()
			return nil, ctx.Err()
		}
		if err != nil {
			r.note("%s is left out at %s, %d tokens: %v", p.title, countThreads(threads), len(longest), err)
			continue
		}
		field = append(field, starter{p.title, p.pads, c})
	}
	return field, nil
}

// compare checks that a runtime computes the vector that toller computes.
func (r *report) compare(ctx context.Context, title string, c runner, document []int32, want []float32) error {
	_, got, err := c.run(ctx, 0, [][]int32{document})
	if err != nil {
		return err
	}
	if len(got) != len(want) {
		return fmt.Errorf("expected a vector of %d numbers as toller's, found %d: converted from another checkpoint?", len(want), len(got))
	}
	var cosine float64
	for i, v := range want {
		cosine += float64(v) * float64(got[i])
	}
	if !(cosine >= agreement) {
		return fmt.Errorf("expected toller's vector, found one at a cosine of %.3f: converted from another checkpoint?", cosine)
	}
	if least, seen := r.Cosines[title]; !seen || cosine < least {
		r.Cosines[title] = math.Min(cosine, 1)
	}
	return nil
}

// compete gives every contender a turn in each round. The first one is what
// the others are compared with; another that fails is noted and left out.
func (r *report) compete(ctx context.Context, o options, contenders []contender) ([]row, error) {
	rows := make([]row, len(contenders))
	for i, c := range contenders {
		rows[i].Runtime = c.name
	}
	failed := make([]bool, len(contenders))
	for range o.rounds {
		for i, c := range contenders {
			if failed[i] {
				continue
			}
			time.Sleep(settle)
			turn, cancel := context.WithTimeout(ctx, o.timeout)
			elapsed, err := c.run(turn)
			cancel()
			switch {
			case ctx.Err() != nil:
				return nil, ctx.Err()
			case err != nil && i == 0:
				return nil, err
			case err != nil:
				r.note("%s: %v", c.name, err)
				failed[i] = true
				rows[i].Milliseconds = nil
			default:
				rows[i].Milliseconds = append(rows[i].Milliseconds, elapsed.Seconds()*1e3)
			}
		}
	}
	for i := range rows {
		rows[i].summarize(rows[0].Milliseconds)
	}
	return rows, nil
}

func countThreads(n int) string {
	if n == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", n)
}
