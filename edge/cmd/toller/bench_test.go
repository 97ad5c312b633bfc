package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/toller-search/toller/testdata"
)

func TestBench(t *testing.T) {
	var s speed
	decode(t, toller(t, "", "bench", "--json", "--time", "1ms", "--threads", "1").want(t, exitOK).stdout, &s)
	if s.Threads != 1 || s.Kernels == "" || s.Model == "" || s.Rounds < 1 || s.Tokens != benchDocumentTokens {
		t.Errorf("found %+v", s)
	}
	if !(0 < s.Query && s.Query < s.Document && s.Document < s.Rank && s.PerSecond > 0) {
		t.Errorf("times %+v", s)
	}
	text := toller(t, "", "bench", "--time", "1ms").want(t, exitOK).stdout
	if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "toller ") || !strings.Contains(text, s.Kernels) || !strings.Contains(text, s.Model) {
		t.Errorf("expected one line with the kernels and the model, found %q", text)
	}
	toller(t, "", "bench", "--time", "0s").want(t, exitUsage)
}

// TestBenchFootprint holds the memory of the command as it is released, while it
// ranks 20 documents of 300 tokens, against what fits on a small board. The test's
// own binary would count with the test.
func TestBenchFootprint(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("builds the command; memory is read from /proc")
	}
	folder := t.TempDir()
	program, mapped := filepath.Join(folder, "toller"), filepath.Join(folder, "17m.safetensors")
	for _, args := range [][]string{
		{"go", "build", "-ldflags=-s -w", "-o", program, "."},
		{program, "pack", testdata.Checkpoint(t, "edge-17m-shape"), "-o", mapped},
	} {
		if text, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", args, err, text)
		}
	}
	for _, test := range []struct {
		model string
		peak  float64 // MB
	}{{builtinName, 70}, {mapped, 90}} {
		bench := exec.Command(program, "bench", "--json", "--time", "1ms", "--model", test.model)
		bench.Env = append(os.Environ(), "GOMAXPROCS=2") // with more than a busy machine has, it is chance when the garbage collector runs
		bench.Stderr = os.Stderr
		text, err := bench.Output()
		if err != nil {
			t.Fatal(err)
		}
		var s speed
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		if found := float64(s.PeakBytes) / 1e6; found <= 0 || found > test.peak {
			t.Errorf("%s: %.1f MB at most, expected %v", test.model, found, test.peak)
		} else {
			t.Logf("%s: %.1f MB on %d threads", filepath.Base(test.model), found, s.Threads)
		}
	}
}
