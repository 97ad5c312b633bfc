package edge

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencies keeps the database, and what reads files of many formats, out
// of programs that only rank.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".", "./builtin", "./conformance").Output()
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(out))
	if len(list) < 20 {
		t.Fatalf("expected the packages that edge needs, found %q", list)
	}
	for _, path := range list {
		for _, foreign := range []string{"sql", "toller/store", "toller/edge/index", "toller/edge/files", "pdf", "net/http"} {
			if strings.Contains(path, foreign) {
				t.Errorf("edge needs %s", path)
			}
		}
	}
}
