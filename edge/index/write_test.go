package index

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/testdata"
)

// numbered returns n entries of a few hundred bytes.
func numbered(n int) []Entry {
	entries := make([]Entry, n)
	for i := range entries {
		entries[i] = Entry{Key: fmt.Sprint(i), Text: strings.Repeat(fmt.Sprint("the cat sat on mat ", i, ". "), 10)}
	}
	return entries
}

// TestPartialError ends a call in the middle: what the error says is stored is
// stored, and nothing else is.
func TestPartialError(t *testing.T) {
	ctx := context.Background()
	x := openIndex(t, open(t, tiny.New(t)))
	entries := numbered(3 * batchEntries)
	entries[2*batchEntries+7].Key = "0"
	err := x.Add(ctx, entries)
	var partial *PartialError
	if !errors.As(err, &partial) || !errors.Is(err, ErrExists) || partial.Stored != 2*batchEntries {
		t.Fatalf("expected ErrExists after %d entries, found %v", 2*batchEntries, err)
	}
	hashes, err := x.Hashes(ctx)
	if err != nil || len(hashes) != partial.Stored {
		t.Fatalf("expected %d entries, found %d, %v", partial.Stored, len(hashes), err)
	}
	err = x.Update(ctx, []Entry{entries[0], {Key: "unknown"}})
	if !errors.As(err, &partial) || !errors.Is(err, ErrNotFound) || partial.Stored != 0 {
		t.Errorf("expected ErrNotFound before anything is stored, found %v", err)
	}

	// A bad entry at the end stops the call at its beginning.
	for name, bad := range map[string]Entry{
		"no key":   {Text: "x"},
		"bad key":  {Key: "\xff"},
		"metadata": {Key: "x", Metadata: map[string]any{"x": make(chan int)}},
		"too long": {Key: "x", Text: strings.Repeat("x", MaxText+1)},
	} {
		err := x.Put(ctx, append(numbered(2*batchEntries), bad))
		if !errors.As(err, &partial) || partial.Stored != 0 {
			t.Errorf("%s: expected an error before anything is stored, found %v", name, err)
		}
	}
	cleanIndex(t, x)
}

// TestIndexCancel ends contexts in the middle of writing: calls return soon, and
// the index holds what they say.
func TestIndexCancel(t *testing.T) {
	m, err := edge.Open(testdata.Checkpoint(t, "linear-head"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	limit := 100 * time.Millisecond
	if testing.Short() {
		limit = time.Second // the race detector slows everything down
	}
	words := strings.Repeat("river water table paper window ", 300_000)
	var abstracts []Entry
	for i := range 3000 {
		abstracts = append(abstracts, Entry{Key: fmt.Sprint(i), Text: words[i : i+1500]})
	}
	for _, test := range []struct {
		name    string
		entries []Entry
		opts    []Option
	}{
		{"many entries", abstracts, nil},
		{"a text of 9 MB", []Entry{{Key: "long", Text: words}}, nil},
		{"9 MB without a space", []Entry{{Key: "long", Text: strings.ReplaceAll(words, " ", "")}}, nil},
		{"one long passage", []Entry{{Key: "long", Text: words}}, []Option{WithWholeDocuments()}},
		{"pooling", []Entry{{Key: "long", Text: words[:40_000]}}, []Option{WithWholeDocuments(), WithPooling(2)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			// A busy machine may hold up one run or the other: most count, and
			// there are three rounds.
			var median time.Duration
			for range 3 {
				if median = lateness(t, m, test.entries, test.opts); median <= limit {
					return
				}
			}
			t.Errorf("expected at most %v, found %v", limit, median)
		})
	}
}

// lateness returns how long after the end of its context Add returns.
func lateness(t *testing.T, m *edge.Model, entries []Entry, opts []Option) time.Duration {
	t.Helper()
	var late []time.Duration
	for _, after := range []time.Duration{1, 50, 200} {
		x := openIndex(t, m, opts...)
		ctx, cancel := context.WithCancel(context.Background())
		start := time.Now()
		timer := time.AfterFunc(after*time.Millisecond, cancel)
		err := x.Add(ctx, entries)
		late = append(late, time.Since(start)-after*time.Millisecond)
		timer.Stop()
		cancel()
		var partial *PartialError
		if err != nil && (!errors.As(err, &partial) || !errors.Is(err, context.Canceled)) {
			t.Fatalf("after %d ms: expected context.Canceled, found %v", after, err)
		}
		hashes, readErr := x.Hashes(context.Background())
		if readErr != nil || err != nil && len(hashes) != partial.Stored {
			t.Errorf("after %d ms: expected what %v says, found %d entries, %v", after, err, len(hashes), readErr)
		}
	}
	slices.Sort(late)
	t.Logf("returned this long after the end of the context: %v", late)
	return late[len(late)/2]
}

// TestSearchWhileAdding searches from several goroutines while two others write.
// A search must see whole batches, in order, and nothing may fail.
func TestSearchWhileAdding(t *testing.T) {
	ctx := context.Background()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	x := openIndex(t, open(t, tiny.New(t)))
	const rounds = 12
	var writers, readers sync.WaitGroup
	done := make(chan bool)
	for w := range 2 {
		writers.Go(func() {
			for i := range rounds {
				var entries []Entry
				for j := range 10 {
					entries = append(entries, Entry{Key: fmt.Sprint(w, i, j), Text: fmt.Sprint("the dog sat ", w, " ", i), Metadata: map[string]any{"writer": w, "round": i}})
				}
				if err := x.Add(ctx, entries); err != nil {
					t.Error(err)
				}
				if _, err := x.Delete(ctx, fmt.Sprint(w, i, 0)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for r := range 3 {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(r)))
			modes := []Mode{Auto, Exact, Lexical, Hybrid}
			for {
				select {
				case <-done:
					return
				default:
				}
				round := rng.IntN(rounds)
				results, err := x.Search(ctx, "the dog", In(modes[rng.IntN(len(modes))]), TopK(50),
					Where(fmt.Sprintf("writer = %d and round = %d", rng.IntN(2), round)))
				if n := len(results); err != nil || n != 0 && n != 9 && n != 10 {
					t.Errorf("expected all of a batch or nothing, found %d, %v", n, err)
					return
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	cleanIndex(t, x)
	if hashes, err := x.Hashes(ctx); err != nil || len(hashes) != 2*rounds*9 {
		t.Errorf("expected %d entries, found %d, %v", 2*rounds*9, len(hashes), err)
	}
}

// TestHostileTexts stores texts that nobody writes.
func TestHostileTexts(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.New(t))
	x := openIndex(t, m, WithWholeDocuments())
	big := func(piece string) string { return strings.Repeat(piece, 10<<20/len(piece)) }
	var entries []Entry
	for _, text := range append(slices.Clone(tiny.Texts), "\x00", "\xff", strings.Repeat("\xff", 5000), strings.Repeat("# ", 5000),
		strings.Repeat("#\n", 5000), "\u202e\ufeff\U000e0001") {
		entries = append(entries, Entry{Key: fmt.Sprintf("%d text", len(entries)), Text: text, Title: text, Source: text,
			Metadata: map[string]any{text: text}})
	}
	for _, piece := range []string{"cat", " ", "\n\n"} {
		entries = append(entries, Entry{Key: fmt.Sprintf("%d big", len(entries)), Text: big(piece)})
	}
	if err := x.Add(ctx, entries); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"cat", "\xff", "\x00", "' OR 1 --", `"`, "# #", big("cat "), "\u202e"} {
		for _, mode := range []Mode{Exact, Lexical, Hybrid} {
			results := search(t, x, query, In(mode), TopK(100), WithEvidence())
			for _, r := range results {
				if s := r.Snippet; s.Len() > snippetBytes || s.End > len(r.Text) {
					t.Errorf("%s: expected a short snippet, found %v", r.Key, s)
				}
			}
		}
	}
	e, err := x.Get(ctx, "9 text")
	if err != nil || e.Text != "\ufffd" || e.Title != "\ufffd" {
		t.Errorf("expected a repaired text, found %+v, %v", e, err)
	}
	cleanIndex(t, x)
}

// TestHostilePassages cuts hostile texts into passages: all of the text is in
// them, and none is longer than the budget.
func TestHostilePassages(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.New(t))
	x := openIndex(t, m, WithPassages(64, 8))
	const size = 8 << 10
	for i, piece := range []string{"cat", "x", " ", "\xff", "\u6771", "a. ", "#\n"} {
		text := strings.Repeat(piece, size/len(piece))
		if err := x.Put(ctx, []Entry{{Key: fmt.Sprint(i), Title: strings.Repeat("dog ", 1000), Text: text}}); err != nil {
			t.Fatalf("%q: %v", piece, err)
		}
		all := export(t, x, fmt.Sprintf("key = '%d'", i))
		end := 0
		for _, p := range all[0].Passages {
			if strings.TrimSpace(all[0].Text[min(end, p.Start):p.Start]) != "" {
				t.Errorf("%q: bytes %d to %d are in no passage", piece, end, p.Start)
			}
			end = p.End
			if n := len(p.Vectors) / tiny.Dim; n > maxTitle+64 {
				t.Errorf("%q: expected at most %d tokens, found %d", piece, maxTitle+64, n)
			}
		}
		if strings.TrimSpace(all[0].Text[end:]) != "" {
			t.Errorf("%q: the end of the text is in no passage", piece)
		}
	}
}
