package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/standin"
	"github.com/toller-search/toller/edge/internal/tiny"
)

const weightsName = "model.safetensors"

// isContent says whether a request is for the content of the weights.
func isContent(r *http.Request, c tiny.Checkpoint) bool {
	return r.Method == http.MethodGet && r.URL.Path == "/"+standin.Hash(c[weightsName])
}

func TestPull(t *testing.T) {
	h, s, r, c := start(t)
	var last Progress
	snapshot, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{Check: edge.CheckFiles, Progress: func(p Progress) {
		if p.Done < last.Done {
			t.Errorf("progress goes back from %v to %v", last, p)
		}
		last = p
	}})
	if err != nil {
		t.Fatal(err)
	}
	checkCache(t, h, r, c)
	if last.Done != last.Total || last.Total != snapshot.Bytes || last.Total == 0 {
		t.Errorf("expected all of %d bytes, found %+v", snapshot.Bytes, last)
	}
	m, err := edge.Open(snapshot.Path, edge.WithName(snapshot.Repo.String()))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Info().Name != testID {
		t.Errorf("the model's name is %q", m.Info().Name)
	}
	absent := filepath.Join(h.Cache, "models--acme--tiny-colbert", ".no_exist", r.Commit, "artifact.metadata")
	if info, err := os.Stat(absent); err != nil || info.Size() != 0 {
		t.Errorf("expected an empty %s, found %v, %v", absent, info, err)
	}

	s.Requests()
	mustPull(t, h, r, c)
	if again := s.Requests(); len(again) != 1 {
		t.Errorf("expected one request when nothing has changed, found %d: %v", len(again), again)
	}
}

// A new commit takes from the old one what is the same, and the old one stays.
func TestPullNewCommit(t *testing.T) {
	h, s, r, c := start(t)
	old := mustPull(t, h, r, c)
	changed := checkpoint(t)
	changed["config_sentence_transformers.json"] = []byte(`{"query_length": 17}`)
	next := s.Add(testID, changed)
	next.Refs = []string{"main", "v2"}
	s.Requests()
	snapshot, err := h.Pull(t.Context(), Repo{testID, "v2"}, PullOptions{})
	if err != nil {
		t.Fatal(err)
	}
	gets := 0
	for _, request := range s.Requests() {
		if request.Method == http.MethodGet {
			gets++
		}
	}
	if gets != 2 || snapshot.Commit != next.Commit {
		t.Errorf("expected two requests, for the list and for the file that changed, found %d", gets)
	}
	if found, err := h.Find(Repo{ID: testID}); err != nil || found.Commit != old.Commit {
		t.Errorf("main: expected %s, found %v, %v", old.Commit, found, err)
	}
	if found, err := h.Find(Repo{testID, "v2"}); err != nil || found.Commit != next.Commit {
		t.Errorf("v2: expected %s, found %v, %v", next.Commit, found, err)
	}
	all, err := h.Snapshots()
	if err != nil || len(all) != 2 || all[0].Repo != (Repo{testID, "main"}) || all[1].Repo != (Repo{testID, "v2"}) {
		t.Errorf("expected main and v2, found %v, %v", all, err)
	}
}

func TestPullCommit(t *testing.T) {
	h, _, r, _ := start(t)
	for range 2 {
		s, err := h.Pull(t.Context(), Repo{testID, r.Commit}, PullOptions{})
		if err != nil || s.Commit != r.Commit {
			t.Fatal(s, err)
		}
	}
	if refs := names(t, filepath.Join(h.folder(testID), "refs")); len(refs) > 0 {
		t.Errorf("expected no refs, found %q", refs)
	}
}

func TestPullLayouts(t *testing.T) {
	for name, c := range map[string]tiny.Checkpoint{"pylate": tiny.New(t), "folder": tiny.BERT(t), "stanford": tiny.Stanford(t), "native": tiny.Native(t)} {
		t.Run(name, func(t *testing.T) {
			h, s, _, _ := start(t)
			s.Add(testID, c)
			snapshot, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{Check: edge.CheckFiles})
			if err != nil {
				t.Fatal(err)
			}
			want, err := edge.Open(c.Dir(t))
			if err != nil {
				t.Fatal(err)
			}
			defer want.Close()
			found, err := edge.Open(snapshot.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer found.Close()
			if a, b := want.DocumentFingerprint(), found.DocumentFingerprint(); a != b {
				t.Errorf("expected %v, found %v", a, b)
			}
		})
	}
}

func TestPullShards(t *testing.T) {
	h, s, _, _ := start(t)
	c := checkpoint(t)
	c["model-00001-of-00001.safetensors"] = c[weightsName]
	c["model-of-another-run.safetensors"] = []byte("not listed")
	delete(c, weightsName)
	c["model.safetensors.index.json"] = []byte(`{"weight_map": {"final_norm.weight": "model-00001-of-00001.safetensors"}}`)
	s.Add(testID, c)
	snapshot, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(snapshot.Files, "model-00001-of-00001.safetensors") || slices.Contains(snapshot.Files, "model-of-another-run.safetensors") {
		t.Errorf("found %q", snapshot.Files)
	}
}

// What isn't a checkpoint that toller reads is refused before its weights come.
func TestPullRefusesUnread(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(tiny.Checkpoint)
		says   string
	}{
		{"pickled", func(c tiny.Checkpoint) { delete(c, weightsName) }, "pytorch_model.bin can't be read: only safetensors are"},
		{"no weights", func(c tiny.Checkpoint) { delete(c, weightsName); delete(c, "pytorch_model.bin") }, "no weights"},
		{"no configuration", func(c tiny.Checkpoint) { delete(c, "config.json") }, "it has no config.json"},
		{"no ColBERT", func(c tiny.Checkpoint) { delete(c, "modules.json") }, "not a ColBERT checkpoint"},
		{"architecture", func(c tiny.Checkpoint) { c["config.json"] = []byte(`{"model_type": "xlm-roberta"}`) }, `model_type: expected "bert" or "modernbert", found "xlm-roberta"`},
		{"tokenizer", func(c tiny.Checkpoint) { delete(c, "tokenizer.json") }, "tokenizer.json"},
		{"broken tokenizer", func(c tiny.Checkpoint) { c["tokenizer.json"] = []byte(`{"model": {"type": "Unigram"}}`) }, `"pre_tokenizer" is missing`},
		{"shard", func(c tiny.Checkpoint) {
			delete(c, weightsName)
			c["model.safetensors.index.json"] = []byte(`{"weight_map": {"w": "other.safetensors"}}`)
		}, "other.safetensors"},
		{"shard outside", func(c tiny.Checkpoint) {
			delete(c, weightsName)
			c["model.safetensors.index.json"] = []byte(`{"weight_map": {"w": "../../../../etc/passwd"}}`)
		}, "not a plain path"},
		{"module outside", func(c tiny.Checkpoint) { c["modules.json"] = []byte(`[{"path": "../x"}]`) }, "not a plain path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, s, _, c := start(t)
			test.change(c)
			s.Add(testID, c)
			_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{Check: edge.CheckFiles})
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), testID) {
				t.Errorf("expected an error that says %q of %s, found %v", test.says, testID, err)
			}
			for _, request := range s.Requests() {
				if strings.HasSuffix(request.Path, ".safetensors") {
					t.Errorf("asked for %s", request.Path)
				}
			}
			checkNothingBroken(t, h, c)
		})
	}
}

func TestPullHostileListing(t *testing.T) {
	for _, test := range []struct{ name, listing, says string }{
		{"up", `{"sha": "%s", "siblings": [{"rfilename": "../x"}]}`, "not a plain path"},
		{"up inside", `{"sha": "%s", "siblings": [{"rfilename": "a/../../x"}]}`, "not a plain path"},
		{"absolute", `{"sha": "%s", "siblings": [{"rfilename": "/etc/passwd"}]}`, "not a plain path"},
		{"backslash", `{"sha": "%s", "siblings": [{"rfilename": "..\\x"}]}`, "not a plain path"},
		{"NUL", `{"sha": "%s", "siblings": [{"rfilename": "config.json\u0000.txt"}]}`, "not a plain path"},
		{"control", `{"sha": "%s", "siblings": [{"rfilename": "\u001b[2J"}]}`, "not a plain path"},
		{"empty", `{"sha": "%s", "siblings": [{"rfilename": ""}]}`, "not a plain path"},
		{"hash", `{"sha": "%s", "siblings": [{"rfilename": "a", "blobId": "../../x"}]}`, "expected a hash"},
		{"LFS hash", `{"sha": "%s", "siblings": [{"rfilename": "a", "lfs": {"sha256": "/x"}}]}`, "expected a hash"},
		{"negative size", `{"sha": "%s", "siblings": [{"rfilename": "a", "size": -5}]}`, "expected 0 or more"},
		{"commit", `{"sha": "../../%s", "siblings": []}`, "expected a commit"},
		{"no commit", `{"siblings": []}`, "expected a commit"},
		{"no JSON", `<html>`, "invalid character"},
		{"other JSON", `[1]`, "cannot unmarshal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, s, r, _ := start(t)
			s.Intercept(func(w http.ResponseWriter, request *http.Request) bool {
				if !strings.HasPrefix(request.URL.Path, "/api/") {
					return false
				}
				fmt.Fprint(w, strings.Replace(test.listing, "%s", r.Commit, 1))
				return true
			})
			_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("expected an error that says %q, found %v", test.says, err)
			}
			if found := names(t, h.Cache); len(found) > 0 {
				t.Errorf("the cache has %q", found)
			}
		})
	}
}

// A hub's word of a file is compared with its list, and bounded.
func TestPullHostileFile(t *testing.T) {
	linked := func(key, value string) func(http.ResponseWriter, *standin.Repo) {
		return func(w http.ResponseWriter, r *standin.Repo) {
			w.Header().Set("X-Linked-Etag", strconv.Quote(standin.Hash(r.Files[weightsName])))
			w.Header().Set("X-Linked-Size", strconv.Itoa(len(r.Files[weightsName])))
			w.Header().Set(key, value)
		}
	}
	for _, test := range []struct {
		name string
		head func(http.ResponseWriter, *standin.Repo)
		says string
	}{
		{"another hash", linked("X-Linked-Etag", `"`+strings.Repeat("0", 64)+`"`), "as listed"},
		{"path as a hash", linked("X-Linked-Etag", `"../../../x"`), "expected a SHA-256"},
		{"another size", linked("X-Linked-Size", "17"), "as listed"},
		{"no size", linked("X-Linked-Size", "many"), "expected a number of bytes"},
		{"another commit", linked("X-Repo-Commit", strings.Repeat("1", 40)), "X-Repo-Commit"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, s, repo, c := start(t)
			s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodHead || !strings.HasSuffix(r.URL.Path, "/"+weightsName) || strings.Contains(r.URL.Path, "Dense") {
					return false
				}
				test.head(w, repo)
				return true
			})
			_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
			if !errors.Is(err, ErrContent) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), weightsName) {
				t.Errorf("expected an error that says %q, found %v", test.says, err)
			}
			checkNothingBroken(t, h, c)
		})
	}
	t.Run("too large", func(t *testing.T) {
		h, s, _, c := start(t)
		h.MaxBytes = 1000
		_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
		if err == nil || !strings.Contains(err.Error(), "no more than 1000 bytes") {
			t.Errorf("found %v", err)
		}
		for _, r := range s.Requests() {
			if strings.HasSuffix(r.Path, ".safetensors") {
				t.Errorf("asked for %s", r.Path)
			}
		}
		checkNothingBroken(t, h, c)
	})
}

// Mirrors may list names alone.
func TestPullNamesAlone(t *testing.T) {
	h, s, repo, c := start(t)
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/api/") {
			return false
		}
		var siblings []string
		for name := range c {
			siblings = append(siblings, fmt.Sprintf(`{"rfilename": %q}`, name))
		}
		fmt.Fprintf(w, `{"sha": %q, "siblings": [%s]}`, repo.Commit, strings.Join(siblings, ","))
		return true
	})
	mustPull(t, h, repo, c)
}

func TestPullErrors(t *testing.T) {
	refuse := func(status int, code, message string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { standin.Refuse(w, status, code, message) }
	}
	after := func(seconds string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", seconds)
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}
	for _, test := range []struct {
		name     string
		token    string
		answer   func(http.ResponseWriter)
		is       error
		says     []string
		requests int
	}{
		{"misspelt", "", refuse(401, "RepoNotFound", "Repository not found"), ErrNotFound, []string{"misspelt", "private", "HF_TOKEN"}, 1},
		{"misspelt with a token", "hf_x", refuse(404, "RepoNotFound", "Repository not found"), ErrNotFound, []string{"misspelt", "token"}, 1},
		{"bad token", "hf_x", refuse(401, "", "Invalid credentials in Authorization header"), ErrGated, []string{"doesn't accept the token", "Invalid credentials"}, 1},
		{"gated", "", refuse(401, "GatedRepo", "Access to model is restricted"), ErrGated, []string{"conditions to be accepted at http://127.0.0.1", "/" + testID, "HF_TOKEN"}, 1},
		{"gated for this token", "hf_x", refuse(403, "GatedRepo", "You are not in the authorized list"), ErrGated, []string{"conditions", "authorized list"}, 1},
		{"forbidden", "hf_x", refuse(403, "", "Access to this resource is disabled."), ErrGated, []string{"forbids it", "disabled"}, 1},
		{"no revision", "", refuse(404, "RevisionNotFound", "Invalid rev id: main"), ErrNotFound, []string{`revision "main"`}, 1},
		{"steering", "", refuse(401, "RepoNotFound", "\u202Egone"), ErrNotFound, []string{"gone"}, 1},
		{"no hub", "", refuse(418, "", ""), nil, []string{"expected 200 OK, found 418"}, 1},
		{"broken hub", "", refuse(500, "", ""), nil, []string{"500 Internal Server Error", "tried 5 times"}, 5},
		{"busy hub", "", refuse(503, "", ""), nil, []string{"503", "tried 5 times"}, 5},
		{"too many requests", "", after("0"), ErrBusy, []string{"429", "tried 5 times"}, 5},
		{"too many for long", "", after("3600"), ErrBusy, []string{"429", "1h0m0s", "no more than 2m0s"}, 1},
		{"too many until tomorrow", "", after(time.Now().Add(24 * time.Hour).UTC().Format(http.TimeFormat)), ErrBusy, []string{"no more than 2m0s"}, 1},
		{"redirects", "", func(w http.ResponseWriter) {
			w.Header().Set("Location", "/api/models/"+testID+"/revision/main")
			w.WriteHeader(307)
		}, nil, []string{"more than 10 redirects"}, 10},
		{"redirect to a file", "", func(w http.ResponseWriter) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(307)
		}, nil, []string{"no address"}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, s, _, _ := start(t)
			h.Token = test.token
			s.Intercept(func(w http.ResponseWriter, r *http.Request) bool { test.answer(w); return true })
			_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
			if err == nil || test.is != nil && !errors.Is(err, test.is) {
				t.Fatalf("expected %v, found %v", test.is, err)
			}
			for _, part := range append(test.says, "hub: ") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("expected an error that says %q, found %v", part, err)
				}
			}
			if strings.ContainsAny(err.Error(), "\x1b\u202E") || test.token != "" && strings.Contains(err.Error(), test.token) {
				t.Errorf("the error has what it mustn't have: %q", err)
			}
			if n := len(s.Requests()); n != test.requests {
				t.Errorf("expected %d requests, found %d", test.requests, n)
			}
			if found := names(t, h.Cache); len(found) > 0 {
				t.Errorf("the cache has %q", found)
			}
		})
	}
}

// Retry-After is obeyed, and passing failures of all kinds of requests are survived.
func TestPullPassingFailures(t *testing.T) {
	h, s, r, c := start(t)
	var mu sync.Mutex
	seen := map[string]bool{}
	began := time.Now()
	s.Intercept(func(w http.ResponseWriter, request *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		key := request.Method + request.URL.Path
		if seen[key] {
			return false
		}
		seen[key] = true
		switch len(seen) % 3 {
		case 0:
			if len(seen) == 3 {
				w.Header().Set("Retry-After", "1")
			}
			w.WriteHeader(http.StatusTooManyRequests)
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2:
			panic(http.ErrAbortHandler) // the connection ends
		}
		return true
	})
	mustPull(t, h, r, c)
	if time.Since(began) < time.Second {
		t.Error("Retry-After wasn't waited for")
	}
}

// The token goes to the hub and to nobody else.
func TestTokenStays(t *testing.T) {
	h, s, r, c := start(t)
	h.Token = "hf_secret"
	mustPull(t, h, r, c)
	content := 0
	for _, request := range s.Requests() {
		got := request.Header.Get("Authorization")
		if "http://"+request.Host == s.URL {
			if got != "Bearer hf_secret" {
				t.Errorf("%s %s: Authorization is %q", request.Method, request.Path, got)
			}
			continue
		}
		content++
		for key, values := range request.Header {
			if strings.Contains(strings.Join(values, " "), "secret") {
				t.Errorf("%s %s on another host: %s: %q", request.Method, request.Path, key, values)
			}
		}
	}
	if content == 0 {
		t.Error("nothing was asked of another host")
	}
}

// A repository that has been renamed is found under its old id.
func TestRedirectWithinTheHub(t *testing.T) {
	h, s, _, c := start(t)
	h.Token = "hf_x"
	r := s.Add("acme/new-name", c)
	s.Add(testID, nil).Moved = "acme/new-name"
	mustPull(t, h, r, c)
}

// No redirect leads from https to http.
func TestNoDowngrade(t *testing.T) {
	h, s, _, _ := start(t)
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URL+r.URL.Path, http.StatusFound)
	}))
	defer secure.Close()
	h.Endpoint, h.Transport = secure.URL, secure.Client().Transport
	if _, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{}); err == nil || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("found %v", err)
	}
	if n := len(s.Requests()); n > 0 {
		t.Errorf("%d requests went over http", n)
	}
}

// broken pulls from a server that sends the weights in some wrong way.
func broken(t *testing.T, send func(w http.ResponseWriter, r *http.Request, content []byte, try int)) (*Hub, *standin.Hub, *standin.Repo, tiny.Checkpoint) {
	t.Helper()
	h, s, r, c := start(t)
	tries := new(atomic.Int32)
	s.Intercept(func(w http.ResponseWriter, request *http.Request) bool {
		if !isContent(request, c) {
			return false
		}
		send(w, request, c[weightsName], int(tries.Add(1)))
		return true
	})
	return h, s, r, c
}

// A file that ends early is gone on with where it ended.
func TestTruncation(t *testing.T) {
	var mu sync.Mutex
	var ranges []string
	h, _, r, c := broken(t, func(w http.ResponseWriter, request *http.Request, content []byte, try int) {
		mu.Lock()
		ranges = append(ranges, request.Header.Get("Range"))
		mu.Unlock()
		if try > 3 {
			standin.Serve(w, request, content)
			return
		}
		from := (try - 1) * 1000
		if try > 1 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)-from))
		if try > 1 {
			w.WriteHeader(http.StatusPartialContent)
		}
		w.Write(content[from : from+1000])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	mustPull(t, h, r, c)
	if want := []string{"", "bytes=1000-", "bytes=2000-", "bytes=3000-"}; !slices.Equal(ranges, want) {
		t.Errorf("expected %q, found %q", want, ranges)
	}
}

// The same where the connection ends in good order.
func TestTruncationWithoutLength(t *testing.T) {
	h, _, r, c := broken(t, func(w http.ResponseWriter, request *http.Request, content []byte, try int) {
		if try > 1 {
			standin.Serve(w, request, content)
			return
		}
		w.(http.Flusher).Flush() // no Content-Length
		w.Write(content[:500])
	})
	mustPull(t, h, r, c)
}

// A server that ignores Range sends all again.
func TestRangeIgnored(t *testing.T) {
	h, _, r, c := broken(t, func(w http.ResponseWriter, request *http.Request, content []byte, try int) {
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		if try == 1 {
			w.Write(content[:len(content)/2])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		w.Write(content)
	})
	mustPull(t, h, r, c)
}

func TestRangeRefused(t *testing.T) {
	h, _, r, c := broken(t, func(w http.ResponseWriter, request *http.Request, content []byte, try int) {
		switch {
		case try == 1:
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
			w.Write(content[:100])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case request.Header.Get("Range") != "":
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		default:
			w.Write(content)
		}
	})
	mustPull(t, h, r, c)
}

// An address that isn't good any more is asked for again, and isn't taken for the
// hub's word.
func TestExpiredAddress(t *testing.T) {
	for status, until := range map[int]int{http.StatusForbidden: 3, http.StatusNotFound: 3, http.StatusBadRequest: 100} {
		h, _, r, c := broken(t, func(w http.ResponseWriter, request *http.Request, content []byte, try int) {
			if try < until {
				w.WriteHeader(status)
				return
			}
			standin.Serve(w, request, content)
		})
		if until == 3 {
			mustPull(t, h, r, c)
			continue
		}
		_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
		if err == nil || errors.Is(err, ErrGated) || errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "found 400 Bad Request; tried 5 times") || strings.Contains(err.Error(), "secret") {
			t.Errorf("found %v", err)
		}
		checkNothingBroken(t, h, c)
	}
}

// wantContentError pulls and expects to be told that the content is wrong.
func wantContentError(t *testing.T, h *Hub, c tiny.Checkpoint, says string) {
	t.Helper()
	_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
	if !errors.Is(err, ErrContent) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), weightsName) {
		t.Errorf("expected an error that says %q, found %v", says, err)
	}
	checkNothingBroken(t, h, c)
}

func TestWrongContent(t *testing.T) {
	for _, test := range []struct {
		name string
		send func(w http.ResponseWriter, r *http.Request, content []byte, try int)
		says string
	}{
		{"wrong hash", func(w http.ResponseWriter, r *http.Request, content []byte, _ int) {
			standin.Serve(w, r, append([]byte{content[0] ^ 1}, content[1:]...))
		}, "expected hash"},
		{"too long", func(w http.ResponseWriter, r *http.Request, content []byte, _ int) { w.Write(append(content, 0)) }, "found more"},
		{"encoded", func(w http.ResponseWriter, r *http.Request, content []byte, _ int) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(content)
		}, `encoded as "gzip"`},
		{"another range", func(w http.ResponseWriter, r *http.Request, content []byte, try int) {
			if try == 1 {
				w.Header().Set("Content-Length", strconv.Itoa(len(content)))
				w.Write(content[:100])
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(content)-1, len(content)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content)
		}, "expected bytes from 100"},
		{"nothing", func(w http.ResponseWriter, r *http.Request, content []byte, try int) { w.WriteHeader(200) }, "ends after 0 of"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, _, _, c := broken(t, test.send)
			wantContentError(t, h, c, test.says)
		})
	}
}

// What is left of another file under the same name costs one more try.
func TestWrongRemains(t *testing.T) {
	h, _, r, c := start(t)
	for _, remains := range []int{100, len(c[weightsName]), len(c[weightsName]) + 1} {
		blobs := filepath.Join(h.folder(testID), "blobs")
		if err := os.RemoveAll(h.folder(testID)); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(blobs, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(blobs, standin.Hash(c[weightsName])+".incomplete"), make([]byte, remains), 0o644); err != nil {
			t.Fatal(err)
		}
		mustPull(t, h, r, c)
	}
}

// A link in the place of an unfinished file isn't written through.
func TestLinkInTheWay(t *testing.T) {
	h, _, r, c := start(t)
	blobs := filepath.Join(h.folder(testID), "blobs")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(other, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(blobs, standin.Hash(c[weightsName])+".incomplete")); err != nil {
		t.Fatal(err)
	}
	mustPull(t, h, r, c)
	if text, err := os.ReadFile(other); string(text) != "precious" {
		t.Errorf("found %q, %v", text, err)
	}
}

// A server that goes silent is given up and asked again; one that is slow isn't.
func TestSilenceAndTrickle(t *testing.T) {
	h, _, r, c := broken(t, func(w http.ResponseWriter, request *http.Request, content []byte, try int) {
		if try == 1 {
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
			w.Write(content[:1000])
			w.(http.Flusher).Flush()
			<-request.Context().Done()
			return
		}
		rest := content[1000:]
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 1000-%d/%d", len(content)-1, len(content)))
		w.WriteHeader(http.StatusPartialContent)
		for i := range 10 { // longer in all than the silence that is borne
			w.Write(rest[i*len(rest)/10 : (i+1)*len(rest)/10])
			w.(http.Flusher).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	})
	h.Timeout = 700 * time.Millisecond
	mustPull(t, h, r, c)
}

func TestSilenceForGood(t *testing.T) {
	h, s, _, _ := start(t)
	h.Timeout = 50 * time.Millisecond
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
	if err == nil || !strings.Contains(err.Error(), "nothing came for 50ms") || !strings.Contains(err.Error(), "tried 5 times") {
		t.Errorf("found %v", err)
	}
}

func TestNoHub(t *testing.T) {
	h, _, _, _ := start(t)
	gone := httptest.NewServer(nil)
	h.Endpoint = gone.URL
	gone.Close()
	_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
	if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(gone.URL, "http://")) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("found %v", err)
	}
}

// What no other try would change isn't tried again.
func TestNoSuchHost(t *testing.T) {
	h, _, _, _ := start(t)
	h.Endpoint, h.pause = "http://no-such-host.invalid", time.Hour
	if _, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{}); err == nil || !strings.Contains(err.Error(), "no-such-host.invalid") {
		t.Errorf("found %v", err)
	}
	secure := httptest.NewTLSServer(nil)
	defer secure.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.Endpoint = secure.URL
	if _, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("found %v", err)
	}
}

// The end of the context ends a pull at once, and the next goes on.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	h, s, r, c := broken(t, func(w http.ResponseWriter, request *http.Request, content []byte, try int) {
		if try > 1 {
			standin.Serve(w, request, content)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Write(content[:2000])
		w.(http.Flusher).Flush()
		<-request.Context().Done()
	})
	var began time.Time
	_, err := h.Pull(ctx, Repo{ID: testID}, PullOptions{Progress: func(p Progress) {
		info, err := os.Stat(filepath.Join(h.folder(testID), "blobs", standin.Hash(c[weightsName])+".incomplete"))
		if err == nil && info.Size() == 2000 && began.IsZero() {
			began = time.Now()
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || time.Since(began) > time.Second {
		t.Errorf("found %v after %v", err, time.Since(began))
	}
	checkNothingBroken(t, h, c)
	s.Requests()
	mustPull(t, h, r, c)
	resumed := slices.ContainsFunc(s.Requests(), func(r standin.Request) bool { return r.Header.Get("Range") == "bytes=2000-" })
	if !resumed {
		t.Error("the second pull didn't go on where the first was")
	}
}

func TestCancelWhileWaiting(t *testing.T) {
	h, s, _, _ := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	began := time.Now()
	if _, err := h.Pull(ctx, Repo{ID: testID}, PullOptions{}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
		t.Errorf("found %v after %v", err, time.Since(began))
	}
}

func TestOffline(t *testing.T) {
	h, s, r, c := start(t)
	h.Offline = true
	_, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
	if !errors.Is(err, ErrOffline) || !errors.Is(err, ErrAbsent) {
		t.Errorf("found %v", err)
	}
	h.Offline = false
	mustPull(t, h, r, c)
	s.Requests()
	h.Offline = true
	mustPull(t, h, r, c)
	if n := len(s.Requests()); n > 0 {
		t.Errorf("%d requests offline", n)
	}
}

func TestFind(t *testing.T) {
	h, _, r, c := start(t)
	if _, err := h.Find(Repo{ID: testID}); !errors.Is(err, ErrAbsent) {
		t.Errorf("found %v", err)
	}
	if all, err := h.Snapshots(); err != nil || len(all) > 0 {
		t.Errorf("found %v, %v", all, err)
	}
	s := mustPull(t, h, r, c)
	for _, repo := range []Repo{{ID: testID}, {testID, "main"}, {testID, r.Commit}} {
		if found, err := h.Find(repo); err != nil || found.Path != s.Path || found.Bytes != s.Bytes {
			t.Errorf("%v: found %+v, %v", repo, found, err)
		}
	}
	if _, err := h.Find(Repo{testID, "v9"}); !errors.Is(err, ErrAbsent) {
		t.Errorf("found %v", err)
	}
	// The link is there, what it leads to isn't.
	if err := os.Remove(filepath.Join(h.folder(testID), "blobs", standin.Hash(c[weightsName]))); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Find(Repo{ID: testID}); !errors.Is(err, ErrPartial) || !strings.Contains(err.Error(), weightsName) {
		t.Errorf("found %v", err)
	}
	mustPull(t, h, r, c)
	for name, text := range map[string]string{"path": "../../../../etc", "empty": "", "long": strings.Repeat("0", 5000)} {
		if err := os.WriteFile(filepath.Join(h.folder(testID), "refs", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Find(Repo{testID, name}); err == nil || errors.Is(err, ErrAbsent) {
			t.Errorf("ref %q: found %v", text, err)
		}
	}
	if all, err := h.Snapshots(); err != nil || len(all) != 1 {
		t.Errorf("found %v, %v", all, err)
	}
}

// Where links can't be made, files are moved or copied.
func TestWithoutLinks(t *testing.T) {
	t.Setenv("HF_HUB_DISABLE_SYMLINKS", "1")
	h, s, r, c := start(t)
	c["2_Dense/same.safetensors"] = c[weightsName]
	for range 2 {
		snapshot, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{Check: edge.CheckFiles})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range wanted(c) {
			path := filepath.Join(snapshot.Path, filepath.FromSlash(name))
			if info, err := os.Lstat(path); name != "2_Dense/same.safetensors" && (err != nil || !info.Mode().IsRegular()) {
				t.Errorf("%s: found %v, %v", name, info, err)
			}
		}
		if m, err := edge.Open(snapshot.Path); err != nil {
			t.Error(err)
		} else {
			m.Close()
		}
	}
	// What a blob of another snapshot has is copied.
	t.Setenv("HF_HUB_DISABLE_SYMLINKS", "")
	h.Cache = t.TempDir()
	first, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HF_HUB_DISABLE_SYMLINKS", "1")
	c["config_sentence_transformers.json"] = []byte("{}")
	next := s.Add(testID, c)
	second, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{})
	if err != nil || second.Commit != next.Commit || first.Commit != r.Commit {
		t.Fatal(second, err)
	}
	for _, s := range []*Snapshot{first, second} {
		if text, err := os.ReadFile(filepath.Join(s.Path, weightsName)); string(text) != string(c[weightsName]) {
			t.Errorf("%s: %d bytes, %v", s.Path, len(text), err)
		}
	}
}

// A cache that can't be written is no obstacle when nothing has to be.
func TestReadOnlyCache(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	h, _, r, c := start(t)
	mustPull(t, h, r, c)
	all := []string{}
	filepath.WalkDir(h.Cache, func(path string, d fs.DirEntry, err error) error {
		if d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	for _, path := range all {
		os.Chmod(path, 0o555)
		t.Cleanup(func() { os.Chmod(path, 0o755) })
	}
	mustPull(t, h, r, c)
}
