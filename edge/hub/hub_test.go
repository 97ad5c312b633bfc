package hub

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/standin"
	"github.com/toller-search/toller/edge/internal/tiny"
)

const testID = "acme/tiny-colbert"

// unread are files of a repository that opening a checkpoint doesn't read.
var unread = []string{"README.md", ".gitattributes", "onnx/model.onnx", "pytorch_model.bin", "vocab.txt", "modeling.py"}

// checkpoint is what a repository on the hub may hold: a checkpoint and more.
func checkpoint(t *testing.T) tiny.Checkpoint {
	t.Helper()
	c := maps.Clone(tiny.New(t))
	for _, name := range unread {
		c[name] = []byte("not for toller: " + name)
	}
	return c
}

// wanted are the names of the others.
func wanted(c tiny.Checkpoint) []string {
	return slices.Sorted(func(yield func(string) bool) {
		for name := range c {
			if !slices.Contains(unread, name) && !yield(name) {
				return
			}
		}
	})
}

// start starts a stand-in with a checkpoint, and a hub for it with an empty cache.
func start(t *testing.T) (*Hub, *standin.Hub, *standin.Repo, tiny.Checkpoint) {
	t.Helper()
	c := checkpoint(t)
	s := standin.New(t)
	r := s.Add(testID, c)
	return &Hub{Cache: t.TempDir(), Endpoint: s.URL, Timeout: 5 * time.Second, pause: time.Millisecond}, s, r, c
}

// mustPull pulls and checks everything that must hold afterwards.
func mustPull(t *testing.T, h *Hub, r *standin.Repo, c tiny.Checkpoint) *Snapshot {
	t.Helper()
	s, err := h.Pull(t.Context(), Repo{ID: testID}, PullOptions{Check: edge.CheckFiles})
	if err != nil {
		t.Fatal(err)
	}
	checkCache(t, h, r, c)
	if !slices.Equal(slices.Sorted(slices.Values(s.Files)), wanted(c)) || s.Commit != r.Commit {
		t.Errorf("expected %q of %s, found %q of %s", wanted(c), r.Commit, s.Files, s.Commit)
	}
	return s
}

// checkCache checks that the cache has the checkpoint's files as they should be, and
// nothing else.
func checkCache(t *testing.T, h *Hub, r *standin.Repo, c tiny.Checkpoint) {
	t.Helper()
	folder := filepath.Join(h.Cache, "models--acme--tiny-colbert")
	var blobs []string
	for _, name := range wanted(c) {
		found, err := os.ReadFile(filepath.Join(folder, "snapshots", r.Commit, filepath.FromSlash(name)))
		if err != nil || string(found) != string(c[name]) {
			t.Errorf("%s: expected %d bytes, found %d, %v", name, len(c[name]), len(found), err)
		}
		blob := standin.GitHash(c[name])
		if len(c[name]) >= 4<<10 {
			blob = standin.Hash(c[name])
		}
		blobs = append(blobs, blob)
		link, err := os.Readlink(filepath.Join(folder, "snapshots", r.Commit, filepath.FromSlash(name)))
		if want := strings.Repeat("../", 2+strings.Count(name, "/")) + "blobs/" + blob; err != nil || filepath.ToSlash(link) != want {
			t.Errorf("%s: expected a link to %s, found %q, %v", name, want, link, err)
		}
	}
	slices.Sort(blobs)
	if found := names(t, filepath.Join(folder, "blobs")); !slices.Equal(found, slices.Compact(blobs)) {
		t.Errorf("blobs: expected %q, found %q", blobs, found)
	}
	if ref, err := os.ReadFile(filepath.Join(folder, "refs", "main")); string(ref) != r.Commit {
		t.Errorf("refs/main: expected %s, found %q, %v", r.Commit, ref, err)
	}
}

// names lists a folder.
func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// checkNothingBroken checks that whatever has its final name in the cache is whole.
func checkNothingBroken(t *testing.T, h *Hub, c tiny.Checkpoint) {
	t.Helper()
	whole := map[string]bool{}
	for _, content := range c {
		whole[standin.Hash(content)], whole[standin.GitHash(content)] = true, true
	}
	folder := filepath.Join(h.Cache, "models--acme--tiny-colbert")
	for _, name := range names(t, filepath.Join(folder, "blobs")) {
		if strings.HasSuffix(name, ".incomplete") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, "blobs", name))
		if err != nil || !whole[name] || name != standin.Hash(content) && name != standin.GitHash(content) {
			t.Errorf("blob %s has other content: %d bytes, %v", name, len(content), err)
		}
	}
	if found := names(t, filepath.Join(folder, "refs")); len(found) > 0 {
		t.Errorf("expected no refs, found %q", found)
	}
}

func TestParseRepo(t *testing.T) {
	for text, want := range map[string]Repo{
		"a/b":                {ID: "a/b"},
		"gpt2":               {ID: "gpt2"},
		"A-1/b_2.c@v1.0":     {"A-1/b_2.c", "v1.0"},
		"a/b@refs/pr/1":      {"a/b", "refs/pr/1"},
		"colbert-ir/c.v2.0":  {ID: "colbert-ir/c.v2.0"},
		"_a/b":               {ID: "_a/b"},
		"lightonai/LateOn@x": {"lightonai/LateOn", "x"},
	} {
		if r, err := ParseRepo(text); err != nil || r != want {
			t.Errorf("%q: expected %v, found %v, %v", text, want, r, err)
		}
	}
	for _, text := range []string{
		"", "/", "a/", "/b", "a/b/c", "../b", "a/..", "a/.b", ".a/b", "a/b.", "-a/b", "a--b/c", "a/b..c", "a/b.git", "a b", "a/b\x00", "a\\b", "C:/b", "~/b", "a/b@", "a/b@../x", "a/b@/x", "a/b@x\\y",
		"a/b@x\n", "a/b@.", "é/b", "a/" + strings.Repeat("b", 97), strings.Repeat("a", 400) + "/b", "a/b@" + strings.Repeat("c", 201), "./a",
	} {
		if r, err := ParseRepo(text); err == nil {
			t.Errorf("%q: expected an error, found %v", text, r)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_DISABLE_IMPLICIT_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	if err := os.MkdirAll(filepath.Join(home, "hf"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "hf", "token"), []byte("hf_file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(home, ".cache", "huggingface", "hub")
	for _, test := range []struct {
		name string
		env  map[string]string
		want Hub
	}{
		{"nothing", nil, Hub{Cache: cache}},
		{"XDG", map[string]string{"XDG_CACHE_HOME": "/x"}, Hub{Cache: filepath.FromSlash("/x/huggingface/hub")}},
		{"home", map[string]string{"HF_HOME": "~/hf", "XDG_CACHE_HOME": "/x"}, Hub{Cache: filepath.Join(home, "hf", "hub"), Token: "hf_file"}},
		{"variables", map[string]string{"HF_HOME": "$HOME/hf"}, Hub{Cache: filepath.Join(home, "hf", "hub"), Token: "hf_file"}},
		{"cache", map[string]string{"HF_HUB_CACHE": "/c", "HF_HOME": "/h"}, Hub{Cache: "/c"}},
		{"token", map[string]string{"HF_TOKEN": " hf_env\n", "HF_HOME": "~/hf"}, Hub{Cache: filepath.Join(home, "hf", "hub"), Token: "hf_env"}},
		{"token's file", map[string]string{"HF_TOKEN_PATH": "~/hf/token"}, Hub{Cache: cache, Token: "hf_file"}},
		{"no token", map[string]string{"HF_TOKEN": "hf_env", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, Hub{Cache: cache}},
		{"offline", map[string]string{"HF_HUB_OFFLINE": "true"}, Hub{Cache: cache, Offline: true}},
		{"online", map[string]string{"HF_HUB_OFFLINE": "0"}, Hub{Cache: cache}},
		{"transformers offline", map[string]string{"TRANSFORMERS_OFFLINE": "YES"}, Hub{Cache: cache, Offline: true}},
		{"endpoint", map[string]string{"HF_ENDPOINT": "http://mirror:8080/hf/"}, Hub{Cache: cache, Endpoint: "http://mirror:8080/hf/"}},
		{"timeout", map[string]string{"HF_HUB_DOWNLOAD_TIMEOUT": "30"}, Hub{Cache: cache, Timeout: 30 * time.Second}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for key, value := range test.env {
				t.Setenv(key, value)
			}
			if test.want.Endpoint == "" {
				test.want.Endpoint = "https://huggingface.co"
			}
			if h, err := FromEnvironment(); err != nil || *h != test.want {
				t.Errorf("expected %+v, found %+v, %v", test.want, h, err)
			}
		})
	}
	for key, value := range map[string]string{"HF_ENDPOINT": "hub.example", "HF_HUB_DOWNLOAD_TIMEOUT": "soon", "HF_TOKEN": "a b"} {
		t.Run("bad "+key, func(t *testing.T) {
			t.Setenv(key, value)
			if _, err := FromEnvironment(); err == nil || !strings.Contains(err.Error(), key) {
				t.Errorf("expected an error that names %s, found %v", key, err)
			}
		})
	}
}
