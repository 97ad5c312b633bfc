package hub

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/standin"
)

// python prepares a Python that TOLLER_HUB_PYTHON names, with huggingface_hub in it, to
// do something with a hub and its cache; .ci/hub makes one.
func python(t *testing.T, h *Hub, offline bool, args ...string) *exec.Cmd {
	t.Helper()
	name := os.Getenv("TOLLER_HUB_PYTHON")
	if name == "" {
		t.Skip("not run: TOLLER_HUB_PYTHON names no Python with huggingface_hub")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, append([]string{"interop.py"}, args...)...)
	cmd.Env = append(os.Environ(), "HF_HUB_CACHE="+h.Cache, "HF_ENDPOINT="+h.Endpoint, "HF_HOME="+t.TempDir(), "HF_HUB_DISABLE_PROGRESS_BARS=1", "HF_HUB_DISABLE_TELEMETRY=1", "HF_HUB_DISABLE_UPDATE_CHECK=1")
	if offline {
		cmd.Env = append(cmd.Env, "HF_HUB_OFFLINE=1")
	}
	return cmd
}

func runPython(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v: %s", cmd.Args, err, problems.String())
	}
	return strings.TrimSpace(string(out))
}

// contents are the requests for whole files.
func contents(s *standin.Hub) (paths []string) {
	for _, r := range s.Requests() {
		if r.Method == http.MethodGet && !strings.HasPrefix(r.Path, "/api/") {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

// TestPythonReads has huggingface_hub find what this package has fetched.
func TestPythonReads(t *testing.T) {
	h, s, r, c := start(t)
	snapshot := mustPull(t, h, r, c)
	s.Requests()
	if folder := runPython(t, python(t, h, true, append([]string{"read", testID}, wanted(c)...)...)); folder != snapshot.Path {
		t.Errorf("expected %s, found %s", snapshot.Path, folder)
	}
	if n := len(s.Requests()); n > 0 {
		t.Errorf("%d requests offline", n)
	}
	runPython(t, python(t, h, false, append([]string{"write", testID}, wanted(c)...)...))
	if again := contents(s); len(again) > 0 {
		t.Errorf("huggingface_hub fetched again %q", again)
	}
	checkCache(t, h, r, c)
}

// TestPythonWrites finds what huggingface_hub has fetched.
func TestPythonWrites(t *testing.T) {
	h, s, r, c := start(t)
	runPython(t, python(t, h, false, append([]string{"write", testID}, wanted(c)...)...))
	checkCache(t, h, r, c)
	s.Requests()
	found, err := h.Find(Repo{ID: testID})
	if err != nil {
		t.Fatal(err)
	}
	m, err := edge.Open(found.Path)
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
	mustPull(t, h, r, c)
	if again := contents(s); len(again) > 0 {
		t.Errorf("fetched again %q", again)
	}

	// A snapshot with everything, other formats included, and then one with less.
	h.Cache = t.TempDir()
	if folder := runPython(t, python(t, h, false, "snapshot", testID)); folder != h.snapshotPath(testID, r.Commit) {
		t.Errorf("found %s", folder)
	}
	s.Requests()
	again, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
	if err != nil || !slices.Equal(slices.Sorted(slices.Values(again.Files)), wanted(c)) || len(contents(s)) > 0 {
		t.Errorf("found %+v, %v", again, err)
	}
	h.Cache = t.TempDir()
	runPython(t, python(t, h, false, "write", testID, "config.json", "tokenizer.json"))
	if _, err := h.Find(Repo{ID: testID}); !errors.Is(err, ErrPartial) {
		t.Errorf("found %v", err)
	}
	mustPull(t, h, r, c)
}

// TestPythonLock waits for the lock that huggingface_hub holds on a blob.
func TestPythonLock(t *testing.T) {
	h, _, r, c := start(t)
	cmd := python(t, h, false, "lock", testID, standin.Hash(c[weightsName]))
	cmd.Stderr = os.Stderr
	end, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatal(line, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := h.Pull(ctx, Repo{ID: testID}, PullOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("expected to wait for the lock, found %v", err)
	}
	end.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	mustPull(t, h, r, c)
}
