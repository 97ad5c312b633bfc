package weights

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/testdata"
)

// status returns a field of /proc/self/status in bytes.
func status(t *testing.T, field string) int {
	t.Helper()
	f, err := os.Open("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), field+":"); ok {
			var kilobytes int
			if _, err := fmt.Sscanf(text, "%d kB", &kilobytes); err != nil {
				t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	t.Fatalf("no %s in /proc/self/status", field)
	return 0
}

// An opened checkpoint of 35 MB has been read in full, but takes next to no
// memory until it is used.
func TestOpenGivesPagesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "packed.safetensors")
	writeFile(t, path, pack(t, open(t, testdata.Checkpoint(t, "edge-17m-shape")), simd.F16))
	debug.FreeOSMemory()
	before, total := status(t, "RssFile"), status(t, "VmRSS")
	c := open(t, path)
	opened := status(t, "RssFile") - before
	t.Logf("VmRSS %d before, %d after opening", total, status(t, "VmRSS"))
	if opened > 2<<20 {
		t.Errorf("opening left %d bytes of the file in memory", opened)
	}
	tensors, err := c.Tensors("")
	if err != nil {
		t.Fatal(err)
	}
	embeddings := tensors["embeddings.tok_embeddings.weight"]
	if nonFinite(embeddings.DType, embeddings.Data) >= 0 {
		t.Error("not finite")
	}
	used := status(t, "RssFile") - before
	t.Logf("RssFile grew by %d bytes on opening, %d after reading the embeddings, %d bytes", opened, used, len(embeddings.Data))
	if used < len(embeddings.Data)*9/10 {
		t.Error("the file seems not to be mapped")
	}
	c.Trim()
	if left := status(t, "RssFile") - before; left > 2<<20 {
		t.Errorf("Trim left %d bytes of the file in memory", left)
	}
	if nonFinite(embeddings.DType, embeddings.Data) >= 0 {
		t.Error("not finite after Trim")
	}
}
