package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/cmd/toller/array"
	"github.com/toller-search/toller/edge/cmd/toller/export"
	"github.com/toller-search/toller/testdata"
)

func runJSON(t *testing.T, v any, args ...string) {
	t.Helper()
	decode(t, toller(t, "", append(args, "--json")...).want(t, exitOK).stdout, v)
}

func TestStatus(t *testing.T) {
	folder := mixed(t)
	model := embedded(t)
	dims := model.Dim / 2
	index := indexed(t, folder, "--codec", "int8", "--pool", "2", "--dims", strconv.Itoa(dims))
	var got indexStatus
	runJSON(t, &got, "status", "--index", index)
	if got.Index != index || got.Documents != 8 || got.Passages < 8 || got.Tokens < 8 || got.Codec != "int8" || got.Pool != 2 ||
		got.Dims != dims || got.Dim != model.Dim || got.Bytes <= 0 || got.Model != model.Name || got.Trained {
		t.Errorf("status: %+v", got)
	}
	r := toller(t, "", "status", "--index", index).want(t, exitOK)
	for _, part := range []string{"documents    8\n", fmt.Sprintf("%d components, stored as int8, pooled to one in 2", dims), model.Name} {
		if !strings.Contains(r.stdout, part) {
			t.Errorf("lacks %q: %s", part, r.stdout)
		}
	}
}

func TestRemove(t *testing.T) {
	folder := mixed(t)
	in := func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) }
	index := indexed(t, folder)
	var got removal
	runJSON(t, &got, "rm", "--index", index, in("records.jsonl#a"), in("food.csv"), in("animals"))
	if got.Removed != 5 || len(got.Keys) != 5 || len(got.Unknown) != 0 || !slices.IsSorted(got.Keys) {
		t.Errorf("removed %+v", got)
	}
	wantKeys(t, index, folder, "calcium.md", "code/sum.go", "records.jsonl#b")
	// From the folder, by names in it; an unknown one doesn't keep the others.
	cmd := command(t, "rm", "--index", index, "records.jsonl#b", "nothing", "code")
	cmd.Dir = folder
	r := finish(t, cmd).want(t, exitNothing)
	r.says(t, "nothing: nothing of that name", "1 of 3 names not found")
	if r.stdout != "2 documents removed\n" {
		t.Errorf("said %q", r.stdout)
	}
	wantKeys(t, index, folder, "calcium.md")
	// What is still there comes back.
	if got, _ := indexJSON(t, index, folder); got.Added != 5 || got.Updated != 0 || got.Documents != 8 {
		t.Errorf("indexed again: %+v", got)
	}
}

func TestCheck(t *testing.T) {
	index := indexed(t, mixed(t))
	var got checkReport
	runJSON(t, &got, "check", "--index", index)
	if !got.Clean || got.Documents != 8 || len(got.Problems) != 0 {
		t.Errorf("check: %+v", got)
	}
	r := toller(t, "", "check", "--index", index).want(t, exitOK)
	if !strings.Contains(r.stdout, "no problem found") {
		t.Errorf("said %s", r.stdout)
	}

	data, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("Swallows"))
	if at < 0 {
		at = len(data) / 2
	}
	for i := range 64 {
		data[at+i] ^= 0x55
	}
	if err := os.WriteFile(index, data, 0o644); err != nil {
		t.Fatal(err)
	}
	r = toller(t, "", "check", "--index", index).want(t, exitNothing)
	if r.says(t, "toller: "+index+": found "); r.stdout == "" {
		t.Error("no problem is named")
	}
	r = toller(t, "", "check", "--index", index, "--json").want(t, exitNothing)
	if decode(t, r.stdout, &got); got.Clean || len(got.Problems) == 0 {
		t.Errorf("check: %+v", got)
	}
}

func TestCompact(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "abstracts.jsonl"), fewLines(t, 60))
	write(t, filepath.Join(folder, "keep.txt"), "kept")
	index := indexed(t, folder)
	toller(t, "", "rm", "--index", index, filepath.Join(folder, "abstracts.jsonl")).want(t, exitOK)
	var got compaction
	runJSON(t, &got, "compact", "--index", index)
	if got.Index != index || got.After >= got.Before || got.After <= 0 {
		t.Errorf("compacted: %+v", got)
	}
	toller(t, "", "check", "--index", index).want(t, exitOK)
	wantKeys(t, index, folder, "keep.txt")
}

// fewLines are the first n abstracts.
func fewLines(t *testing.T, n int) string {
	t.Helper()
	text, err := os.ReadFile(abstracts)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.SplitAfterN(string(text), "\n", n+1)[:n], "")
}

func TestExportImport(t *testing.T) {
	folder := mixed(t)
	for codec, format := range map[string]string{"fp32": "safetensors", "4bit": "npy"} {
		index := indexed(t, folder, "--codec", codec, "--pool", "2")
		out := filepath.Join(t.TempDir(), "made", "out")
		var header export.Header
		runJSON(t, &header, "export", "--index", index, out, "--format", format)
		if header.Documents != 8 || header.Rows < 8 || header.Dim != embedded(t).Dim || header.Model != embedded(t).Name || header.Version != export.Version {
			t.Errorf("exported %+v", header)
		}
		restored := filepath.Join(t.TempDir(), "restored", "index.db")
		var got imported
		runJSON(t, &got, "import", "--index", restored, "--codec", codec, out)
		if got.Documents != 8 || got.Rows != header.Rows || got.Index != restored {
			t.Errorf("imported %+v", got)
		}
		toller(t, "", "check", "--index", restored).want(t, exitOK)
		was, is := searchJSON(t, index, boneQuestion), searchJSON(t, restored, boneQuestion)
		for i, h := range was.Hits {
			if g := is.Hits[i]; g.Key != h.Key || g.Score != h.Score || g.Snippet.Text != h.Snippet.Text {
				t.Errorf("%s: hit %d is %+v, was %+v", codec, i, g, h)
			}
		}
		// What came with the import counts as read, and can be imported again.
		if r, _ := indexJSON(t, restored, folder); r.Unchanged != 6 {
			t.Errorf("%s: indexed after the import: %+v", codec, r.counts())
		}
		runJSON(t, &got, "import", "--index", restored, out)
		if r := toller(t, "", "export", "--index", index, out, "--format", format).want(t, exitFailure); !strings.Contains(r.stderr, "--force") {
			t.Errorf("overwriting: %s", r.stderr)
		}
		runJSON(t, &header, "export", "--index", index, out, "--force", "--filter", "format = 'csv'")
		if header.Documents != 2 {
			t.Errorf("filtered: %+v", header)
		}
	}
}

func TestImportRefuses(t *testing.T) {
	folder := mixed(t)
	index := indexed(t, folder)
	out := t.TempDir()
	toller(t, "", "export", "--index", index, out).want(t, exitOK)
	vectors := readFileBytes(t, filepath.Join(out, export.VectorsFile))
	lines := string(readFileBytes(t, filepath.Join(out, export.DocumentsFile)))
	header := string(readFileBytes(t, filepath.Join(out, export.IndexFile)))
	dim := embedded(t).Dim
	tests := []struct {
		name   string
		change map[string]string
		says   string
	}{
		{"no JSON", map[string]string{export.IndexFile: "{"}, export.IndexFile},
		{"version", map[string]string{export.IndexFile: strings.Replace(header, `"version": 1`, `"version": 2`, 1)}, "version 2, expected 1"},
		{"short array", map[string]string{export.VectorsFile: string(vectors[:len(vectors)-4])}, export.VectorsFile},
		{"no array", map[string]string{export.VectorsFile: "\x93NUMPY\x01\x00\xff\xff{}"}, "is no NumPy array"},
		{"float64", map[string]string{export.VectorsFile: strings.Replace(string(vectors), "<f4", "<f8", 1)}, "is no NumPy array"},
		{"huge shape", map[string]string{export.VectorsFile: "\x93NUMPY\x01\x00\x60\x00" + padTo(fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, %d), }", dim), 0x60)}, export.VectorsFile},
		{"fewer rows", map[string]string{export.IndexFile: strings.Replace(header, fmt.Sprintf(`"dim": %d`, dim), fmt.Sprintf(`"dim": %d`, dim/2), 1)}, "expected"},
		{"rows beyond", map[string]string{export.DocumentsFile: strings.Replace(lines, `"first_row":0`, `"first_row":99999999`, 1)}, "line 1: passage 0: rows"},
		{"negative rows", map[string]string{export.DocumentsFile: strings.Replace(lines, `"rows":`, `"rows":-`, 1)}, "line 1: passage 0: rows"},
		{"passage beyond", map[string]string{export.DocumentsFile: strings.Replace(lines, `"end":`, `"end":9`, 1)}, "passage 0"},
		{"hash", map[string]string{export.DocumentsFile: strings.Replace(lines, `"hash":"`, `"hash":"x`, 1)}, "line 1: "},
		{"documents missing", map[string]string{export.DocumentsFile: lines[:strings.Index(lines, "\n")+1]}, "1 documents, expected 8"},
		{"other model", map[string]string{export.IndexFile: strings.Replace(header, `"fingerprint": "`, `"fingerprint": "00000000000000000000000000000000", "old": "`, 1)}, "another model"},
		{"NaN", map[string]string{export.VectorsFile: string(vectors[:array.HeaderSize]) + strings.Repeat("\x00\x00\xc0\x7f", (len(vectors)-array.HeaderSize)/4)}, "NaN"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := t.TempDir()
			for name, text := range map[string]string{export.IndexFile: header, export.DocumentsFile: lines, export.VectorsFile: string(vectors)} {
				if changed, ok := test.change[name]; ok {
					text = changed
				}
				write(t, filepath.Join(in, name), text)
			}
			restored := filepath.Join(t.TempDir(), "index.db")
			toller(t, "", "import", "--index", restored, in).want(t, exitFailure).says(t, test.says)
			if _, err := os.Stat(restored); err == nil && test.name != "documents missing" {
				t.Error("an empty index is left behind")
			}
		})
	}
	// A new index is made with the model that is at hand: it must be the right one.
	restored := filepath.Join(t.TempDir(), "index.db")
	r := toller(t, "", "import", "--index", restored, out, "--model", testdata.Checkpoint(t, "linear-head")).want(t, exitFailure)
	r.says(t, embedded(t).Name, "linear-head")
	toller(t, "", "import", "--index", restored, out).want(t, exitOK)
}

func padTo(text string, n int) string { return text + strings.Repeat(" ", n-len(text)-1) + "\n" }

func readFileBytes(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
