package main

import (
	"slices"
	"testing"
	"time"
)

func TestRequest(t *testing.T) {
	got := request(50*time.Millisecond, [][]int32{{1, 22, 333}, {4}, {5, 6}})
	if want := "50 1 22 333;4;5 6\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadAnswer(t *testing.T) {
	milliseconds, vector, err := readAnswer("12.5 0.25 -1e-3 3")
	if err != nil || milliseconds != 12.5 || !slices.Equal(vector, []float32{0.25, -1e-3, 3}) {
		t.Errorf("got %v %v %v", milliseconds, vector, err)
	}
	for _, line := range []string{"", "12", "0 1", "-3 1", "NaN 1", "x 1", "3 x", "Error: out of memory"} {
		if _, _, err := readAnswer(line); err == nil {
			t.Errorf("%q: expected an error, found none", line)
		}
	}
}

func TestTail(t *testing.T) {
	var end tail
	for range 1000 {
		if _, err := end.Write([]byte("noise\n")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := end.Write([]byte("out of memory\n")); err != nil {
		t.Fatal(err)
	}
	if got := end.String(); len(got) > 500 || got[len(got)-len("out of memory"):] != "out of memory" {
		t.Errorf("got %q", got)
	}
}
