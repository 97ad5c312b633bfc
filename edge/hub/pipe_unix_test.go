//go:build unix

package hub

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipes has pipes in the cache where files should be. Nobody waits for what comes
// out of them.
func TestPipes(t *testing.T) {
	h := &Hub{Cache: t.TempDir()}
	const commit = "0123456789012345678901234567890123456789"
	for _, path := range []string{"models--a--ref/refs/main", "models--a--text/snapshots/" + commit + "/modules.json"} {
		path = filepath.Join(h.Cache, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Find(Repo{ID: "a/ref"}); err == nil || !strings.Contains(err.Error(), "expected a file, found p") {
		t.Errorf("a reference that is a pipe: %v", err)
	}
	if _, err := h.Find(Repo{ID: "a/text", Revision: commit}); !errors.Is(err, ErrPartial) {
		t.Errorf("a configuration that is a pipe: %v", err)
	}
	if found, err := h.Snapshots(); err != nil || len(found) != 1 {
		t.Errorf("found %v, %v", found, err)
	}
}
