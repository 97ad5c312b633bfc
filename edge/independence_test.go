package edge

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/testdata"
)

// TestBatchIndependence encodes documents alone and in batches of 64, in
// several orders, with 1, 2 and 7 threads: a document's vectors must be the
// same to the last bit. Its texts come from the golden cases, whose lengths
// reach from nothing to the models' limits.
func TestBatchIndependence(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, model := range []string{"modernbert-residual", "linear-head"} {
		t.Run(model, func(t *testing.T) {
			var g golden
			if err := json.Unmarshal(testdata.Read(t, "cases/"+model+".json"), &g); err != nil {
				t.Fatal(err)
			}
			var texts []string
			for len(texts) < 64 {
				c := g.Cases[rng.IntN(len(g.Cases))]
				texts = append(texts, c.Text)
			}
			dir := testdata.Checkpoint(t, model)
			var want []*Document
			for _, threads := range []int{1, 2, 7} {
				m, err := Open(dir, WithThreads(threads))
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				if want == nil {
					for _, text := range texts {
						alone, err := m.EncodeDocuments(context.Background(), []string{text}, PoolFactor(2))
						if err != nil {
							t.Fatal(err)
						}
						want = append(want, alone[0])
					}
				}
				order := rng.Perm(len(texts))
				shuffled := make([]string, len(texts))
				for to, from := range order {
					shuffled[to] = texts[from]
				}
				got, err := m.EncodeDocuments(context.Background(), shuffled, PoolFactor(2))
				if err != nil {
					t.Fatal(err)
				}
				for i, d := range got {
					if !sameVectors(&d.vectors, &want[order[i]].vectors) {
						t.Errorf("%d threads: document %d differs from the same document alone", threads, order[i])
					}
				}
			}
		})
	}
}

// TestManyIndependence encodes more documents than are under way at once.
func TestManyIndependence(t *testing.T) {
	m := open(t, tiny.New(t))
	texts := make([]string, 400)
	for i := range texts {
		texts[i] = tiny.Texts[i%len(tiny.Texts)]
	}
	all, err := m.EncodeDocuments(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range all {
		if !sameVectors(&d.vectors, &all[i%len(tiny.Texts)].vectors) {
			t.Errorf("document %d differs from document %d, which has the same text", i, i%len(tiny.Texts))
		}
	}
}

// TestIndependenceBesideOthers encodes documents, short and long, while other
// goroutines encode, queries overtake, and calls are cancelled: what comes out
// must be the same to the last bit.
func TestIndependenceBesideOthers(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	ctx := context.Background()
	texts := slices.Clone(tiny.Texts)
	for range 24 {
		texts = append(texts, strings.Repeat("the cat sat on the mat, ", 1+rng.IntN(100)))
	}
	for range 2 { // some 3,000 tokens each
		texts = append(texts, strings.Repeat("bread of the dog ", 600+rng.IntN(300)))
	}
	const tokens = 5000
	dir := tiny.New(t).Dir(t)
	open := func(threads int) *Model {
		m, err := Open(dir, WithThreads(threads))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		return m
	}
	alone := open(1)
	want := make([]*Document, len(texts))
	for i, text := range texts {
		want[i] = encodeOne(t, alone, text, MaxTokens(tokens))
	}
	wantQuery := encodeQuery(t, alone, "the cat")
	wantHits, err := alone.Rank(ctx, "the cat", tiny.Texts[:5])
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{1, 2, 7} {
		m := open(threads)
		var bulk, beside sync.WaitGroup
		done := make(chan bool)
		for range 2 {
			order := rng.Perm(len(texts))
			bulk.Go(func() {
				shuffled := make([]string, len(order))
				for to, from := range order {
					shuffled[to] = texts[from]
				}
				got, err := m.EncodeDocuments(ctx, shuffled, MaxTokens(tokens))
				if err != nil {
					t.Error(err)
					return
				}
				for to, d := range got {
					if !sameVectors(&d.vectors, &want[order[to]].vectors) {
						t.Errorf("%d threads: document %d differs from the same document alone", threads, order[to])
					}
				}
			})
		}
		repeat := func(f func(rng *rand.Rand)) {
			rng := rand.New(rand.NewPCG(rng.Uint64(), 0))
			beside.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						f(rng)
						time.Sleep(time.Duration(rng.IntN(1000)) * time.Microsecond)
					}
				}
			})
		}
		repeat(func(*rand.Rand) {
			q, err := m.EncodeQuery(ctx, "the cat")
			if err != nil || !sameVectors(&q.vectors, &wantQuery.vectors) {
				t.Errorf("%d threads: another query than alone, or %v", threads, err)
			}
		})
		repeat(func(*rand.Rand) {
			hits, err := m.Rank(ctx, "the cat", tiny.Texts[:5])
			if err != nil || !slices.Equal(hits, wantHits) {
				t.Errorf("%d threads: expected %v, found %v, %v", threads, wantHits, hits, err)
			}
		})
		repeat(func(rng *rand.Rand) {
			ctx, cancel := context.WithTimeout(ctx, time.Duration(rng.IntN(20))*time.Millisecond)
			defer cancel()
			if _, err := m.EncodeDocuments(ctx, texts, MaxTokens(tokens)); err != nil && err != context.DeadlineExceeded {
				t.Error(err)
			}
		})
		bulk.Wait()
		close(done)
		beside.Wait()
	}
}

// sameVectors compares everything that a text's encoding consists of.
func sameVectors(a, b *vectors) bool {
	return a.dim == b.dim && a.model == b.model && a.truncated == b.truncated &&
		slices.Equal(a.data, b.data) && slices.Equal(a.tokens, b.tokens) &&
		slices.Equal(a.ends, b.ends) && slices.Equal(a.added, b.added)
}
