package heads

import (
	"slices"
	"testing"
)

func TestKeep(t *testing.T) {
	ids := []int32{50281, 50369, 7, 14, 7, 50282}
	for _, test := range []struct {
		name string
		got  []bool
		want []bool
	}{
		{"document", KeepDocument(ids, map[int32]bool{7: true, 99: true}), []bool{true, true, false, true, false, true}},
		{"document without skiplist", KeepDocument(ids, nil), []bool{true, true, true, true, true, true}},
		{"document of skipped ids", KeepDocument([]int32{7, 7}, map[int32]bool{7: true}), []bool{false, false}},
		{"no document", KeepDocument(nil, nil), []bool{}},
		{"query with expansion", KeepQuery(4, 2, true), []bool{true, true, true, true}},
		{"query without", KeepQuery(4, 2, false), []bool{true, true, false, false}},
		{"unpadded query", KeepQuery(3, 3, false), []bool{true, true, true}},
	} {
		if !slices.Equal(test.got, test.want) {
			t.Errorf("%s: expected %v, found %v", test.name, test.want, test.got)
		}
	}
}

func TestSelect(t *testing.T) {
	x := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	if got := Select(slices.Clone(x), 2, []bool{false, true, false, true}); !slices.Equal(got, []float32{3, 4, 7, 8}) {
		t.Errorf("found %v", got)
	}
	if got := Select(slices.Clone(x), 2, []bool{true, true, true, true}); !slices.Equal(got, x) {
		t.Errorf("found %v", got)
	}
	if got := Select(slices.Clone(x), 2, make([]bool, 4)); len(got) != 0 {
		t.Errorf("found %v", got)
	}
}

func TestNormalize(t *testing.T) {
	x := []float32{3, 4, 0, 0, -2, 0, 1e-20, 0}
	Normalize(x, 2)
	differ(t, "unit rows", x, []float32{0.6, 0.8, 0, 0, -1, 0, 1e-8, 0}, 1e-6)
	Normalize(nil, 2)
}
