package agent

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencies keeps the protocol's library out of everything that programs
// import: it is the command's alone.
func TestDependencies(t *testing.T) {
	const module = "github.com/toller-search/toller/"
	out, err := exec.Command("go", "list", "-deps", module+"edge/index", module+"edge/mirror", module+"edge/builtin", module+"edge/files/formats", module+"mobile/builtin").Output()
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(out))
	if len(list) < 20 {
		t.Fatalf("expected the packages that an app needs, found %q", list)
	}
	for _, path := range list {
		for _, foreign := range []string{"modelcontextprotocol", "jsonschema", "oauth2", "net/http/"} {
			if strings.Contains(path, foreign) {
				t.Errorf("an app needs %s", path)
			}
		}
	}
}
