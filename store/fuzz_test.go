package store

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// randomEntries is n passages of an index of cells.
func randomEntries(r *rand.Rand, n, cells int) []entry {
	entries := make([]entry, n)
	id := int64(0)
	for i := range entries {
		id += 1 + int64(r.IntN(1000))
		var of []uint16
		for range r.IntN(30) {
			of = append(of, uint16(r.IntN(cells)))
		}
		entries[i] = entry{id, slices.Clone(distinct(of))}
	}
	return entries
}

func TestSegmentRoundTrip(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		cells := 1 + r.IntN(300)
		entries := randomEntries(r, 1+r.IntN(400), cells)
		g, err := parseSegment(7, newSegment(entries, cells).marshal(), cells)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		found := g.entries()
		for i := range entries {
			if found[i].id != entries[i].id || !slices.Equal(found[i].cells, entries[i].cells) {
				t.Fatalf("seed %d, entry %d: %v, expected %v", seed, i, found[i], entries[i])
			}
			packed, err := unpackCells(packCells(entries[i].cells), cells)
			if err != nil || !slices.Equal(packed, entries[i].cells) {
				t.Fatalf("seed %d, cells %v: %v, %v", seed, entries[i].cells, packed, err)
			}
		}
	}
}

// FuzzSegment reads anything as a segment: what is accepted is whole.
func FuzzSegment(f *testing.F) {
	const cells = 20
	f.Add(newSegment(randomEntries(rand.New(rand.NewPCG(1, 1)), 30, cells), cells).marshal())
	f.Add([]byte{1, 1, 20})
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := parseSegment(1, data, cells)
		if err != nil {
			return
		}
		again, err := parseSegment(1, newSegment(g.entries(), cells).marshal(), cells)
		if err != nil || !reflect.DeepEqual(again.ids, g.ids) || !slices.Equal(again.slots, g.slots) {
			t.Fatalf("%v: %v became %v", err, g, again)
		}
	})
}

// FuzzPacked reads anything as a packed text, as clusters and as cells.
func FuzzPacked(f *testing.F) {
	for _, text := range []string{"", "a", strings.Repeat("late interaction ", 50)} {
		packed, err := packText(text)
		if err != nil {
			f.Fatal(err)
		}
		if back, err := unpackText(packed); err != nil || back != text {
			f.Fatal(back, err)
		}
		f.Add(packed)
	}
	f.Add(packClusters([]uint32{0, 3, 1, 2, 2}))
	f.Add(packCells([]uint16{0, 3, 99}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if text, err := unpackText(data); err == nil && len(text) > 2000*len(data) {
			t.Fatalf("%d bytes from %d", len(text), len(data))
		}
		if clusters, err := unpackClusters(data, 5); err == nil && slices.ContainsFunc(clusters, func(c uint32) bool { return c >= 5 }) {
			t.Fatal(clusters)
		}
		if cells, err := unpackCells(data, 100); err == nil && (!slices.IsSorted(cells) || len(cells) > 0 && cells[len(cells)-1] >= 100) {
			t.Fatal(cells)
		}
	})
}
