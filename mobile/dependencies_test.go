package mobile

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencies keeps the embedded model, the network and what reads files of many
// formats out of apps that don't ask for them.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(out))
	if len(list) < 50 {
		t.Fatalf("expected the packages that mobile needs, found %q", list)
	}
	for _, path := range list {
		for _, foreign := range []string{"edge/builtin", "edge/files", "edge/mirror", "net/http", "pdf", "golang.org/x/mobile"} {
			if strings.Contains(path, foreign) {
				t.Errorf("mobile needs %s", path)
			}
		}
	}
}
