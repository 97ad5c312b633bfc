package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/toller-search/toller/store/codec"
)

// actor does random things to the documents whose keys start with its name,
// which nobody else touches, and knows what must be in the store of them.
type actor struct {
	name  string
	r     *rand.Rand
	c     *collection
	s     *Store
	model map[string]Document
	ids   map[string]int64
}

func modelOptions() Options {
	o := testOptions(12, codec.FP32)
	o.TrainTokens = 3000
	return o
}

func newActor(name string, s *Store, seed uint64) *actor {
	c := newCollection(5, 12, 100, 8)
	c.r = rand.New(rand.NewPCG(seed, 9))
	return &actor{name, c.r, c, s, map[string]Document{}, map[string]int64{}}
}

// step does one operation and compares its outcome with the model's.
func (a *actor) step(ctx context.Context) error {
	key := func() string { return fmt.Sprint(a.name, "-", a.r.IntN(60)) }
	switch n := a.r.IntN(100); {
	case n < 10:
		return a.amend(ctx, key)
	case n < 45:
		return a.put(ctx, key)
	case n < 60:
		keys, there := []string{key(), key()}, 0
		slices.Sort(keys)
		for _, k := range slices.Compact(slices.Clone(keys)) {
			if _, ok := a.model[k]; ok {
				there++
			}
			delete(a.model, k)
			delete(a.ids, k)
		}
		deleted, err := a.s.Delete(ctx, keys...)
		if err == nil && deleted != there {
			err = fmt.Errorf("deleted %d of %v, expected %d", deleted, keys, there)
		}
		return err
	case n < 75:
		return a.get(ctx, key())
	case n < 98:
		return a.search(ctx)
	case n < 99:
		return a.s.Train(ctx, nil)
	}
	return a.s.Compact(ctx, nil)
}

func (a *actor) put(ctx context.Context, key func() string) error {
	documents := map[string]Document{}
	for range 1 + a.r.IntN(8) {
		k := key()
		documents[k] = a.c.document(k, 1+a.r.IntN(2), 8)
	}
	var list []Document
	fresh, known := true, true
	for k, d := range documents {
		list = append(list, d)
		_, there := a.model[k]
		fresh, known = fresh && !there, known && there
	}
	write, allowed := a.s.Put, true
	switch a.r.IntN(3) {
	case 0:
		write, allowed = a.s.Add, fresh
	case 1:
		write, allowed = a.s.Update, known
	}
	ids, err := write(ctx, list)
	if !allowed {
		if !errors.Is(err, ErrExists) && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("expected a refusal, found %v", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	for i, d := range list {
		if before := a.ids[d.Key]; before != 0 && before != ids[i] {
			return fmt.Errorf("%s: id %d became %d", d.Key, before, ids[i])
		}
		a.model[d.Key], a.ids[d.Key] = d, ids[i]
	}
	return nil
}

// amend gives documents, and some that aren't there, other keys and metadata.
func (a *actor) amend(ctx context.Context, key func() string) error {
	from, to := map[string]bool{}, map[string]bool{}
	var list []Amendment
	for range 1 + a.r.IntN(8) {
		m := Amendment{Key: key(), Rename: key(), Source: fmt.Sprint("amended ", a.r.IntN(9)), Hash: [32]byte{byte(a.r.Uint32())}}
		if from[m.Key] || to[m.Rename] {
			continue
		}
		if a.r.IntN(3) == 0 {
			m.Metadata = json.RawMessage(fmt.Sprintf(`{"n":%d}`, a.r.IntN(9)))
		}
		from[m.Key], to[m.Rename] = true, true
		list = append(list, m)
	}
	moved, ids := map[string]Document{}, map[string]int64{}
	for _, m := range list {
		d, ok := a.model[m.Key]
		if !ok {
			continue
		}
		d.Key, d.Source, d.Hash = m.Rename, m.Source, m.Hash
		if m.Metadata != nil {
			d.Metadata = m.Metadata
		}
		moved[m.Rename], ids[m.Rename] = d, a.ids[m.Key]
	}
	for _, m := range list {
		delete(a.model, m.Key)
		delete(a.ids, m.Key)
	}
	maps.Copy(a.model, moved)
	maps.Copy(a.ids, ids)
	n, err := a.s.Amend(ctx, list)
	if err == nil && n != len(moved) {
		err = fmt.Errorf("amended %d, expected %d", n, len(moved))
	}
	return err
}

func (a *actor) get(ctx context.Context, key string) error {
	found, err := a.s.Get(ctx, key)
	want, there := a.model[key]
	switch {
	case !there && errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case !there:
		return fmt.Errorf("%s: found, but deleted", key)
	case found.Text != want.Text || found.ID != a.ids[key] || len(found.Passages) != len(want.Passages) || string(found.Metadata) != string(want.Metadata) ||
		found.Source != want.Source || found.Hash != want.Hash:
		return fmt.Errorf("%s: found %+v, expected %+v", key, found, want)
	}
	return nil
}

// search compares an exact search over the actor's documents with the
// definition, and lets a pruned one find nothing that isn't there.
func (a *actor) search(ctx context.Context) error {
	text, q := a.c.query(6)
	q32 := Query{Vectors: q, Text: text, K: 5, Filter: fmt.Sprintf("key ~ %q", a.name+"-*"), Mode: Exact}
	hits, err := a.s.Search(ctx, q32)
	if err != nil {
		return err
	}
	var scores []float64
	for _, d := range a.model {
		for _, p := range d.Passages {
			scores = append(scores, maxSim(q, p.Vectors, 12))
		}
	}
	slices.SortFunc(scores, func(x, y float64) int {
		if x > y {
			return -1
		}
		return 1
	})
	if len(hits) != min(5, len(scores)) {
		return fmt.Errorf("%d hits among %d passages", len(hits), len(scores))
	}
	for i, h := range hits {
		if d := h.Score - scores[i]; d > 1e-4 || d < -1e-4 {
			return fmt.Errorf("hit %d has score %v, expected %v", i, h.Score, scores[i])
		}
	}
	for _, mode := range []Mode{Pruned, Lexical, Hybrid} {
		q32.Mode = mode
		hits, err := a.s.Search(ctx, q32)
		if err != nil {
			return err
		}
		for _, h := range hits {
			if _, there := a.model[h.Key]; !there {
				return fmt.Errorf("mode %s found %s, which doesn't exist", mode, h.Key)
			}
		}
	}
	return nil
}

// own is an actor in a process of its own; at the end it prints its keys.
func own(path string, seed uint64) error {
	ctx := context.Background()
	s, err := Open(ctx, path, modelOptions())
	if err != nil {
		return err
	}
	defer s.Close()
	a := newActor(fmt.Sprint("process", seed), s, seed)
	for i := range 150 {
		if err := a.step(ctx); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(a.ids)
}

// TestModel lets several goroutines and a second process work on one file, and
// compares everything they see with what a plain map says.
func TestModel(t *testing.T) {
	defer func(n int) { maxSegment = n }(maxSegment)
	maxSegment = 64
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	t.Logf("seed %d", seed)
	path := t.TempDir() + "/index.toller"
	s := open(t, path, modelOptions())

	process := command(t.Context(), os.Args[0], "own", path, seed)
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	actors := make([]*actor, 3)
	for i := range actors {
		actors[i] = newActor(fmt.Sprint("routine", i), s, seed+uint64(i)+1)
		group.Go(func() {
			for step := range 150 {
				if err := actors[i].step(t.Context()); err != nil {
					t.Errorf("%s step %d: %v", actors[i].name, step, err)
					return
				}
			}
		})
	}
	printed, err := io.ReadAll(bufio.NewReader(out))
	if err != nil {
		t.Error(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("second process: %v", err)
	}
	group.Wait()
	if t.Failed() {
		return
	}

	expected := map[string]int64{}
	if err := json.Unmarshal(printed, &expected); err != nil {
		t.Fatalf("%s: %v", printed, err)
	}
	for _, a := range actors {
		for key, id := range a.ids {
			expected[key] = id
		}
	}
	if err := s.Documents(t.Context(), Selection{}, func(d *Document) bool {
		if expected[d.Key] != d.ID {
			t.Errorf("%s has id %d, expected %d", d.Key, d.ID, expected[d.Key])
		}
		delete(expected, d.Key)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	for key := range expected {
		t.Errorf("%s is missing", key)
	}
	clean(t, s)
}
