package mobile

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// footprint is what internal/footprint says about its memory, in MB.
type footprint struct {
	Opening, Peak, Own, Idle, IdleOwn, IdleTime float64
}

// job runs one of the jobs of internal/footprint.
func job(t *testing.T, args ...string) footprint {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc")
	}
	program, err := buildFootprint()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, args...)
	// Phones have more processors than the machines that run this may have.
	c.Env = append(os.Environ(), "GOMAXPROCS=8")
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

// built is the folder of the program that buildFootprint builds.
var built string

var buildFootprint = sync.OnceValues(func() (string, error) {
	program := filepath.Join(built, "footprint")
	text, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "./internal/footprint").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return program, err
})

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "toller-mobile"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(built)
	os.Exit(code)
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
	if use.Opening > peak {
		t.Errorf("%.1f MB to open the model, expected at most %v", use.Opening, peak)
	}
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

// TestFootprintSearch searches 10,000 passages with the model mapped from its file. One
// process after the other: beside others the garbage collector falls behind.
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
	}{{MemoryApp, 65, 55, 25}, {MemoryExtension, 45, 32, 25}} {
		t.Run(test.preset, func(t *testing.T) {
			check(t, job(t, "search", test.preset, path, "../edge/builtin/toller-small.safetensors"), test.peak, test.own, test.idle)
		})
	}
}
