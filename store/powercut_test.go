//go:build !cgo || !sqlite_fts5

package store

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/toller-search/toller/store/codec"
)

// TestPowerCut cuts the power at random moments of a store's work, again and
// again on the same disk: while it is created, adds, deletes, trains, compacts,
// checkpoints, closes, and recovers from the cut before. Each time the file
// must open and check clean, with every acknowledged document complete, and of
// what was not acknowledged either all or nothing.
//
// It tests what SQLite writes and when it syncs. That is the same code in both
// drivers; the cgo driver's own way to the disk isn't tested here.
func TestPowerCut(t *testing.T) {
	cuts := 150
	switch {
	case os.Getenv("TOLLER_STRESS") != "":
		cuts = 1000
	case testing.Short():
		cuts = 40
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := newRun(t, seed)
	for cut := range cuts {
		if cut%15 == 0 {
			r.anew()
		}
		if err := r.cut(""); err != nil {
			t.Fatalf("cut %d: %v", cut, err)
		}
	}
	t.Logf("cut during %v, %d documents left", r.during, len(r.model))
}

// TestPowerCutNotices makes sure that TestPowerCut sees what is lost: here the
// log isn't synced at commits.
func TestPowerCutNotices(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := newRun(t, seed)
	for range 100 {
		if err := r.cut("PRAGMA synchronous = NORMAL"); err != nil {
			t.Log(err)
			return
		}
	}
	t.Error("nothing was lost in 100 cuts of a store that doesn't sync")
}

// powerRun is a disk that goes through power cuts, and what must be on it.
type powerRun struct {
	t       *testing.T
	r       *rand.Rand
	files   map[string][]byte // of the disk
	options Options
	model   map[string]int // versions by key
	version int
	during  map[string]int // cuts by what was under way
}

func newRun(t *testing.T, seed uint64) *powerRun {
	before := maxSegment
	maxSegment = 64
	t.Cleanup(func() { maxSegment = before })
	p := &powerRun{t: t, r: rand.New(rand.NewPCG(seed, 0)), during: map[string]int{}}
	p.anew()
	return p
}

// anew takes an empty disk.
func (p *powerRun) anew() {
	p.files, p.model = nil, map[string]int{}
	p.options = churnOptions()
	p.options.Threads = 1
	if p.r.IntN(2) == 0 {
		p.options.Codec = codec.FP32
	}
}

// cut works on the disk until the power fails, and compares what is left with
// the model. pragma is for the connection that writes.
func (p *powerRun) cut(pragma string) error {
	m := newMachine(p.t, p.r, p.files)
	// Every length of time is as likely as its half and its double.
	m.failAfter(int(math.Exp(p.r.Float64() * math.Log(5000))))
	doing, pending := p.work(m, pragma)
	p.files = m.cut()
	p.during[doing]++

	// A copy is looked at: the disk itself meets the next cut as this one left it.
	found, err := p.look(p.files)
	if err != nil {
		return fmt.Errorf("during %s: %w", doing, err)
	}
	before := p.compare(found)
	if before == nil {
		return nil
	}
	if pending == nil {
		return fmt.Errorf("during %s: %w", doing, before)
	}
	pending.apply(p.model)
	if after := p.compare(found); after != nil {
		return fmt.Errorf("during %s: neither the state before (%w) nor after (%w)", doing, before, after)
	}
	return nil
}

// work opens the machine's store and does things until the power fails. It
// returns what was under way then; pending when that changes documents.
func (p *powerRun) work(m *machine, pragma string) (doing string, pending *operation) {
	t, ctx := p.t, p.t.Context()
	defer m.on()()
	expect := func(err error) {
		if err != nil && !m.failed() {
			t.Fatalf("%s: %v, without a power cut", doing, err)
		}
	}
	for {
		doing = "open"
		if len(m.files) == 0 {
			doing = "create"
		}
		s, err := Open(ctx, m.path(), p.options)
		if expect(err); err != nil {
			return doing, nil
		}
		// Checkpoints are at each commit, at some, or at closing only.
		for _, statement := range []string{fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", []int{1, 30, 1000}[p.r.IntN(3)]), pragma} {
			if _, err := s.writer.ExecContext(ctx, statement); err != nil {
				expect(err)
			}
		}
		keys := slices.Sorted(maps.Keys(p.model))
		for range 1 + p.r.IntN(20) {
			var o operation
			o, keys = randomOperation(p.r, keys, p.version)
			p.version++
			doing = o.Do
			if err := o.run(ctx, s); err != nil {
				expect(err)
				s.Close()
				return doing, &o
			}
			o.apply(p.model)
			if p.r.IntN(4) == 0 {
				doing = "search"
				_, q := newCollection(77, 16, 200, 12).query(4)
				_, err := s.Search(ctx, Query{Vectors: q, K: 5})
				expect(err)
			}
			if m.failed() { // in what a write did after its commit
				s.Close()
				return doing, nil
			}
		}
		doing = "close"
		if p.r.IntN(4) == 0 { // it does little, and would rarely be hit
			m.failAfter(1 + p.r.IntN(10))
		}
		expect(s.Close())
		if m.failed() {
			return doing, nil
		}
	}
}

// look opens a disk's store after a power cut, checks it, and returns its
// documents.
func (p *powerRun) look(files map[string][]byte) (map[string]*Document, error) {
	ctx := p.t.Context()
	m := newMachine(p.t, p.r, files)
	defer m.on()()
	s, err := Open(ctx, m.path(), p.options)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	report, err := s.Check(ctx, nil)
	if err != nil {
		return nil, err
	}
	if !report.Clean() {
		return nil, fmt.Errorf("check: %v", report.Problems)
	}
	found := map[string]*Document{}
	err = s.Documents(ctx, Selection{Vectors: true}, func(d *Document) bool {
		found[d.Key] = d
		return true
	})
	return found, err
}

// compare compares the documents with the model.
func (p *powerRun) compare(found map[string]*Document) error {
	for key, version := range p.model {
		d := found[key]
		if d == nil {
			return fmt.Errorf("%s version %d is missing", key, version)
		}
		want := versioned(key, version)
		if d.Hash != want.Hash {
			return fmt.Errorf("%s is not version %d", key, version)
		}
		if d.Title != want.Title || d.Text != want.Text || d.Source != want.Source || len(d.Passages) != len(want.Passages) {
			return fmt.Errorf("%s version %d is not complete", key, version)
		}
		for i, passage := range d.Passages {
			w := want.Passages[i]
			if passage.Start != w.Start || passage.End != w.End || passage.Heading != w.Heading || len(passage.Vectors) != len(w.Vectors) ||
				p.options.Codec == codec.FP32 && !slices.Equal(passage.Vectors, w.Vectors) {
				return fmt.Errorf("%s version %d: passage %d is another", key, version, i)
			}
		}
	}
	if len(found) != len(p.model) {
		return fmt.Errorf("%d documents, expected %d", len(found), len(p.model))
	}
	return nil
}
