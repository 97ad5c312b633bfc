package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/toller-search/toller/store/codec"
)

// TestDamage changes bytes of a file at random, or cuts it off. Whatever is
// done with it then ends soon, with a result or an error.
func TestDamage(t *testing.T) {
	rounds := 25
	if os.Getenv("TOLLER_STRESS") != "" {
		rounds = 2000
	}
	good := damagedSource(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	reported := 0
	for round := range rounds {
		data := append([]byte(nil), good...)
		switch r.IntN(4) {
		case 0:
			data = data[:r.IntN(len(data))]
		case 1: // zeros, as after a crash of a file system
			at := r.IntN(len(data))
			clear(data[at:min(len(data), at+1+r.IntN(8192))])
		default:
			for range 1 + r.IntN(40) {
				data[r.IntN(len(data))] = byte(r.Uint32())
			}
		}
		path := filepath.Join(t.TempDir(), fmt.Sprint(round))
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if useDamaged(t, path) {
			reported++
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			os.Remove(path + suffix)
		}
	}
	t.Logf("%d of %d were noticed", reported, rounds)
	if reported < rounds/3 {
		t.Error("too few were noticed")
	}
}

// damagedSource is the bytes of a store with everything in it.
func damagedSource(t testing.TB) []byte {
	t.Helper()
	s, _ := trained(t, codec.Residual2, 450)
	if _, err := s.Delete(t.Context(), "1", "2"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// useDamaged does everything with a file, and says whether a problem showed.
func useDamaged(t testing.TB, path string) (noticed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	start := time.Now()
	defer func() {
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s took %v", path, took)
		}
	}()
	o := testOptions(24, codec.Residual2)
	s, err := Open(ctx, path, o)
	if err != nil {
		return true
	}
	defer s.Close()
	note := func(err error) { noticed = noticed || err != nil }
	text, q := newCollection(3, 24, 800, 60).query(8)
	for _, mode := range []Mode{Exact, Pruned, Lexical, Hybrid} {
		_, err := s.Search(ctx, Query{Vectors: q, Text: text, K: 10, Mode: mode, Evidence: true})
		note(err)
	}
	note(s.Documents(ctx, Selection{Vectors: true}, func(*Document) bool { return true }))
	report, err := s.Check(ctx, nil)
	note(err)
	noticed = noticed || !report.Clean()
	_, err = s.Put(ctx, []Document{newCollection(3, 24, 800, 60).document("5", 2, 10)})
	note(err)
	_, err = s.Delete(ctx, "7", "8", "9")
	note(err)
	note(s.Compact(ctx, nil))
	return noticed
}
