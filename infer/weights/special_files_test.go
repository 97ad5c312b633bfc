//go:build linux || darwin

package weights

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The hub's cache holds a checkpoint as links out of its directory.
func TestSymbolicLinks(t *testing.T) {
	cache := t.TempDir()
	snapshot := filepath.Join(cache, "snapshots", "main")
	plain := smallDirectory(t)
	if err := os.MkdirAll(filepath.Join(snapshot, "1_Dense"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(cache, "blobs"), 0o755); err != nil {
		t.Fatal(err)
	}
	names := slices.AppendSeq([]string{"model.safetensors", "1_Dense/model.safetensors"}, maps.Keys(smallFiles))
	for i, name := range names {
		if name == "2_Normalize/config.json" {
			continue
		}
		blob := string(rune('a' + i))
		if err := os.Rename(filepath.Join(plain, name), filepath.Join(cache, "blobs", blob)); err != nil {
			t.Fatal(err)
		}
		up := "../../blobs/"
		if strings.HasPrefix(name, "1_Dense/") {
			up = "../" + up
		}
		if err := os.Symlink(filepath.FromSlash(up+blob), filepath.Join(snapshot, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(plain, "2_Normalize"), filepath.Join(snapshot, "2_Normalize")); err != nil {
		t.Fatal(err)
	}
	checkSmall(t, open(t, snapshot))
}

// Opening a named pipe would wait for somebody to write to it.
func TestNamedPipe(t *testing.T) {
	dir := writeFiles(t, map[string]string{"config.json": "{}"})
	pipe := filepath.Join(dir, "model.safetensors")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe} {
		_, err := Open(path)
		wantError(t, err, "weights: "+path+": ", "not a regular file")
	}
}
