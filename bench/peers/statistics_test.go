package main

import (
	"slices"
	"testing"
)

func TestSummarize(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   summary
	}{
		{"one", []float64{7}, summary{Median: 7, Low: 7, High: 7}},
		{"two", []float64{10, 2}, summary{Median: 6, Low: 4, High: 8}},
		{"odd, on values", []float64{5, 1, 4, 2, 3}, summary{Median: 3, Low: 2, High: 4}},
		{"even, between values", []float64{4, 1, 3, 2}, summary{Median: 2.5, Low: 1.75, High: 3.25}},
		{"an outlier moves nothing", []float64{1000, 1, 4, 2, 3}, summary{Median: 3, Low: 2, High: 4}},
		{"equal", []float64{3, 3, 3}, summary{Median: 3, Low: 3, High: 3}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := slices.Clone(test.values)
			if got := summarize(test.values); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if !slices.Equal(test.values, before) {
				t.Errorf("the values became %v", test.values)
			}
		})
	}
}

// A load that slows a whole round down must not show in the ratio.
func TestRatioIsOfTheSameRound(t *testing.T) {
	w := row{Milliseconds: []float64{20, 200, 30}}
	w.summarize([]float64{10, 100, 10})
	if want := (summary{Median: 30, Low: 25, High: 115}); *w.Time != want {
		t.Errorf("time: got %v, want %v", *w.Time, want)
	}
	if want := (summary{Median: 2, Low: 2, High: 2.5}); *w.Ratio != want {
		t.Errorf("ratio: got %v, want %v", *w.Ratio, want)
	}
}

func TestRate(t *testing.T) {
	got := summary{Median: 4000, Low: 2000, High: 8000}.rate(64)
	if want := (summary{Median: 16, Low: 8, High: 32}); *got != want {
		t.Errorf("got %v, want %v", *got, want)
	}
}
