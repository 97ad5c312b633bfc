package mobile

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// TestMain runs a job in a process of its own, if the environment asks for one.
func TestMain(m *testing.M) {
	if name := os.Getenv("TOLLER_MOBILE_JOB"); name != "" {
		use, err := jobs[name](os.Args[1:])
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(use)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// footprint is what a process says about its memory, in MB.
type footprint struct {
	Peak       float64 // resident at most
	Anonymous  float64 // resident after the work, without the pages of files
	Idle       float64 // resident ten seconds after the last call
	IdleOwn    float64 // of that without the pages of files
	Goroutines int     // then
}

var jobs = map[string]func(args []string) (footprint, error){"rank": rankJob, "search": searchJob, "fill": fillJob}

// job runs one of jobs in a process of its own.
func job(t *testing.T, name string, args ...string) footprint {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc")
	}
	c := exec.Command(os.Args[0], args...)
	// Phones have more processors than the machines that run this may have.
	c.Env = append(os.Environ(), "TOLLER_MOBILE_JOB="+name, "GOMAXPROCS=8")
	c.Stderr = os.Stderr
	text, err := c.Output()
	var use footprint
	if err == nil {
		err = json.Unmarshal(text, &use)
	}
	if err != nil {
		t.Fatal(err)
	}
	return use
}

// status is a figure of /proc/self/status in MB.
func status(name string) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			if err == nil {
				return kb * 1024 / 1e6
			}
		}
	}
	return 0
}

func measured() footprint {
	use := footprint{Peak: status("VmHWM"), Anonymous: status("RssAnon")}
	time.Sleep(10 * time.Second)
	use.Idle, use.IdleOwn, use.Goroutines = status("VmRSS"), status("RssAnon"), runtime.NumGoroutine()
	return use
}

func openAt(path string) (*Model, error) {
	if path == "" {
		return OpenBuiltin(nil)
	}
	return Open(path, nil)
}

// rankJob ranks 20 documents of 300 tokens: preset, path of the model or nothing.
func rankJob(args []string) (footprint, error) {
	if err := SetMemory(args[0]); err != nil {
		return footprint{}, err
	}
	m, err := openAt(args[1])
	if err != nil {
		return footprint{}, err
	}
	defer m.Close()
	docs := NewTexts()
	for i := range 20 {
		text := strings.Repeat(fmt.Sprintf("Calcium and vitamin D slow the loss of bone in group %d. ", i), 40)
		for {
			n, err := m.CountTokens(text, 1000)
			if err != nil {
				return footprint{}, err
			}
			if n <= 300 {
				break
			}
			text = text[:len(text)*99/100]
		}
		docs.Add(text)
	}
	for range 5 {
		if _, err := m.Rank("what slows bone loss?", docs, 10, nil, nil); err != nil {
			return footprint{}, err
		}
	}
	return measured(), nil
}

// passage makes a text of some 128 tokens that differs from the others.
func passage(i int) string {
	nouns := []string{"calcium", "river", "engine", "law", "garden", "bone", "music", "winter", "harbour", "protein", "school", "storm"}
	verbs := []string{"slows", "feeds", "turns", "protects", "shapes", "covers", "heals", "breaks"}
	var b strings.Builder
	x := uint32(i)*2654435761 + 1
	for range 9 {
		x = x*1664525 + 1013904223
		fmt.Fprintf(&b, "The %s of number %d %s the %s near the %s. ", nouns[x>>8%12], x>>16%5000, verbs[x>>12%8], nouns[x>>20%12], nouns[x>>24%12])
	}
	return b.String()
}

// fillJob makes an index of 10,000 passages: its path, and the model's.
func fillJob(args []string) (footprint, error) {
	m, err := openAt(args[1])
	if err != nil {
		return footprint{}, err
	}
	defer m.Close()
	x, err := OpenIndex(args[0], m, nil, nil)
	if err != nil {
		return footprint{}, err
	}
	entries := NewEntries()
	for i := range 10_000 {
		if err := entries.Add(NewEntry(fmt.Sprint(i), passage(i))); err != nil {
			return footprint{}, err
		}
	}
	if _, err := x.Put(entries, nil, nil); err != nil {
		return footprint{}, err
	}
	return footprint{}, x.Close()
}

// searchJob searches an index: preset, its path, and the model's.
func searchJob(args []string) (footprint, error) {
	if err := SetMemory(args[0]); err != nil {
		return footprint{}, err
	}
	m, err := openAt(args[2])
	if err != nil {
		return footprint{}, err
	}
	defer m.Close()
	x, err := OpenIndex(args[1], m, nil, nil)
	if err != nil {
		return footprint{}, err
	}
	defer x.Close()
	for i := range 50 {
		r, err := x.Search("what heals the bone near the harbour of "+fmt.Sprint(i*37), nil, nil)
		if err != nil {
			return footprint{}, err
		}
		if r.Len() != 10 {
			return footprint{}, fmt.Errorf("found %d passages, expected 10", r.Len())
		}
	}
	return measured(), nil
}

// packed17 packs the checkpoint that has the shape of mxbai-edge-colbert-v0-17m.
func packed17(t *testing.T) string {
	t.Helper()
	c, err := weights.Open(testdata.Checkpoint(t, "edge-17m-shape"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	path := filepath.Join(t.TempDir(), "17m.safetensors")
	f, err := os.Create(path)
	if err == nil {
		err = weights.Pack(f, c, simd.F16)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFootprintRank(t *testing.T) {
	for _, test := range []struct {
		preset, name, path string
	}{
		{MemoryApp, "embedded", ""},
		{MemoryExtension, "embedded", ""},
		{MemoryApp, "17m", packed17(t)},
		{MemoryExtension, "17m", packed17(t)},
	} {
		t.Run(test.preset+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			t.Logf("%+v", job(t, "rank", test.preset, test.path))
		})
	}
}

func TestFootprintSearch(t *testing.T) {
	path := os.Getenv("TOLLER_MOBILE_INDEX")
	if path == "" {
		path = filepath.Join(t.TempDir(), "x.db")
	}
	if _, err := os.Stat(path); err != nil {
		job(t, "fill", path, "")
	}
	for _, preset := range []string{MemoryApp, MemoryExtension} {
		t.Run(preset, func(t *testing.T) {
			t.Parallel()
			t.Logf("%+v", job(t, "search", preset, path, "../edge/builtin/toller-small.safetensors"))
		})
	}
}
