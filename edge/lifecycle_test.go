package edge

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/testdata"
)

// TestConcurrentUse ranks, encodes and explains from many goroutines with one
// model: all must see the same results.
func TestConcurrentUse(t *testing.T) {
	m := open(t, tiny.New(t), WithThreads(3))
	ctx := context.Background()
	want, err := m.Rank(ctx, "the cat", tiny.Texts)
	if err != nil {
		t.Fatal(err)
	}
	q := encodeQuery(t, m, "the cat")
	d := encodeOne(t, m, tiny.Texts[0], PoolFactor(2))
	evidence := Explain(q, d)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				hits, err := m.Rank(ctx, "the cat", tiny.Texts, Progress(func(int, int) {}))
				if err != nil || !slices.Equal(hits, want) {
					t.Errorf("expected %v, found %v, %v", want, hits, err)
				}
				again, err := m.EncodeDocuments(ctx, tiny.Texts[:1], PoolFactor(2))
				if err != nil || !sameVectors(&again[0].vectors, &d.vectors) {
					t.Errorf("another document than before, or %v", err)
				}
				if e := Explain(q, d); e.Score != evidence.Score || len(e.Matches) != len(evidence.Matches) {
					t.Errorf("expected a score of %v, found %v", evidence.Score, e.Score)
				}
				if _, err := d.MarshalBinary(); err != nil {
					t.Error(err)
				}
				_ = m.Info()
			}
		})
	}
	group.Wait()
}

// TestClose closes a model while it is in use: running calls end well, later
// ones get ErrClosed, and what was encoded stays usable.
func TestClose(t *testing.T) {
	m := open(t, tiny.New(t))
	ctx := context.Background()
	q := encodeQuery(t, m, "the cat")
	d := encodeOne(t, m, "the dog")
	score := MaxSim(q, d)

	var started, ended sync.WaitGroup
	var good atomic.Int64
	for range 4 {
		started.Add(1)
		ended.Go(func() {
			for i := 0; ; i++ {
				_, err := m.Rank(ctx, "the cat", tiny.Texts)
				if i == 0 {
					started.Done()
				}
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("expected success or ErrClosed, found %v", err)
					return
				}
				good.Add(1)
			}
		})
	}
	started.Wait()
	if err := m.Trim(); err != nil {
		t.Error(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	ended.Wait()
	if good.Load() < 4 {
		t.Errorf("expected at least one good call each, found %d", good.Load())
	}
	for name, call := range map[string]func() error{
		"Rank":            func() error { _, err := m.Rank(ctx, "", nil); return err },
		"EncodeQuery":     func() error { _, err := m.EncodeQuery(ctx, ""); return err },
		"EncodeDocuments": func() error { _, err := m.EncodeDocuments(ctx, nil); return err },
		"Trim":            m.Trim,
	} {
		if err := call(); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: expected ErrClosed, found %v", name, err)
		}
	}
	if err := m.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if m.Info().Dim != tiny.Dim || MaxSim(q, d) != score {
		t.Error("the model's description and encoded texts must stay usable")
	}
}

// TestCancel ends contexts in the middle of each kind of long work.
func TestCancel(t *testing.T) {
	if _, err := open(t, tiny.New(t)).EncodeDocuments(cancelled(), tiny.Texts); err != context.Canceled {
		t.Errorf("context that is done before the call: expected context.Canceled, found %v", err)
	}
	if _, err := open(t, tiny.New(t)).EncodeQuery(cancelled(), "the cat"); err != context.Canceled {
		t.Errorf("query: expected context.Canceled, found %v", err)
	}
	m, err := Open(testdata.Checkpoint(t, "linear-head"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	text := strings.Repeat("river water table paper window ", 100_000)
	short := slices.Repeat([]string{text[:500]}, 100_000)
	limit := 100 * time.Millisecond
	if testing.Short() {
		limit = time.Second // the race detector slows everything down
	}
	for _, test := range []struct {
		name  string
		texts []string
		opts  []RankOption
	}{
		{"many short documents", short, nil},
		{"one long document", []string{text}, []RankOption{MaxTokens(60_000)}},
		{"tokenising", []string{text, text}, []RankOption{MaxTokens(500_000)}},
		{"pooling", []string{text}, []RankOption{MaxTokens(4000), PoolFactor(2)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			// A busy machine may hold up one run or the other: most count, and
			// there are three rounds.
			var median time.Duration
			for range 3 {
				var late []time.Duration
				for _, after := range []time.Duration{1, 50, 100, 300, 600} {
					ctx, cancel := context.WithCancel(context.Background())
					start := time.Now()
					timer := time.AfterFunc(after*time.Millisecond, cancel)
					_, err := m.Rank(ctx, "river", test.texts, test.opts...)
					late = append(late, time.Since(start)-after*time.Millisecond)
					timer.Stop()
					cancel()
					if err != context.Canceled && err != nil {
						t.Errorf("after %d ms: expected context.Canceled, found %v", after, err)
					}
				}
				slices.Sort(late)
				t.Logf("returned this long after the end of the context: %v", late)
				if median = late[len(late)/2]; median <= limit {
					return
				}
			}
			t.Errorf("expected at most %v, found %v", limit, median)
		})
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestProgress checks that every document is reported once and in order.
func TestProgress(t *testing.T) {
	m := open(t, tiny.New(t), WithThreads(4))
	texts := make([]string, 400)
	var seen []int
	report := Progress(func(done, total int) {
		if total != len(texts) {
			t.Errorf("expected a total of %d, found %d", len(texts), total)
		}
		seen = append(seen, done)
	})
	if _, err := m.Rank(context.Background(), "the cat", texts, report); err != nil {
		t.Fatal(err)
	}
	for i, done := range seen {
		if done != i+1 {
			t.Fatalf("call %d: expected %d done, found %d", i, i+1, done)
		}
	}
	if len(seen) != len(texts) {
		t.Errorf("expected %d calls, found %d", len(texts), len(seen))
	}
}

// TestQueryFromProgress encodes a query from within a report of progress, on the
// only thread.
func TestQueryFromProgress(t *testing.T) {
	m := open(t, tiny.New(t), WithThreads(1))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	report := Progress(func(int, int) {
		if _, err := m.EncodeQuery(ctx, "the cat"); err != nil {
			t.Error(err)
		}
	})
	if _, err := m.Rank(ctx, "the cat", slices.Repeat(tiny.Texts, 5), report); err != nil {
		t.Error(err)
	}
}

// TestVectorsLetGo checks that documents are gone once they are scored, apart
// from those that other threads are at.
func TestVectorsLetGo(t *testing.T) {
	const threads = 3
	m := open(t, tiny.New(t), WithThreads(threads))
	var mu sync.Mutex
	var scored []weak.Pointer[Document]
	texts := slices.Repeat(tiny.Texts, 64)
	err := m.encodeEach(context.Background(), texts, call{}, func(i int, d *Document) error {
		mu.Lock()
		defer mu.Unlock()
		scored = append(scored, weak.Make(d))
		if len(scored)%100 != 0 {
			return nil
		}
		runtime.GC()
		alive := 0
		for _, d := range scored {
			if d.Value() != nil {
				alive++
			}
		}
		if alive > threads {
			t.Errorf("%d of %d documents are still there", alive, len(scored))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(scored) != len(texts) {
		t.Errorf("expected %d documents, found %d", len(texts), len(scored))
	}
}
