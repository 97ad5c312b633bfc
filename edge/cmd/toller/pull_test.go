package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/hub"
	"github.com/toller-search/toller/edge/internal/standin"
	"github.com/toller-search/toller/edge/internal/tiny"
)

const tinyID = "acme/tiny-colbert"

// hubEnvironment is a hub's stand-in with a small model, and what commands are run
// with to use it, with a cache of its own.
type hubEnvironment struct {
	*standin.Hub
	cache string
	env   []string
}

func newHub(t *testing.T) *hubEnvironment {
	t.Helper()
	h := &hubEnvironment{Hub: standin.New(t), cache: t.TempDir()}
	h.Add(tinyID, tiny.New(t))
	h.env = []string{"HF_ENDPOINT=" + h.URL, "HF_HUB_CACHE=" + h.cache, "HF_HOME=" + t.TempDir(), "HF_TOKEN=", "HF_HUB_OFFLINE=", "TRANSFORMERS_OFFLINE=", "HF_HUB_DISABLE_SYMLINKS=", "HF_HUB_DOWNLOAD_TIMEOUT="}
	return h
}

func (h *hubEnvironment) command(t *testing.T, args ...string) *exec.Cmd {
	cmd := command(t, args...)
	cmd.Env = append(cmd.Env, h.env...)
	return cmd
}

func (h *hubEnvironment) toller(t *testing.T, args ...string) result {
	t.Helper()
	return finish(t, h.command(t, args...))
}

func TestPull(t *testing.T) {
	h := newHub(t)
	var p pulled
	decode(t, h.toller(t, "pull", tinyID, "--json").want(t, exitOK).stdout, &p)
	if p.Model != tinyID || p.Bytes == 0 || p.Files == 0 || !strings.HasPrefix(p.Path, h.cache) || len(p.Commit) != 40 {
		t.Errorf("found %+v", p)
	}
	if text := h.toller(t, "pull", tinyID+"@main").want(t, exitOK).stdout; !strings.Contains(text, p.Path) {
		t.Errorf("found %q", text)
	}
	h.toller(t, "pull", tinyID+"@v2").want(t, exitFailure).says(t, tinyID, `revision "v2"`, "not found")
	h.toller(t, "pull", "acme/none").want(t, exitFailure).says(t, "acme/none", "misspelt", "HF_TOKEN")
	h.toller(t, "pull", "not an id").want(t, exitUsage).says(t, `"not an id"`)
	h.toller(t, "pull").want(t, exitUsage).says(t, "ID[@REVISION]")

	// What toller can't open isn't fetched.
	bad := tiny.New(t)
	bad["config.json"] = []byte(`{"model_type": "xlm-roberta"}`)
	h.Add("acme/other", bad)
	h.Requests()
	h.toller(t, "pull", "acme/other").want(t, exitFailure).says(t, "acme/other/config.json: model_type", "xlm-roberta")
	for _, r := range h.Requests() {
		if strings.HasSuffix(r.Path, ".safetensors") {
			t.Errorf("asked for %s", r.Path)
		}
	}
}

// TestPullThroughProxy has a proxy that the environment names reach a hub that can't
// be reached otherwise.
func TestPullThroughProxy(t *testing.T) {
	h := newHub(t)
	cmd := h.command(t, "pull", tinyID)
	// The stand-in answers whatever host it is asked for, as a proxy would. Its other
	// server, on this machine, is reached without one.
	cmd.Env = append(cmd.Env, "HF_ENDPOINT=http://hub.invalid", "HTTP_PROXY="+h.URL, "http_proxy="+h.URL, "NO_PROXY=", "no_proxy=")
	finish(t, cmd).want(t, exitOK)
	proxied := 0
	for _, r := range h.Requests() {
		if r.Host == "hub.invalid" {
			proxied++
		}
	}
	if proxied == 0 {
		t.Error("nothing went through the proxy")
	}
}

// TestModelByID uses a pulled model everywhere, without another connection.
func TestModelByID(t *testing.T) {
	h := newHub(t)
	folder := t.TempDir()
	notes := write(t, filepath.Join(folder, "notes", "a.txt"), "the cat sat on the mat")
	db := filepath.Join(folder, "index.db")
	absent := h.toller(t, "rank", "cat", notes, "--model", tinyID).want(t, exitFailure)
	absent.says(t, "no model of that id", "'toller pull "+tinyID+"' fetches it")
	h.toller(t, "pack", tinyID, "-o", filepath.Join(folder, "p")).want(t, exitFailure).says(t, "toller pull "+tinyID)
	h.toller(t, "info", "--model", tinyID+"@v2").want(t, exitFailure).says(t, "toller pull "+tinyID+"@v2")
	h.toller(t, "info", "--model", "nothing").want(t, exitFailure).says(t, "nothing: no such file")
	if r := h.Requests(); len(r) > 0 {
		t.Fatalf("commands asked the hub: %v", r)
	}

	h.toller(t, "pull", tinyID).want(t, exitOK)
	h.Requests()
	var info modelInfo
	decode(t, h.toller(t, "info", "--json", "--model", tinyID).want(t, exitOK).stdout, &info)
	if info.Name != tinyID || !strings.HasPrefix(info.Path, h.cache) {
		t.Errorf("found %q at %q", info.Name, info.Path)
	}
	packedFile := filepath.Join(folder, "packed.safetensors")
	for _, args := range [][]string{
		{"rank", "cat", notes}, {"explain", "cat", notes}, {"encode", "--query", "cat"}, {"bench", "--time", "1ms"},
		{"index", filepath.Dir(notes), "--index", db}, {"search", "cat", "--index", db}, {"status", "--index", db},
	} {
		h.toller(t, append(args, "--model", tinyID)...).want(t, exitOK)
	}
	h.toller(t, "pack", tinyID, "-o", packedFile).want(t, exitOK)
	h.toller(t, "models").want(t, exitOK)
	h.toller(t, "check", "--index", db).want(t, exitOK)
	cmd := h.command(t, "info", "--json")
	cmd.Env = append(cmd.Env, "TOLLER_MODEL="+tinyID+"@main")
	decode(t, finish(t, cmd).want(t, exitOK).stdout, &info)
	if info.Name != tinyID {
		t.Errorf("found %q", info.Name)
	}

	// The index says which model it needs, and how that is had.
	h.toller(t, "search", "cat", "--index", db).want(t, exitFailure).says(t, tinyID, "try --model "+tinyID)
	if err := os.RemoveAll(h.cache); err != nil {
		t.Fatal(err)
	}
	h.toller(t, "search", "cat", "--index", db).want(t, exitFailure).says(t, "'toller pull "+tinyID+"' fetches it, then try --model "+tinyID)
	// A copy of the model is the model.
	h.toller(t, "search", "cat", "--index", db, "--model", packedFile).want(t, exitOK)
	own := filepath.Join(folder, "own.db")
	h.toller(t, "index", filepath.Dir(notes), "--index", own).want(t, exitOK)
	h.toller(t, "search", "cat", "--index", own, "--model", packedFile).want(t, exitFailure).says(t, "--model builtin")
	if r := h.Requests(); len(r) > 0 {
		t.Errorf("commands asked the hub: %v", r)
	}
}

// A folder of that name goes before the cache.
func TestFolderBeforeID(t *testing.T) {
	h := newHub(t)
	h.toller(t, "pull", tinyID).want(t, exitOK)
	folder := t.TempDir()
	for name, content := range tiny.New(t) {
		write(t, filepath.Join(folder, tinyID, name), string(content))
	}
	cmd := h.command(t, "info", "--json", "--model", tinyID)
	cmd.Dir = folder
	var info modelInfo
	decode(t, finish(t, cmd).want(t, exitOK).stdout, &info)
	if info.Path != tinyID {
		t.Errorf("found %q", info.Path)
	}
}

func TestPartialModel(t *testing.T) {
	h := newHub(t)
	var p pulled
	decode(t, h.toller(t, "pull", tinyID, "--json").want(t, exitOK).stdout, &p)
	for _, name := range []string{"model.safetensors", "1_Dense/config.json"} {
		if err := os.Remove(filepath.Join(p.Path, name)); err != nil {
			t.Fatal(err)
		}
		h.toller(t, "info", "--model", tinyID).want(t, exitFailure).says(t, filepath.Base(name), "'toller pull "+tinyID+"' fetches what is missing")
		h.toller(t, "pull", tinyID).want(t, exitOK)
	}
}

func TestModels(t *testing.T) {
	h := newHub(t)
	h.toller(t, "pull", tinyID).want(t, exitOK)
	named := hub.Checkpoints[0].ID
	h.Add(named, tiny.Stanford(t))
	h.toller(t, "pull", named).want(t, exitOK)
	other := filepath.Join(h.cache, "models--acme--llm", "snapshots", strings.Repeat("1", 40))
	write(t, filepath.Join(other, "config.json"), `{"model_type": "llama"}`)
	write(t, filepath.Join(other, "model.safetensors"), "large")

	var list modelList
	h.Requests()
	r := h.toller(t, "models", "--json").want(t, exitOK)
	decode(t, r.stdout, &list)
	r.says(t)
	if list.Cache != h.cache || len(list.Models) != 3 || len(list.Unreadable) != 1 || len(list.Checkpoints) != len(hub.Checkpoints) {
		t.Fatalf("found %+v", list)
	}
	if m := list.Models[0]; m.Model != builtinName || m.Fingerprint != embedded(t).Fingerprint {
		t.Errorf("found %+v", m)
	}
	if m := list.Models[1]; m.Model != tinyID || m.Dim != tiny.Dim || m.Bytes == 0 || m.Backbone != "modernbert 2 × 32" || m.Layout != "PyLate" {
		t.Errorf("found %+v", m)
	}
	if m := list.Models[2]; m.Model != named || m.Layout != "Stanford" {
		t.Errorf("found %+v", m)
	}
	if u := list.Unreadable[0]; !strings.HasPrefix(u.Model, "acme/llm@111") || !strings.Contains(u.Reason, "tokenizer") && !strings.Contains(u.Reason, "not a ColBERT") {
		t.Errorf("found %+v", u)
	}
	for _, c := range list.Checkpoints {
		if c.Here != (c.ID == named) {
			t.Errorf("found %+v", c)
		}
	}
	r = h.toller(t, "models").want(t, exitOK)
	r.says(t, "1 other model")
	for _, want := range []string{"builtin\t", tinyID + "\tmodernbert 2 × 32\t8\t", named + "\tbert 2 × 32", hub.Checkpoints[1].ID + "\tModernBERT 10 × 384\t64\n"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is not in:\n%s", want, r.stdout)
		}
	}
	if n := h.Requests(); len(n) > 0 {
		t.Errorf("asked the hub: %v", n)
	}
}

// TestModelsWithoutCache lists what there is without one.
func TestModelsWithoutCache(t *testing.T) {
	h := newHub(t)
	if err := os.RemoveAll(h.cache); err != nil {
		t.Fatal(err)
	}
	if r := h.toller(t, "models").want(t, exitOK); !strings.HasPrefix(r.stdout, builtinName+"\t") || r.stderr != "" {
		t.Errorf("found %q, %q", r.stdout, r.stderr)
	}
	if builtin.Name == builtinName {
		t.Error("the model's name is also the word for it")
	}
}
