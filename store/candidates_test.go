package store

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestProbeKey shows that keys sort like scores, largest first, and that
// nothing is lost.
func TestProbeKey(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var scores []float32
	var keys []uint64
	for range 1000 {
		v := float32(r.NormFloat64())
		scores, keys = append(scores, v), append(keys, probeKey(v, 65535))
		if p := keyProbe(probeKey(v, 65535)); p.score != v || p.cell != 65535 {
			t.Fatalf("%v became %v", v, p)
		}
	}
	slices.SortFunc(scores, func(a, b float32) int { return cmp.Compare(b, a) })
	slices.Sort(keys)
	for i, key := range keys {
		if keyProbe(key).score != scores[i] {
			t.Fatalf("place %d: %v, expected %v", i, keyProbe(key).score, scores[i])
		}
	}
}

// TestBest compares the selection with sorting.
func TestBest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for range 300 {
		list := make([]candidate, 1+r.IntN(300))
		for i := range list {
			list[i] = candidate{int32(i), float32(r.IntN(40))}
		}
		sorted := slices.Clone(list)
		order := func(a, b candidate) int {
			return cmp.Or(cmp.Compare(b.estimate, a.estimate), cmp.Compare(a.slot, b.slot))
		}
		slices.SortFunc(sorted, order)
		limit := 1 + r.IntN(320)
		found := slices.Clone(best(list, limit))
		slices.SortFunc(found, order)
		if !slices.Equal(found, sorted[:min(limit, len(sorted))]) {
			t.Fatalf("%d of %d: %v", limit, len(list), found)
		}
	}
}
