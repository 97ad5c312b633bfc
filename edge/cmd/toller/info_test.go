package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/testdata"
)

func TestInfo(t *testing.T) {
	var got modelInfo
	decode(t, toller(t, "", "info", "--json", "--threads", "2").want(t, exitOK).stdout, &got)
	if got.Dim == 0 || got.Parameters == 0 || got.Threads != 2 || got.Heap == 0 || !slices.Contains(got.KernelSets, got.Kernels) {
		t.Errorf("found %+v", got)
	}
	if want := simd.Features(); !slices.Equal(got.Features, want) {
		t.Errorf("features: expected %v, found %v", want, got.Features)
	}
	text := toller(t, "", "info").want(t, exitOK).stdout
	for _, part := range []string{got.Name, got.Fingerprint.String(), got.Documents.String(), got.Kernels, got.DType, got.Embeddings, got.Numerics.String(), terminal.Grouped(got.Parameters)} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

// TestInfoOfIndex finds in an index what toller info says of the model.
func TestInfoOfIndex(t *testing.T) {
	var model modelInfo
	decode(t, toller(t, "", "info", "--json").want(t, exitOK).stdout, &model)
	path := filepath.Join(t.TempDir(), "index.db")
	toller(t, "", "index", write(t, filepath.Join(t.TempDir(), "note.txt"), "Calcium slows bone loss."), "--index", path).want(t, exitOK)
	if status := toller(t, "", "status", "--index", path).want(t, exitOK).stdout; !strings.Contains(status, model.Documents.String()) {
		t.Errorf("%s is not in:\n%s", model.Documents, status)
	}
}

// TestInfoLayouts says of each layout what it is and what is done with texts.
func TestInfoLayouts(t *testing.T) {
	for name, want := range map[string][]string{
		"stanford": {"Stanford, read as PyLate does", `up to 32 tokens, marked "[unused0]", filled up to 32 with [MASK]`,
			`up to 180 tokens, marked "[unused1]", 32 tokens without a vector`, "48 components, compared by MaxSim", "lower-cased"},
		"pylate-subfolder":         {"PyLate, read as PyLate does", "up to 100 tokens"},
		"st6-bert":                 {"sentence-transformers 6, read as sentence-transformers 6 does", `up to 28 tokens, begun with "[Q] ", filled up to 28 with [MASK]`},
		"st6-modernbert-min":       {"filled up to 16 with [MASK]", "compared by the mean of MaxSim"},
		"st6-modernbert-pool":      {"documents to one vector in 2, the first 1 kept, then made unit vectors"},
		"st6-modernbert-skipquery": {"not of unit length"},
	} {
		text := toller(t, "", "info", "--model", testdata.Checkpoint(t, name)).want(t, exitOK).stdout
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %q is not in:\n%s", name, part, text)
			}
		}
	}
}
