// Package standin is a model hub on this machine, for tests: it speaks as much of
// Hugging Face's protocol as fetching a checkpoint takes, and misbehaves when asked to.
package standin

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A Hub serves repositories. Large files are answered with a redirect to another
// server, as the hub does with those that git-lfs keeps.
type Hub struct {
	URL     string // of the hub
	Content string // of the server with large files

	mu        sync.Mutex
	repos     map[string]*Repo
	requests  []Request
	intercept func(w http.ResponseWriter, r *http.Request) bool
}

// A Repo is a repository in one commit.
type Repo struct {
	Commit string
	Refs   []string          // branches and tags that stand for it
	Files  map[string][]byte // by name
	Moved  string            // to which id it has been renamed; "" if it hasn't
}

// A Request is one that has come.
type Request struct {
	Method, Host, Path string
	Header             http.Header
}

// large is the size from which a file is served by the other server.
const large = 4 << 10

// New starts a hub, which ends with the test.
func New(tb testing.TB) *Hub {
	tb.Helper()
	h := &Hub{repos: map[string]*Repo{}}
	for _, server := range []struct {
		url   *string
		serve http.HandlerFunc
	}{{&h.URL, h.serveHub}, {&h.Content, h.serveContent}} {
		s := httptest.NewServer(h.noted(server.serve))
		tb.Cleanup(s.Close)
		*server.url = s.URL
	}
	return h
}

// Add adds a repository with a checkpoint's files, in the branch main, and returns it.
func (h *Hub) Add(id string, files map[string][]byte) *Repo {
	sum := sha1.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s %x\n", name, sha256.Sum256(files[name]))
	}
	r := &Repo{Commit: hex.EncodeToString(sum.Sum(nil)), Refs: []string{"main"}, Files: files}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.repos[id] = r
	return r
}

// Intercept has f see every request first; where it returns true, it has answered.
func (h *Hub) Intercept(f func(w http.ResponseWriter, r *http.Request) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.intercept = f
}

// Requests returns what has come since the last call.
func (h *Hub) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.requests
	h.requests = nil
	return all
}

func (h *Hub) noted(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.requests = append(h.requests, Request{r.Method, r.Host, r.URL.Path, r.Header.Clone()})
		f := h.intercept
		h.mu.Unlock()
		if f == nil || !f(w, r) {
			serve(w, r)
		}
	}
}

// find returns the repository of a path's id, and what follows the id.
func (h *Hub) find(path string) (id string, r *Repo, rest string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, r := range h.repos {
		if rest, ok := strings.CutPrefix(path, id+"/"); ok {
			return id, r, rest
		}
		if path == id {
			return id, r, "revision/main"
		}
	}
	return "", nil, ""
}

// Refuse answers as the hub does to what it won't give.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Error-Code", code)
	w.Header().Set("X-Error-Message", message)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": message})
}

func (h *Hub) serveHub(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	api, isAPI := strings.CutPrefix(path, "api/models/")
	if isAPI {
		path = api
	}
	id, repo, rest := h.find(path)
	if repo == nil {
		Refuse(w, http.StatusUnauthorized, "RepoNotFound", "Repository not found")
		return
	}
	if repo.Moved != "" {
		// The real one answers with an address without a host, too, and may tag that answer.
		w.Header().Set("ETag", `W/"17-of the redirect"`)
		http.Redirect(w, r, strings.Replace(r.URL.RequestURI(), "/"+id, "/"+repo.Moved, 1), http.StatusTemporaryRedirect)
		return
	}
	action, rest, _ := strings.Cut(rest, "/")
	switch {
	case isAPI && action == "revision" && repo.is(rest):
		h.serveListing(w, id, repo)
	case isAPI && action == "tree" && repo.is(rest):
		h.serveTree(w, repo)
	case !isAPI && action == "resolve":
		revision, name, _ := strings.Cut(rest, "/")
		if !repo.is(revision) {
			Refuse(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+revision)
			return
		}
		h.serveFile(w, r, repo, name)
	default:
		Refuse(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+rest)
	}
}

func (r *Repo) is(revision string) bool {
	return revision == r.Commit || slices.Contains(r.Refs, revision)
}

func (h *Hub) serveListing(w http.ResponseWriter, id string, r *Repo) {
	var siblings []map[string]any
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		content := r.Files[name]
		s := map[string]any{"rfilename": name, "size": len(content), "blobId": GitHash(content)}
		if len(content) >= large {
			s["blobId"] = strings.Repeat("0", 40)
			s["lfs"] = map[string]any{"sha256": Hash(content), "size": len(content), "pointerSize": 134}
		}
		siblings = append(siblings, s)
	}
	writeJSON(w, map[string]any{"_id": "1", "id": id, "modelId": id, "sha": r.Commit, "private": false, "gated": false, "tags": []string{}, "downloads": 0, "likes": 0, "siblings": siblings})
}

func (h *Hub) serveTree(w http.ResponseWriter, r *Repo) {
	entries := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		content := r.Files[name]
		e := map[string]any{"type": "file", "path": name, "size": len(content), "oid": GitHash(content)}
		if len(content) >= large {
			e["lfs"] = map[string]any{"oid": Hash(content), "size": len(content), "pointerSize": 134}
		}
		entries = append(entries, e)
	}
	writeJSON(w, entries)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func (h *Hub) serveFile(w http.ResponseWriter, r *http.Request, repo *Repo, name string) {
	w.Header().Set("X-Repo-Commit", repo.Commit)
	content, ok := repo.Files[name]
	if !ok {
		Refuse(w, http.StatusNotFound, "EntryNotFound", "Entry not found")
		return
	}
	if len(content) < large {
		w.Header().Set("ETag", strconv.Quote(GitHash(content)))
		Serve(w, r, content)
		return
	}
	w.Header().Set("ETag", strconv.Quote("of the redirect"))
	w.Header().Set("X-Linked-Etag", strconv.Quote(Hash(content)))
	w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
	w.Header().Set("Location", h.Content+"/"+Hash(content)+"?signature=secret")
	w.WriteHeader(http.StatusFound)
}

func (h *Hub) serveContent(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	repos := make([]*Repo, 0, len(h.repos))
	for _, repo := range h.repos {
		repos = append(repos, repo)
	}
	h.mu.Unlock()
	for _, repo := range repos {
		for _, content := range repo.Files {
			if r.URL.Path == "/"+Hash(content) {
				w.Header().Set("ETag", `"of the store"`)
				Serve(w, r, content)
				return
			}
		}
	}
	http.NotFound(w, r)
}

// Serve answers with content, or the end of it that a Range asks for.
func Serve(w http.ResponseWriter, r *http.Request, content []byte) {
	from, status := 0, http.StatusOK
	if text, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
		first, _, _ := strings.Cut(text, "-")
		n, err := strconv.Atoi(first)
		if err != nil || n >= len(content) {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		from, status = n, http.StatusPartialContent
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(content)-from))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(content[from:])
	}
}

// Hash is the SHA-256 of a large file, which its blob is called by.
func Hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// GitHash is the SHA-1 of a small file's git object.
func GitHash(content []byte) string {
	sum := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(content)), content...))
	return hex.EncodeToString(sum[:])
}
