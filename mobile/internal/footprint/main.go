// Command footprint does what an app does with package mobile, and prints how much memory it
// took. The tests of mobile run it: a test binary would count its own memory too.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/toller-search/toller/mobile"
	_ "github.com/toller-search/toller/mobile/builtin"
)

func main() {
	use, err := jobs[os.Args[1]](os.Args[2:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(use)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
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
	if err := mobile.Trim(); err != nil {
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

func openAt(path string) (*mobile.Model, error) {
	if path == "" {
		return mobile.OpenBuiltin(nil)
	}
	return mobile.Open(path, nil)
}

// rankJob ranks 20 documents of 300 tokens: preset, path of the model or nothing.
func rankJob(args []string) (use footprint, err error) {
	if err := mobile.SetMemory(args[0]); err != nil {
		return use, err
	}
	m, err := openAt(args[1])
	if err != nil {
		return use, err
	}
	defer m.Close()
	docs := mobile.NewTexts()
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
	x, err := mobile.OpenIndex(args[0], m, nil, nil)
	if err != nil {
		return footprint{}, err
	}
	entries := mobile.NewEntries()
	for i := range 10_000 {
		if err := entries.Add(mobile.NewEntry(fmt.Sprint(i), passage(i))); err != nil {
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
	if err := mobile.SetMemory(args[0]); err != nil {
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
	read := mobile.NewIndexOptions()
	read.ReadOnly = true
	x, err := mobile.OpenIndex(args[1], m, read, nil)
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
