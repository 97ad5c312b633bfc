package edge

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestMutations opens ten thousand damaged copies of a checkpoint, half of them
// directories with one damaged file and half packed files. Each must open or
// give an error, without a panic and without more memory than its own size and
// 64 MB; one that opens must encode or give an error.
func TestMutations(t *testing.T) {
	count := 10000
	if testing.Short() {
		count = 1000
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	checkpoint := tiny.New(t)
	packed := checkpoint.Pack(t)
	dir := checkpoint.Dir(t)
	files := slices.Sorted(maps.Keys(checkpoint))

	opened, most := 0, uint64(0)
	try := func(open func() (*Model, error)) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := open()
		runtime.ReadMemStats(&after)
		// What was allocated in all is no less than what was in use at once.
		used := after.TotalAlloc - before.TotalAlloc
		most = max(most, used)
		if used > uint64(len(packed))+64<<20 {
			t.Errorf("opening took %d bytes for a checkpoint of %d", used, len(packed))
		}
		switch {
		case err != nil && err.Error() == "":
			t.Error("an error without a message")
		case err == nil:
			opened++
			encodeSomething(t, m)
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	for range count / 2 {
		damaged := mutate(rng, packed)
		try(func() (*Model, error) { return OpenBytes("damaged", damaged) })

		name := files[rng.IntN(len(files))]
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.WriteFile(file, mutate(rng, checkpoint[name]), 0o644); err != nil {
			t.Fatal(err)
		}
		try(func() (*Model, error) { return Open(dir) })
		if err := os.WriteFile(file, checkpoint[name], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d opened; at most %d bytes allocated", opened, count, most)
}

// encodeSomething encodes texts with a model that may have absurd weights and
// settings. An error is fine, a panic isn't.
func encodeSomething(tb testing.TB, m *Model) {
	tb.Helper()
	q, err := m.EncodeQuery(context.Background(), "the cat")
	if err != nil {
		return
	}
	d, err := m.EncodeDocuments(context.Background(), tiny.Texts)
	if err != nil {
		return
	}
	for i := range d {
		if e := Explain(q, d[i]); e.Score != e.Score {
			tb.Errorf("document %d: the score is not a number", i)
		}
	}
}

// mutate returns a damaged copy of a file: bits flipped, parts cut off, cut
// out, doubled or overwritten, or, where it is text, a number replaced.
func mutate(rng *rand.Rand, file []byte) []byte {
	b := slices.Clone(file)
	for range 1 + rng.IntN(3) {
		if len(b) == 0 {
			break
		}
		start := rng.IntN(len(b))
		if rng.IntN(2) == 0 {
			start = rng.IntN(min(len(b), 4096)) // headers come first
		}
		end := start + rng.IntN(min(len(b)-start, 64)+1)
		switch rng.IntN(7) {
		case 0:
			b[start] ^= 1 << rng.IntN(8)
		case 1:
			b[start] = byte(rng.IntN(256))
		case 2:
			b = b[:start]
		case 3:
			b = slices.Delete(b, start, end)
		case 4:
			b = slices.Insert(b, start, b[start:end]...)
		case 5:
			fill := []byte{0, 0xff, ' ', '9'}[rng.IntN(4)]
			for i := start; i < end; i++ {
				b[i] = fill
			}
		case 6:
			i := start
			for i < len(b) && (b[i] < '0' || b[i] > '9') {
				i++
			}
			values := []string{"-1", "0", "7", "1e9", "4294967296", "99999999999999999999", "null", "true", `"x"`, "[]", "{}"}
			if i < len(b) {
				b = slices.Replace(b, i, i+1, []byte(values[rng.IntN(len(values))])...)
			}
		}
	}
	return b
}
