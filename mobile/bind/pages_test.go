package bind

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPages checks the library that the tests run, which is linked with the build
// script's flags, and one that isn't.
func TestPages(t *testing.T) {
	if err := command(".", "go", "run", "./pages", filepath.Join(library(t), "libgojni.so")); err != nil {
		t.Error(err)
	}
	other := filepath.Join(t.TempDir(), "other.so")
	if err := command(".", "cc", "-shared", "-Wl,-z,max-page-size=4096", "-x", "c", "/dev/null", "-o", other); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("go", "run", "./pages", other).CombinedOutput()
	if err == nil || !strings.Contains(string(text), "p_align") {
		t.Errorf("a library for pages of 4 kB: %s, %v", text, err)
	}
}
