package hub

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/internal/standin"
)

// asPuller makes the test binary pull, from the endpoint into the cache that its two
// arguments name.
const asPuller = "TOLLER_TEST_AS_PULLER"

func TestMain(m *testing.M) {
	if os.Getenv(asPuller) == "" {
		os.Exit(m.Run())
	}
	h := &Hub{Endpoint: os.Args[1], Cache: os.Args[2], pause: time.Millisecond}
	if err := prepare(h); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if _, err := h.Pull(context.Background(), Repo{ID: testID}, PullOptions{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// puller prepares a process that pulls.
func puller(t *testing.T, h *Hub) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, h.Endpoint, h.Cache)
	cmd.Env = append(os.Environ(), asPuller+"=1", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// Several processes fetch everything once.
func TestProcessesAtOnce(t *testing.T) {
	h, s, r, c := start(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if out, err := puller(t, h).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	group.Wait()
	checkCache(t, h, r, c)
	fetched := map[string]int{}
	for _, r := range s.Requests() {
		if r.Method == http.MethodGet && !strings.HasPrefix(r.Path, "/api/") && !strings.HasPrefix(r.Path, "/"+testID) {
			fetched[r.Path]++
		}
	}
	for path, n := range fetched {
		if n != 1 {
			t.Errorf("%s was fetched %d times", path, n)
		}
	}
	if len(fetched) == 0 {
		t.Error("nothing was fetched")
	}
}

// A process that is killed leaves nothing broken, and the next goes on from there.
func TestKill(t *testing.T) {
	h, s, r, c := start(t)
	content := c[weightsName]
	blob := standin.Hash(content)
	incomplete := filepath.Join(h.folder(testID), "blobs", blob+".incomplete")
	for killed, upTo := range []int{1, len(content) / 2, len(content) - 1} {
		s.Intercept(func(w http.ResponseWriter, request *http.Request) bool {
			if !isContent(request, c) {
				return false
			}
			// As much as that, and then nothing until the process is dead.
			from := 0
			if text := request.Header.Get("Range"); text != "" {
				fmt.Sscanf(text, "bytes=%d-", &from)
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
			}
			w.Header().Set("Content-Length", strconv.Itoa(len(content)-from))
			if from > 0 {
				w.WriteHeader(http.StatusPartialContent)
			}
			w.Write(content[from:upTo])
			w.(http.Flusher).Flush()
			<-request.Context().Done()
			return true
		})
		cmd := puller(t, h)
		var out bytes.Buffer
		cmd.Stderr = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for began := time.Now(); !hasSize(incomplete, int64(upTo)); time.Sleep(5 * time.Millisecond) {
			if time.Since(began) > 20*time.Second {
				t.Fatalf("%d bytes didn't arrive: %s", upTo, out.String())
			}
		}
		cmd.Process.Kill()
		cmd.Wait()
		checkNothingBroken(t, h, c)
		if _, err := h.Find(Repo{ID: testID}); err == nil {
			t.Errorf("kill %d: what isn't complete is found", killed)
		}
	}
	s.Intercept(nil)
	s.Requests()
	mustPull(t, h, r, c)
	want := fmt.Sprintf("bytes=%d-", len(content)-1)
	if !slices.ContainsFunc(s.Requests(), func(r standin.Request) bool { return r.Header.Get("Range") == want }) {
		t.Errorf("nothing asked for %s", want)
	}
}
