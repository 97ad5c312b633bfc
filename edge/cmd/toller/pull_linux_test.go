package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/hub"
	"github.com/toller-search/toller/edge/internal/standin"
	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestPullOnTerminal shows how far a pull has come, in bytes, and lists models in
// lines that fit.
func TestPullOnTerminal(t *testing.T) {
	h := newHub(t)
	weights := tiny.New(t)["model.safetensors"]
	h.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/"+standin.Hash(weights) {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(weights)))
		for i := range 15 { // longer than it takes for a bar to show
			w.Write(weights[i*len(weights)/15 : (i+1)*len(weights)/15])
			w.(http.Flusher).Flush()
			time.Sleep(100 * time.Millisecond)
		}
		return true
	})
	shown, code := onTerminal(t, 100, h.command(t, "pull", tinyID))
	if code != exitOK || !strings.Contains(shown, "fetching "+tinyID) || !strings.Contains(shown, "kB") || !strings.Contains(shown, "models--acme--tiny-colbert") {
		t.Errorf("exit code %d: %q", code, shown)
	}
	shown, code = onTerminal(t, 80, h.command(t, "models"))
	plain := sequence.ReplaceAllString(shown, "")
	for _, want := range []string{tinyID, "modernbert 2 × 32 → 8", "toller pull", hub.Checkpoints[0].ID, "refused, model_type"} {
		if code != exitOK || !strings.Contains(plain, want) {
			t.Errorf("exit code %d, %q is not in:\n%s", code, want, plain)
		}
	}
	for line := range strings.Lines(plain) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
			t.Errorf("a line of %d columns: %q", n, line)
		}
	}
}
