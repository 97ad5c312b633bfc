package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/index"
)

// passages returns n texts of about 300 tokens.
func passages(b *testing.B, n int) []string {
	const size = 1400 // bytes
	long := strings.Join(abstracts(b), " ")
	texts := make([]string, n)
	for i := range texts {
		start := i * size % (len(long) - size)
		texts[i] = strings.ToValidUTF8(long[start:start+size], "")
	}
	return texts
}

// eachModel runs a benchmark with the shape of mxbai-edge-colbert-v0-17m and
// with the embedded model, on all cores.
func eachModel(b *testing.B, run func(b *testing.B, m *edge.Model)) {
	b.Run("edge-17m-shape", func(b *testing.B) { run(b, open(b, 0)) })
	b.Run("builtin", func(b *testing.B) {
		m, err := builtin.Open()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { m.Close() })
		run(b, m)
	})
}

const question = "does vitamin D prevent infections of the airways?"

// addAll writes texts, each a passage, to an index of their own. progress may be
// nil.
func addAll(ctx context.Context, b *testing.B, m *edge.Model, texts []string, progress func(index.WriteProgress)) error {
	x, err := index.Open(ctx, filepath.Join(b.TempDir(), "index.db"), m, index.WithWholeDocuments())
	if err != nil {
		return err
	}
	defer x.Close()
	entries := make([]index.Entry, len(texts))
	for i, text := range texts {
		entries[i] = index.Entry{Key: fmt.Sprint(i), Text: text}
	}
	return x.Add(ctx, entries, index.Progress(progress))
}

// BenchmarkBeside measures what waits, a query or five documents to rank, alone
// and while 256 documents are ranked or written to an index, and those alone and
// beside it. A round is all of these after each other, so that whatever else
// the machine does meets them all; 10 rounds of all eight take half an hour:
//
//	go test -run '^$' -bench Beside -benchtime 10x -timeout 2h ./bench
func BenchmarkBeside(b *testing.B) {
	short := map[string]func(context.Context, *edge.Model, []string) error{
		"query": func(ctx context.Context, m *edge.Model, _ []string) error {
			_, err := m.EncodeQuery(ctx, question)
			return err
		},
		"rank5": func(ctx context.Context, m *edge.Model, texts []string) error {
			_, err := m.Rank(ctx, question, texts[:5])
			return err
		},
	}
	// done counts documents.
	long := map[string]func(ctx context.Context, b *testing.B, m *edge.Model, texts []string, done *atomic.Int64) error{
		"rank256": func(ctx context.Context, _ *testing.B, m *edge.Model, texts []string, done *atomic.Int64) error {
			_, err := m.Rank(ctx, question, texts, edge.Progress(func(int, int) { done.Add(1) }))
			return err
		},
		"index": func(ctx context.Context, b *testing.B, m *edge.Model, texts []string, done *atomic.Int64) error {
			before := 0
			return addAll(ctx, b, m, texts, func(p index.WriteProgress) {
				done.Add(int64(p.Passages - before))
				before = p.Passages
			})
		},
	}
	texts := passages(b, 256)
	eachModel(b, func(b *testing.B, m *edge.Model) {
		for _, what := range []string{"query", "rank5"} {
			for _, beside := range []string{"rank256", "index"} {
				b.Run(what+"/"+beside, func(b *testing.B) {
					r := contest{
						short: func(ctx context.Context) error { return short[what](ctx, m, texts) },
						long: func(ctx context.Context, done *atomic.Int64) error {
							return long[beside](ctx, b, m, texts, done)
						},
					}
					for b.Loop() {
						if err := r.round(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
					r.report(b)
				})
			}
		}
	})
}

// contest measures short and long work, each alone and both at once.
type contest struct {
	short func(context.Context) error
	long  func(ctx context.Context, done *atomic.Int64) error

	shortAlone, shortBeside []time.Duration
	longAlone, longBeside   rate
}

// A rate is how much was done in how much time.
type rate struct {
	done int64
	time time.Duration
}

func (r rate) perSecond() float64 { return float64(r.done) / r.time.Seconds() }

func (r *contest) round(ctx context.Context) error {
	const (
		calls = 50
		alone = 3 * time.Second
	)
	if err := r.repeatShort(ctx, calls, &r.shortAlone); err != nil {
		return err
	}
	if err := r.repeatLong(ctx, &r.longAlone, func() error { time.Sleep(alone); return nil }); err != nil {
		return err
	}
	return r.repeatLong(ctx, &r.longBeside, func() error { return r.repeatShort(ctx, calls, &r.shortBeside) })
}

// repeatShort makes calls at random moments, so that most of the time there is
// none.
func (r *contest) repeatShort(ctx context.Context, calls int, took *[]time.Duration) error {
	for range calls {
		time.Sleep(time.Duration(20+rand.IntN(80)) * time.Millisecond)
		start := time.Now()
		if err := r.short(ctx); err != nil {
			return err
		}
		*took = append(*took, time.Since(start))
	}
	return nil
}

// repeatLong does long work again and again while f runs.
func (r *contest) repeatLong(ctx context.Context, rate *rate, f func() error) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	var done atomic.Int64
	ended := make(chan error, 1)
	go func() {
		for {
			if err := r.long(working, &done); err != nil {
				ended <- err
				return
			}
		}
	}()
	for done.Load() == 0 && len(ended) == 0 {
		time.Sleep(time.Millisecond)
	}
	before, start := done.Load(), time.Now()
	err := f()
	rate.done += done.Load() - before
	rate.time += time.Since(start)
	stop()
	if long := <-ended; err == nil && !errors.Is(long, context.Canceled) {
		err = long
	}
	return err
}

func (r *contest) report(b *testing.B) {
	slices.Sort(r.shortAlone)
	slices.Sort(r.shortBeside)
	for _, q := range []struct {
		name  string
		share float64
	}{{"p50", .5}, {"p95", .95}, {"p99", .99}} {
		at := func(sorted []time.Duration) float64 {
			return sorted[min(int(q.share*float64(len(sorted))), len(sorted)-1)].Seconds() * 1e3
		}
		b.ReportMetric(at(r.shortAlone), q.name+"-alone-ms")
		b.ReportMetric(at(r.shortBeside), q.name+"-beside-ms")
		b.ReportMetric(at(r.shortBeside)/at(r.shortAlone), q.name+"-ratio")
	}
	b.ReportMetric(r.longAlone.perSecond(), "alone-documents/s")
	b.ReportMetric(r.longBeside.perSecond(), "beside-documents/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkIngest writes 256 passages to an index and ranks the same, in turns,
// and reports how much of ranking's speed writing reaches.
//
//	go test -run '^$' -bench Ingest -benchtime 10x ./bench
func BenchmarkIngest(b *testing.B) {
	texts := passages(b, 256)
	eachModel(b, func(b *testing.B, m *edge.Model) {
		var writing, ranking time.Duration
		var shares []float64
		for b.Loop() {
			start := time.Now()
			if err := addAll(b.Context(), b, m, texts, nil); err != nil {
				b.Fatal(err)
			}
			written := time.Since(start)
			start = time.Now()
			if _, err := m.Rank(b.Context(), question, texts); err != nil {
				b.Fatal(err)
			}
			ranked := time.Since(start)
			writing, ranking = writing+written, ranking+ranked
			shares = append(shares, 100*ranked.Seconds()/written.Seconds())
		}
		slices.Sort(shares)
		b.ReportMetric(shares[len(shares)/2], "%ofrank")
		b.ReportMetric(float64(b.N*len(texts))/writing.Seconds(), "written/s")
		b.ReportMetric(float64(b.N*len(texts))/ranking.Seconds(), "ranked/s")
		b.ReportMetric(0, "ns/op")
	})
}
