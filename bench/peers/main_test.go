package main

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"--work", "w", "--threads", "1,all,1", "--lens", "16,300", "--peers", "llama,ort"}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	threads := slices.Compact([]int{1, runtime.NumCPU()})
	if !slices.Equal(o.threads, threads) || !slices.Equal(o.lengths, []int{16, 300}) {
		t.Errorf("got threads %v, lengths %v", o.threads, o.lengths)
	}
	if len(o.peers) != 2 || o.peers[0].name != "llama" || o.peers[1].name != "ort" {
		t.Errorf("got peers %v", o.peers)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ arguments, want string }{
		{"", "--work"},
		{"--work w more", "unexpected argument"},
		{"--work w --rounds 0", "--rounds"},
		{"--work w --lens 16,x", "--lens"},
		{"--work w --threads 0", "--threads"},
		{"--work w --peers ort,tflite", "--peers"},
		{"--work w --mode speed", "--mode"},
		{"--work w --documents 0", "--documents"},
		{"--work w --timeout 0s", "--timeout"},
		{"--work w --turn -1s", "--turn"},
		{"--work w --unknown", "unknown"},
	}
	for _, test := range tests {
		t.Run(test.arguments, func(t *testing.T) {
			_, err := parse(strings.Fields(test.arguments), t.Output())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("expected an error with %q, found %v", test.want, err)
			}
		})
	}
}

// A peer that isn't installed is named, whatever it lacks.
func TestPeersAreMissing(t *testing.T) {
	for _, p := range allPeers {
		if err := p.check(t.TempDir()); err == nil {
			t.Errorf("%s: expected an error, found none", p.name)
		}
	}
}
