package store

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/toller-search/toller/store/codec"
)

// use is what a process of its own says about its memory, in MB.
type use struct {
	Start, Peak, Searched, Trimmed, Again float64
}

// useMemory is a job: it searches a file, trims and searches again, with the
// small preset where seed is 1.
func useMemory(path string, seed uint64) error {
	ctx := context.Background()
	out := use{Start: status("VmRSS")}
	o := scaleOptions()
	if seed == 1 {
		o.Memory = SmallMemory()
	}
	s, err := Open(ctx, path, o)
	if err != nil {
		return err
	}
	defer s.Close()
	c := scaleCollection()
	search := func() error {
		for range scaleQueries / 2 {
			text, q := c.query(32)
			for _, mode := range []Mode{Pruned, Hybrid} {
				hits, err := s.Search(ctx, Query{Vectors: q, Text: text, K: 10, Mode: mode})
				if err != nil {
					return err
				}
				var texts []string
				for _, h := range hits {
					texts = append(texts, h.Title, h.Text)
				}
				if _, err := s.Matches(ctx, text, texts); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := search(); err != nil {
		return err
	}
	out.Searched = status("VmRSS")
	if err := s.Trim(); err != nil {
		return err
	}
	out.Trimmed = status("VmRSS")
	if err := search(); err != nil {
		return err
	}
	out.Again, out.Peak = status("VmRSS"), status("VmHWM")
	return json.NewEncoder(os.Stdout).Encode(out)
}

// status is a figure of /proc/self/status in MB, 0 where the system has none.
func status(name string) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			if err == nil {
				return kb / 1000
			}
		}
	}
	return 0
}

// TestSmallMemory searches 10,000 passages of 128 tokens in a process of its
// own, which may not take more than 60 MB, and gives back most of it.
func TestSmallMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("stores 10,000 passages")
	}
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc")
	}
	path := filepath.Join(os.Getenv("TOLLER_STORE_SCALE"), "10000")
	if _, err := os.Stat(path); err != nil {
		path = filepath.Join(t.TempDir(), "10000")
		fill(t, path, 10_000)
	}
	measured := func(seed uint64) (u use) {
		t.Helper()
		text, err := command(t.Context(), os.Args[0], "memory", path, seed).Output()
		if err == nil {
			err = json.Unmarshal(text, &u)
		}
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	usual, small := measured(0), measured(1)
	t.Logf("MB by default %+v, small %+v", usual, small)
	if small.Peak > 60 {
		t.Errorf("%v MB, expected at most 60", small.Peak)
	}
	if small.Peak > usual.Peak-20 {
		t.Errorf("%v MB, by default %v", small.Peak, usual.Peak)
	}
	for _, u := range []use{usual, small} {
		if u.Trimmed > u.Searched*2/3 {
			t.Errorf("%v MB of %v left after Trim", u.Trimmed, u.Searched)
		}
	}
}

// TestTrim trims while searches run, and finds the same as before.
func TestTrim(t *testing.T) {
	s, c := trained(t, codec.Residual4, 1800)
	text, q := c.query(16)
	query := Query{Vectors: q, Text: text, K: 10, Mode: Hybrid}
	want, err := s.Search(t.Context(), query)
	if err != nil || len(want) != 10 {
		t.Fatal(len(want), err)
	}
	if len(s.codes.codes) == 0 || s.current == nil || s.readers.Stats().OpenConnections == 0 {
		t.Fatal("a search has kept nothing")
	}
	if err := s.Trim(); err != nil {
		t.Fatal(err)
	}
	if len(s.codes.codes) != 0 || s.codes.bytes != 0 || s.current != nil || len(s.coders) != 0 {
		t.Error("something is still kept")
	}
	if sharing && s.readers.Stats().OpenConnections+s.writer.Stats().OpenConnections+s.matching.Stats().OpenConnections != 0 {
		t.Error("connections are still open")
	}
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for round := range 10 {
				hits, err := s.Search(t.Context(), query)
				if err != nil || !reflect.DeepEqual(hits, want) {
					t.Errorf("%d hits, %v", len(hits), err)
				}
				if i == 0 {
					if err := s.Trim(); err != nil {
						t.Error(err)
					}
				}
				if i == 1 {
					if _, err := s.Put(t.Context(), []Document{{Key: fmt.Sprint("empty", round)}}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	if err := s.Train(t.Context(), nil); err != nil {
		t.Error(err)
	}
	clean(t, s)
	s.Close()
	if err := s.Trim(); err == nil {
		t.Error("trimmed a closed store")
	}
}
