package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"time"
)

// scoreTolerance is how far two servers' scores of a passage may be apart, as a
// share. Arithmetic alone makes a thousandth of a difference, another checkpoint or
// another way to cut texts much more.
const scoreTolerance = .005

// A contender is one of two servers under the same load.
type contender struct {
	name    string
	traffic *traffic
	rates   []float64 // passages a second, one for each turn
	took    []time.Duration
}

// beside has two servers rerank in turns. Each counts the passages that it was sent,
// so both get the same in the same order, and none a second time.
type beside struct {
	contenders [2]*contender
	rounds     int
	requests   int // in a turn
}

// run measures with so many clients at once. The first request of both is not
// measured: it warms them up, and their scores must agree.
func (b *beside) run(ctx context.Context, clients int) error {
	if err := b.agree(); err != nil {
		return err
	}
	for range b.rounds {
		for _, c := range b.contenders {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := c.turn(ctx, b.requests, clients); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

// turn sends the requests of one turn.
func (c *contender) turn(ctx context.Context, requests, clients int) error {
	queue := make(chan []string, requests)
	for range requests {
		queue <- c.traffic.passages()
	}
	close(queue)
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		worst error
	)
	began := time.Now()
	for range clients {
		all.Go(func() {
			for documents := range queue {
				if ctx.Err() != nil {
					return
				}
				sent := time.Now()
				err := c.traffic.ranked(documents, 0)
				took := time.Since(sent)
				mu.Lock()
				c.took = append(c.took, took)
				if err != nil {
					worst = err
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	c.rates = append(c.rates, float64(requests*rerankSize)/time.Since(began).Seconds())
	return worst
}

// passages are those of one request, none of them sent before.
func (t *traffic) passages() []string {
	documents := make([]string, rerankSize)
	for i := range documents {
		documents[i] = t.fresh()
	}
	return documents
}

// agree compares the scores that both give the same passages.
func (b *beside) agree() error {
	var scores [2][]float64
	for i, c := range b.contenders {
		var err error
		if scores[i], err = c.traffic.scores(c.traffic.passages(), 0); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for i, one := range scores[0] {
		other := scores[1][i]
		if math.Abs(one-other) > scoreTolerance*max(math.Abs(one), 1) {
			return fmt.Errorf("passage %d: %s scores %g, %s scores %g: not the same checkpoint", i, b.contenders[0].name, one, b.contenders[1].name, other)
		}
	}
	return nil
}

// print writes a line for each server and one with the ratio of their rates, round
// by round, as Markdown.
func (b *beside) print(w io.Writer, clients int) {
	one, other := b.contenders[0], b.contenders[1]
	fmt.Fprintf(w, "| clients at once: %d | passages/s | p50 | p99 | longest |\n|---|---|---|---|---|\n", clients)
	for _, c := range b.contenders {
		slices.Sort(c.took)
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", c.name, spread(c.rates, "%.0f"),
			milliseconds(quantile(c.took, .5)), milliseconds(quantile(c.took, .99)), milliseconds(c.took[len(c.took)-1]))
	}
	ratios := make([]float64, len(one.rates))
	for i := range ratios {
		ratios[i] = one.rates[i] / other.rates[i]
	}
	fmt.Fprintf(w, "| %s over %s | %s | | %.2f | |\n\n", one.name, other.name, spread(ratios, "%.2f"),
		float64(quantile(other.took, .99))/float64(quantile(one.took, .99)))
}

// spread is median (quartiles).
func spread(values []float64, format string) string {
	sorted := slices.Sorted(slices.Values(values))
	return fmt.Sprintf(format+" ("+format+"–"+format+")", quantile(sorted, .5), quantile(sorted, .25), quantile(sorted, .75))
}
