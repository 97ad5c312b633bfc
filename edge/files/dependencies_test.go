package files_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencies keeps large libraries out of programs that read files without them:
// only package formats, and the readers that it has, may need them.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".", "./extract", "./walk").Output()
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(out))
	if len(list) < 20 {
		t.Fatalf("expected the packages that files needs, found %q", list)
	}
	for _, path := range list {
		for _, foreign := range []string{"pdfium", "wazero", "go-message", "net/http", "sql"} {
			if strings.Contains(path, foreign) {
				t.Errorf("files needs %s", path)
			}
		}
	}
}
