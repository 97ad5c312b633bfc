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
	Opening  float64 // resident at most until the model was open, where that counts apart
	Peak     float64 // resident at most, from then on
	Own      float64 // of that after the work, without the pages of files
	Idle     float64 // resident ten seconds after the last call
	IdleOwn  float64 // of that without the pages of files
	IdleTime float64 // ms that the process computed for in the last three of these
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

// processorTime is how long the process has computed, in ms.
func processorTime() float64 {
	threads, err := filepath.Glob("/proc/self/task/*/schedstat")
	if err != nil {
		return 0
	}
	total := 0.0
	for _, file := range threads {
		if text, err := os.ReadFile(file); err == nil {
			ns, _ := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
			total += ns / 1e6
		}
	}
	return total
}

// opened is called when a model is open, all of which is read then: the peak is measured
// anew from there.
func opened(use *footprint) error {
	use.Opening = status("VmHWM")
	if err := Trim(); err != nil {
		return err
	}
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

func (use *footprint) measure() {
	use.Peak, use.Own = status("VmHWM"), status("RssAnon")
	time.Sleep(7 * time.Second)
	before := processorTime()
	time.Sleep(3 * time.Second)
	use.IdleTime = processorTime() - before
	use.Idle, use.IdleOwn = status("VmRSS"), status("RssAnon")
}

func openAt(path string) (*Model, error) {
	if path == "" {
		return OpenBuiltin(nil)
	}
	return Open(path, nil)
}

// rankJob ranks 20 documents of 300 tokens: preset, path of the model or nothing.
func rankJob(args []string) (use footprint, err error) {
	if err := SetMemory(args[0]); err != nil {
		return use, err
	}
	m, err := openAt(args[1])
	if err != nil {
		return use, err
	}
	defer m.Close()
	docs := NewTexts()
	for i := range 20 {
		text := strings.Repeat(fmt.Sprintf("Calcium and vitamin D slow the loss of bone in group %d. ", i), 40)
		for {
			n, err := m.CountTokens(text, 1000)
			if err != nil {
				return use, err
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
			return use, err
		}
	}
	use.measure()
	return use, nil
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
func searchJob(args []string) (use footprint, err error) {
	if err := SetMemory(args[0]); err != nil {
		return use, err
	}
	m, err := openAt(args[2])
	if err != nil {
		return use, err
	}
	defer m.Close()
	if err := opened(&use); err != nil {
		return use, err
	}
	read := NewIndexOptions()
	read.ReadOnly = true
	x, err := OpenIndex(args[1], m, read, nil)
	if err != nil {
		return use, err
	}
	defer x.Close()
	for i := range 50 {
		r, err := x.Search("what heals the bone near the harbour of "+fmt.Sprint(i*37), nil, nil)
		if err != nil {
			return use, err
		}
		if r.Len() != 10 {
			return use, fmt.Errorf("found %d passages, expected 10", r.Len())
		}
	}
	use.measure()
	return use, nil
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

// check holds a footprint against bounds: of the peak, of the process's own memory after the
// work, and of what of that is left when nothing has been called for ten seconds. Its own is
// what iOS counts: the system takes pages of files back whenever it wants.
func check(t *testing.T, use footprint, peak, own, idle float64) {
	t.Helper()
	t.Logf("MB: %+v", use)
	if use.Own > own {
		t.Errorf("%.1f MB of its own, expected at most %v", use.Own, own)
	}
	if use.Peak > peak {
		t.Errorf("%.1f MB at most, expected %v", use.Peak, peak)
	}
	if use.IdleOwn > idle {
		t.Errorf("%.1f MB are left of its own, expected %v", use.IdleOwn, idle)
	}
	// Go's own watch over the program wakes up now and then.
	if use.IdleTime > 30 {
		t.Errorf("computed for %.1f ms of three idle seconds", use.IdleTime)
	}
}

// TestFootprintRank ranks 20 documents of 300 tokens.
func TestFootprintRank(t *testing.T) {
	mapped := packed17(t)
	for _, test := range []struct {
		preset, name, path string
		peak, own, idle    float64
	}{
		{MemoryApp, "embedded", "", 70, 50, 20},
		{MemoryExtension, "embedded", "", 55, 30, 20},
		{MemoryApp, "17m", mapped, 90, 50, 20},
		{MemoryExtension, "17m", mapped, 55, 30, 20},
	} {
		t.Run(test.preset+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			check(t, job(t, "rank", test.preset, test.path), test.peak, test.own, test.idle)
		})
	}
}

// TestFootprintSearch searches 10,000 passages with the model mapped from its file.
func TestFootprintSearch(t *testing.T) {
	path := os.Getenv("TOLLER_MOBILE_INDEX")
	if path == "" {
		if os.Getenv("TOLLER_LONG") == "" {
			t.Skip("encodes 10,000 passages: TOLLER_LONG=1 runs it, TOLLER_MOBILE_INDEX names a file to keep them in")
		}
		path = filepath.Join(t.TempDir(), "10000.db")
	}
	if _, err := os.Stat(path); err != nil {
		job(t, "fill", path, "")
	}
	for _, test := range []struct {
		preset          string
		peak, own, idle float64
	}{{MemoryApp, 75, 55, 25}, {MemoryExtension, 50, 32, 25}} {
		t.Run(test.preset, func(t *testing.T) {
			t.Parallel()
			check(t, job(t, "search", test.preset, path, "../edge/builtin/toller-small.safetensors"), test.peak, test.own, test.idle)
		})
	}
}
