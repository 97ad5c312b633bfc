package mirror_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/mirror"
)

// watched is a watch under way.
type watched struct {
	t       *testing.T
	reports chan *mirror.Report
	ended   chan error
	stop    context.CancelCauseFunc
}

// watch begins to watch paths.
func watch(t *testing.T, m *mirror.Mirror, paths ...string) *watched {
	t.Helper()
	ctx, stop := context.WithCancelCause(t.Context())
	w := &watched{t, make(chan *mirror.Report, 100), make(chan error, 1), stop}
	go func() {
		w.ended <- m.Watch(ctx, paths, func(r *mirror.Report) error {
			w.reports <- r
			return nil
		})
	}()
	return w
}

// next is the report of the next round.
func (w *watched) next() *mirror.Report {
	w.t.Helper()
	select {
	case r := <-w.reports:
		return r
	case err := <-w.ended:
		w.t.Fatalf("the watch ended: %v", err)
	case <-time.After(30 * time.Second):
		w.t.Fatal("no report")
	}
	return nil
}

// end stops the watch and returns its error.
func (w *watched) end() error {
	w.t.Helper()
	w.stop(nil)
	select {
	case err := <-w.ended:
		return err
	case <-time.After(10 * time.Second):
		w.t.Fatal("the watch goes on")
		return nil
	}
}

func TestWatch(t *testing.T) {
	f := notes(t)
	x := openIndex(t, f.in("index.db")) // its own changes are none
	w := watch(t, mirror.New(x, mirror.Options{}), string(f))
	if r := w.next(); of(r) != (counts{files: 5, added: 5}) {
		t.Fatalf("first: %+v", r)
	}
	for _, step := range []struct {
		name   string
		change func()
		keys   []string
	}{
		{"new file", func() { f.fresh(t, "mat.txt", "the mat") },
			[]string{"animals/bird.txt", "animals/dog.txt", "cat.md", "food.csv#row 2", "food.csv#row 3", "mat.txt", "records.jsonl#a", "records.jsonl#b"}},
		{"records gone", func() { os.Remove(f.in("food.csv")); os.Remove(f.in("records.jsonl")) },
			[]string{"animals/bird.txt", "animals/dog.txt", "cat.md", "mat.txt"}},
		{"new folders", func() { f.fresh(t, "x/y/z.txt", "the dog") },
			[]string{"animals/bird.txt", "animals/dog.txt", "cat.md", "mat.txt", "x/y/z.txt"}},
		{"folder moved", func() { os.Rename(f.in("animals"), f.in("beasts")) },
			[]string{"beasts/bird.txt", "beasts/dog.txt", "cat.md", "mat.txt", "x/y/z.txt"}},
		{"folder deleted", func() { os.RemoveAll(f.in("x")) },
			[]string{"beasts/bird.txt", "beasts/dog.txt", "cat.md", "mat.txt"}},
	} {
		step.change()
		for { // what takes several steps may take several rounds
			if r := w.next(); !r.Changed() || r.Unfollowed > 0 {
				t.Errorf("%s: %+v", step.name, r)
			}
			if len(f.keys(t, x)) == len(step.keys) {
				break
			}
		}
		f.wantKeys(t, x, step.keys...)
	}
	// What can't be read is a report of its own, and no more than one.
	bad := f.write(t, "cut.pdf", "no PDF")
	if r := w.next(); r.New != 1 || r.Changed() || len(r.Unreadable) != 1 || r.Unreadable[0].Name != bad {
		t.Errorf("unreadable: %+v", r)
	}
	f.fresh(t, "mat.txt", "the cat on the mat")
	if r := w.next(); r.New != 0 || r.Updated != 1 || len(r.Unreadable) != 1 {
		t.Errorf("after it: %+v", r)
	}
	if err := w.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if len(w.reports) > 0 {
		t.Errorf("rounds without a change: %+v", <-w.reports)
	}
	clean(t, x)
}

// A folder whose disk goes and comes back keeps what it has, and both is told.
func TestWatchEmptied(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	w := watch(t, mirror.New(x, mirror.Options{}), string(f))
	w.next()
	keys := f.keys(t, x)
	away := string(f) + ".away"
	rename(t, string(f), away)
	if err := os.Mkdir(string(f), 0o755); err != nil {
		t.Fatal(err)
	}
	for r := w.next(); len(r.Kept) != 1 || r.Kept[0].Files != 5; r = w.next() { // at first, the folder may not be there
		if r.Changed() || r.BadPaths != 1 {
			t.Errorf("found %+v", r)
		}
	}
	f.wantKeys(t, x, keys...)
	os.Remove(string(f))
	rename(t, away, string(f))
	for r := w.next(); r.Unchanged != 5; r = w.next() {
		if r.Changed() || r.BadPaths != 1 {
			t.Errorf("found %+v", r)
		}
	}
	f.wantKeys(t, x, keys...)
	w.end()
	clean(t, x)
}

// A single file is followed, also when an editor puts another in its place.
func TestWatchFile(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	w := watch(t, mirror.New(x, mirror.Options{}), f.in("cat.md"))
	w.next()
	f.fresh(t, "other.txt", "the dog") // beside it
	f.fresh(t, "cat.md~", "# The dog")
	if err := os.Rename(f.in("cat.md~"), f.in("cat.md")); err != nil {
		t.Fatal(err)
	}
	if r := w.next(); of(r) != (counts{files: 1, updated: 1}) {
		t.Errorf("replaced: %+v", r)
	}
	f.wantKeys(t, x, "cat.md")
	if err := w.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// A watch ends with ctx's error, with that of each, and with what Update can't
// go on from.
func TestWatchEnds(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	m := mirror.New(x, mirror.Options{})
	deadline, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	started := time.Now()
	if err := m.Watch(deadline, []string{string(f)}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the deadline: %v", err)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	enough := errors.New("enough")
	if err := m.Watch(t.Context(), []string{string(f)}, func(*mirror.Report) error { return enough }); err != enough {
		t.Errorf("each: %v", err)
	}
	// A path that isn't there yet is waited for.
	w := watch(t, m, filepath.Join(string(f), "later"))
	if r := w.next(); r.BadPaths != 1 {
		t.Errorf("a path that isn't there: %+v", r)
	}
	f.fresh(t, "later/a.txt", "the mat")
	if r := w.next(); r.BadPaths != 0 || r.Added != 1 {
		t.Errorf("once it is there: %+v", r)
	}
	w.end()
	x.Close()
	if err := m.Watch(t.Context(), []string{string(f)}, nil); err == nil {
		t.Error("a closed index is watched")
	}
}
