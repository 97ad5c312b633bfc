package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/testdata"
)

// age makes a file look as if it had not been touched for a while: of a file that
// changed just now, size and time are no proof that it did not change again.
func age(t *testing.T, path string) string {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	return path
}

// mixed makes a folder of files of several kinds.
func mixed(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "notes")
	for name, text := range map[string]string{
		"calcium.md":         "# Calcium\n\n## Trials\n\nCalcium supplements slow the loss of bone mass in older women.\n",
		"animals/cats.txt":   "The cat sat on the mat. Dogs chase cats through gardens.\n",
		"animals/birds.html": "<html><head><title>Birds</title></head><body><h1>Birds</h1><p>Swallows fly south in autumn.</p></body></html>",
		"code/sum.go":        "package sum\n\n// Sum adds numbers up.\nfunc Sum(a, b int) int { return a + b }\n",
		"food.csv":           "title,text,price\nWine,Red wine and the heart,7\nMilk,Milk is rich in calcium,1\n",
		"records.jsonl":      `{"id":"a","text":"A violin has four strings.","year":1700}` + "\n" + `{"id":"b","text":"The moon raises the tides."}` + "\n",
	} {
		age(t, write(t, filepath.Join(folder, filepath.FromSlash(name)), text))
	}
	return folder
}

func indexJSON(t *testing.T, index string, args ...string) (*indexReport, result) {
	t.Helper()
	r := toller(t, "", append([]string{"index", "--json", "--index", index}, args...)...).want(t, exitOK)
	got := new(indexReport)
	decode(t, r.stdout, got)
	return got, r
}

// indexed makes an index of paths.
func indexed(t *testing.T, paths ...string) string {
	t.Helper()
	index := filepath.Join(t.TempDir(), "index.db")
	indexJSON(t, index, paths...)
	return index
}

func searchJSON(t *testing.T, index, query string, args ...string) *findings {
	t.Helper()
	r := toller(t, "", append([]string{"search", "--json", "--index", index, query}, args...)...)
	got := new(findings)
	decode(t, r.stdout, got)
	if len(got.Hits) == 0 {
		r.want(t, exitNothing).says(t, "nothing was found")
	} else {
		r.want(t, exitOK)
	}
	return got
}

// keys are the keys of an index's documents, from below folder.
func keys(t *testing.T, index, folder string) []string {
	t.Helper()
	r := toller(t, "", "search", "--index", index, "--mode", "exact", "-k", "10000", "it").want(t, exitOK)
	var found []string
	for line := range strings.Lines(r.stdout) {
		found = append(found, filepath.ToSlash(strings.TrimPrefix(strings.Split(line, "\t")[2], folder+string(filepath.Separator))))
	}
	slices.Sort(found)
	return found
}

func wantKeys(t *testing.T, index, folder string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := keys(t, index, folder); !slices.Equal(got, want) {
		t.Errorf("the index has %q, want %q", got, want)
	}
}

// counts are the numbers of a report.
type counts struct{ files, added, updated, unchanged, removed int }

func (r *indexReport) counts() counts {
	return counts{r.Files, r.Added, r.Updated, r.Unchanged, r.Removed}
}

func TestIndexFollowsFiles(t *testing.T) {
	folder := mixed(t)
	in := func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) }
	index := filepath.Join(t.TempDir(), "new", "folders", "index.db")
	var steps = []struct {
		name   string
		change func()
		want   counts
	}{
		{"new", func() {}, counts{files: 6, added: 6}},
		{"nothing", func() {}, counts{files: 6, unchanged: 6}},
		{"touched", func() { os.Chtimes(in("calcium.md"), time.Now(), time.Now()) }, counts{files: 6, unchanged: 6}},
		{"edited", func() { age(t, write(t, in("calcium.md"), "# Milk\n\nVitamin D and falls.\n")) }, counts{files: 6, updated: 1, unchanged: 5}},
		{"same size and time of day", func() { write(t, in("calcium.md"), "# Silk\n\nVitamin D and falls.\n") }, counts{files: 6, updated: 1, unchanged: 5}},
		{"same size once more", func() { write(t, in("calcium.md"), "# Bilk\n\nVitamin D and falls.\n") }, counts{files: 6, updated: 1, unchanged: 5}},
		{"deleted", func() { os.Remove(in("animals/cats.txt")) }, counts{files: 5, unchanged: 5, removed: 1}},
		{"moved", func() { os.Rename(in("animals"), in("birds")) }, counts{files: 5, added: 1, unchanged: 4, removed: 1}},
		{"emptied", func() { write(t, in("code/sum.go"), "") }, counts{files: 5, unchanged: 4, removed: 1}},
		{"empty as before", func() {}, counts{files: 5, unchanged: 4}},
		{"made binary", func() { write(t, in("birds/birds.html"), "\x7fELF\x00\x01") }, counts{files: 5, unchanged: 3, removed: 1}},
	}
	for _, step := range steps {
		step.change()
		got, _ := indexJSON(t, index, folder)
		if got.counts() != step.want {
			t.Errorf("%s: %+v, want %+v", step.name, got.counts(), step.want)
		}
	}
	wantKeys(t, index, folder, "calcium.md", "food.csv#row 2", "food.csv#row 3", "records.jsonl#a", "records.jsonl#b")
	if got := searchJSON(t, index, "bilk", "--mode", "lexical"); len(got.Hits) == 0 || got.Hits[0].Title != "Bilk" {
		t.Errorf("after an edit: %+v", got.Hits)
	}
}

// Of a file of records, only those that changed are read anew.
func TestIndexRecords(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "r.jsonl")
	index := filepath.Join(t.TempDir(), "index.db")
	save := func(lines ...string) *indexReport {
		age(t, write(t, path, strings.Join(lines, "\n")+"\n"))
		got, _ := indexJSON(t, index, folder)
		return got
	}
	a, b, c := `{"_id":"a","text":"one"}`, `{"_id":"b#%","text":"two"}`, `{"text":"three"}`
	save(a, b, c)
	wantKeys(t, index, folder, "r.jsonl#a", "r.jsonl#b%23%25", "r.jsonl#line 3")
	if got := save(a, b, c); got.counts() != (counts{files: 1, unchanged: 1}) {
		t.Errorf("unchanged: %+v", got)
	}
	if got := save(b, `{"_id":"a","text":"uno"}`); got.Updated != 1 || got.Documents != 2 {
		t.Errorf("changed: %+v", got)
	}
	wantKeys(t, index, folder, "r.jsonl#a", "r.jsonl#b%23%25")
	age(t, write(t, path, `{"_id":"a","text":"uno"}`+"\n"))
	if got, _ := indexJSON(t, index, folder); got.Updated != 1 || got.Documents != 1 {
		t.Errorf("shorter: %+v", got)
	}
	// The last record alone is the file; it is one all the same.
	wantKeys(t, index, folder, "r.jsonl#a")
	if got, _ := indexJSON(t, index, folder); got.counts() != (counts{files: 1, unchanged: 1}) {
		t.Errorf("unchanged: %+v", got)
	}
}

func TestIndexLeavesOut(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "tree")
	for _, name := range []string{"a.txt", "b.md", "draft.txt", ".hidden.txt", "sub/c.txt", "sub/d.md", "out/e.txt", ".git/config"} {
		age(t, write(t, filepath.Join(folder, filepath.FromSlash(name)), "It is "+name))
	}
	write(t, filepath.Join(folder, ".gitignore"), "draft*\n/out/\n")
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"default", nil, []string{"a.txt", "b.md", "sub/c.txt", "sub/d.md"}},
		{"include", []string{"--include", "*.txt"}, []string{"a.txt", "sub/c.txt"}},
		{"include two", []string{"--include", "a.*", "--include", "sub/*.md"}, []string{"a.txt", "sub/d.md"}},
		{"exclude", []string{"--exclude", "sub"}, []string{"a.txt", "b.md"}},
		{"no ignore", []string{"--no-ignore", "--exclude", "sub"}, []string{"a.txt", "b.md", "draft.txt", "out/e.txt"}},
		{"hidden", []string{"--hidden", "--exclude", "sub", "--exclude", ".gitignore"}, []string{".hidden.txt", "a.txt", "b.md"}},
	}
	// One index for all: what is left out now leaves the index.
	index := filepath.Join(t.TempDir(), "index.db")
	for _, test := range tests {
		indexJSON(t, index, append([]string{folder}, test.args...)...)
		t.Run(test.name, func(t *testing.T) { wantKeys(t, index, folder, test.want...) })
	}
	// Paths that overlap, and one beside them.
	beside := age(t, write(t, filepath.Join(folder+"s", "f.txt"), "It is beside"))
	got, _ := indexJSON(t, index, folder, filepath.Join(folder, "sub"), beside)
	if got.Files != 5 {
		t.Errorf("found %d files, want each once", got.Files)
	}
	if got, _ := indexJSON(t, index, filepath.Join(folder, "sub"), "--exclude", "*.md"); got.Removed != 1 || got.Documents != 4 {
		t.Errorf("a folder alone: %+v", got)
	}
}

// bomb is an office document of a few kB that unpacks to gigabytes.
func bomb(t *testing.T) string {
	t.Helper()
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	for _, name := range []string{"[Content_Types].xml", "word/document.xml"} {
		w, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>`)
		zeros := bytes.Repeat([]byte("a "), 1<<19)
		for range 24 {
			w.Write(zeros)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// Whatever lies in a folder, the rest of it is indexed.
func TestIndexHostileFiles(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	write(t, in("good.txt"), "Calcium slows bone loss.")
	write(t, in("bomb.docx"), bomb(t))
	write(t, in("cut.pdf"), "%PDF-1.4\n1 0 obj << /Type /Catalog")
	write(t, in("loop.pdf"), "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF")
	write(t, in("cut.epub"), "PK\x03\x04 and no more")
	write(t, in("picture.png"), "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	write(t, in("empty.txt"), " \n")
	write(t, in("latin1.txt"), "caf\xe9 society")
	write(t, in("deep.html"), strings.Repeat("<div>", 100_000)+"deep")
	write(t, in("deep.jsonl"), `{"id":"deep","text":"nested","x":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+"}\n"+
		`{"id":"large","text":"huge number","x":1e999}`+"\n"+
		`{"id":"long","text":"long","x":"`+strings.Repeat("x", 2<<20)+`"}`+"\n"+`{"id":"bad","text":7}`+"\n")
	write(t, in("bad.csv"), "text\n\"never closed\n")
	write(t, in("long.txt"), strings.Repeat("words and words ", 17<<20/16))
	index := filepath.Join(t.TempDir(), "index.db")
	started := time.Now()
	got, r := indexJSON(t, index, folder)
	if took := time.Since(started); took > 40*time.Second {
		t.Errorf("took %v", took)
	}
	if got.LeftOut.Unsupported != 1 || got.LeftOut.Empty != 1 || got.LeftOut.Kinds[".png"] != 1 {
		t.Errorf("left out %+v", got.LeftOut)
	}
	for _, name := range []string{"bomb.docx", "cut.pdf", "loop.pdf", "cut.epub", "long.txt", "deep.jsonl"} {
		if !slices.ContainsFunc(got.Unreadable, func(u files.Unreadable) bool { return u.Name == in(name) }) {
			t.Errorf("%s is not reported", name)
		}
		r.says(t, in(name)+": ")
	}
	r.says(t, "files could not be read", "1 of no kind that toller reads (1 .png)", "metadata nested more than", "kB of metadata", "line 4: ")
	for _, query := range []string{"calcium", "café society", "nested", "huge number"} {
		if hits := searchJSON(t, index, query, "--mode", "lexical").Hits; len(hits) != 1 {
			t.Errorf("%s: %d hits", query, len(hits))
		}
	}
	toller(t, "", "check", "--index", index).want(t, exitOK)
	toller(t, "", "export", "--index", index, filepath.Join(t.TempDir(), "out")).want(t, exitOK)
	again, _ := indexJSON(t, index, folder)
	if again.Added+again.Updated+again.Removed > 0 {
		t.Errorf("a second run: %+v", again.counts())
	}
}

func TestIndexFailures(t *testing.T) {
	folder := mixed(t)
	index := indexed(t, folder)
	none := filepath.Join(folder, "none")
	picture := write(t, filepath.Join(folder, "picture.png"), "\x89PNG\r\n\x1a\n\x00")
	other := write(t, filepath.Join(folder, "other.db"), strings.Repeat("no database ", 1000))
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no path", []string{"index", "--index", index}, exitUsage, "PATH"},
		{"missing path", []string{"index", "--index", index, none}, exitFailure, "none of 1 path"},
		{"one path missing", []string{"index", "--index", index, none, folder}, exitOK, none + ": no such file"},
		{"named picture", []string{"index", "--index", index, picture}, exitOK, "picture.png: is a picture"},
		{"codec", []string{"index", "--index", index, folder, "--codec", "3bit"}, exitUsage, `"3bit"`},
		{"other codec", []string{"index", "--index", index, folder, "--codec", "fp16"}, exitFailure, "was made with --codec 4bit"},
		{"other pool", []string{"index", "--index", index, folder, "--pool", "2"}, exitFailure, "was made with --pool 1"},
		{"pattern", []string{"index", "--index", index, folder, "--include", "[a"}, exitUsage, `"[a"`},
		{"whole and passage", []string{"index", "--index", index, folder, "--whole", "--passage", "100"}, exitUsage, "--whole"},
		{"short passage", []string{"index", "--index", index, folder, "--passage", "3"}, exitFailure, "WithPassages"},
		{"no database", []string{"index", "--index", other, folder}, exitFailure, other},
		{"folder", []string{"index", "--index", folder, folder}, exitFailure, "is a folder"},
		{"search without index", []string{"search", "--index", none, "x"}, exitFailure, "there is no index at " + none},
		{"status without index", []string{"status", "--index", none}, exitFailure, "there is no index"},
		{"other model", []string{"search", "--index", index, "x", "--model", testdata.Checkpoint(t, "linear-head")}, exitFailure, embedded(t).Name},
		{"filter", []string{"search", "--index", index, "x", "--filter", "title ="}, exitUsage, "--filter: column 8: expected a string"},
		{"pattern in a filter", []string{"search", "--index", index, "x", "--filter", "source ~ '['"}, exitUsage, "without its ]"},
		{"filter of an export", []string{"export", "--index", index, filepath.Join(folder, "out"), "--filter", "id ="}, exitUsage, "--filter: column 5"},
		{"unknown field", []string{"search", "--index", index, "x", "--filter", "sorce = 'x'"}, exitNothing, "no document has the field sorce; there are key, title, source, time, page, "},
		{"page of nothing", []string{"search", "--index", index, "x", "--filter", "page = 3"}, exitNothing, "no document has the field page; there are key, title, source, time, format"},
		{"no document", []string{"search", "--index", index, "x", "--filter", "title = 'x'"}, exitNothing, "no document meets the filter"},
		{"too many hits", []string{"search", "--index", index, "x", "-k", "65537"}, exitUsage, "--top is 65537, expected 1 to 65536"},
		{"mode", []string{"search", "--index", index, "x", "--mode", "best"}, exitUsage, `"best"`},
		{"fusion alone", []string{"search", "--index", index, "x", "--fusion", "rrf", "--mode", "exact"}, exitUsage, "--mode hybrid"},
		{"no hits asked for", []string{"search", "--index", index, "x", "-k", "0"}, exitUsage, "--top is 0"},
		{"empty query", []string{"search", "--index", index, " "}, exitUsage, "query is empty"},
		{"rm unknown", []string{"rm", "--index", index, none}, exitNothing, none + ": nothing of that name"},
		{"import nothing", []string{"import", "--index", index, folder}, exitFailure, "index.json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			toller(t, "", test.args...).want(t, test.code).says(t, "toller: ", test.says)
		})
	}
}

func TestIndexDefaultPlace(t *testing.T) {
	folder := mixed(t)
	data := t.TempDir()
	with := func(variable string, args ...string) result {
		cmd := command(t, args...)
		cmd.Env = append(cmd.Env, "XDG_DATA_HOME="+data, "TOLLER_INDEX="+variable)
		return finish(t, cmd).want(t, exitOK)
	}
	other := filepath.Join(t.TempDir(), "other.db")
	with("", "index", folder)
	with(other, "index", filepath.Join(folder, "animals"))
	for _, path := range []string{filepath.Join(data, "toller", "index.db"), other} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if r := with("", "search", "--mode", "lexical", "calcium"); strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("found %s", r.stdout)
	}
}

func TestIndexPrinted(t *testing.T) {
	folder := mixed(t)
	index := filepath.Join(t.TempDir(), "index.db")
	r := toller(t, "", "index", "--index", index, folder).want(t, exitOK)
	for _, part := range []string{"6 files: 6 added in ", "the index has 8 documents in "} {
		if !strings.Contains(r.stdout, part) {
			t.Errorf("lacks %q: %s", part, r.stdout)
		}
	}
	if r.stderr != "" {
		t.Errorf("standard error: %s", r.stderr)
	}
	r = toller(t, "", "index", "--index", index, t.TempDir()).want(t, exitOK)
	if !strings.HasPrefix(r.stdout, "0 files: nothing to index") {
		t.Errorf("an empty folder: %s", r.stdout)
	}
}

// library is a folder of small files of every kind that is read.
const library = "../../../testdata/library"

// As a new user would: index a folder, search it, change a file, search again.
func TestIndexLibrary(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "library")
	if err := os.CopyFS(folder, os.DirFS(library)); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) }
	write(t, in("private/diary.txt"), "Dear diary") // which its .gitignore names
	index := filepath.Join(t.TempDir(), "index.db")
	got, r := indexJSON(t, index, folder)
	if got.Added != 10 || len(got.Unreadable) != 0 || got.LeftOut.Unsupported != 0 || r.stderr != "toller: left out: 1 hidden, 1 ignored\n" {
		t.Errorf("indexed %+v", got)
	}
	for query, file := range map[string]string{
		"why does the fruit split?":    "garden/tomatoes.html",
		"how long does black tea brew": "tea.epub",
		"soft tyres":                   "bicycle-care.pdf",
		"pancakes without lumps":       "crepes.txt",
		"the dough rises overnight":    "sourdough.md",
	} {
		if hits := searchJSON(t, index, query).Hits; hits[0].Path != in(file) {
			t.Errorf("%s: %s", query, hits[0].Path)
		}
	}
	if hits := searchJSON(t, index, "soup", "--filter", `tags has "vegan" and minutes < 60`).Hits; len(hits) == 0 || hits[0].Key != in("recipes.jsonl")+"#lentil-soup" {
		t.Errorf("a filtered search finds %+v", hits)
	}
	write(t, in("crepes.txt"), "Galvanised buckets don't rust.")
	if got, _ := indexJSON(t, index, folder); got.Updated != 1 || got.Unchanged != 9 {
		t.Errorf("after a change: %+v", got.counts())
	}
	if hits := searchJSON(t, index, "rust on galvanised buckets", "-k", "1").Hits; hits[0].Path != in("crepes.txt") {
		t.Errorf("after a change: %s", hits[0].Path)
	}
}

// An index within the folder that is indexed is not read as one of its files.
func TestIndexInItsFolder(t *testing.T) {
	folder := mixed(t)
	index := filepath.Join(folder, "index.db")
	for range 2 {
		if got, _ := indexJSON(t, index, folder); got.Files != 6 || len(got.Unreadable) != 0 || got.LeftOut.Unsupported != 0 {
			t.Errorf("found %+v", got)
		}
	}
}

// A second run over many files only looks at them.
func TestIndexUnchangedTree(t *testing.T) {
	folder := t.TempDir()
	const files = 2000
	for i := range files {
		age(t, write(t, filepath.Join(folder, fmt.Sprint(i%40), fmt.Sprintf("%d.txt", i)), fmt.Sprintf("Note %d.", i)))
	}
	index := indexed(t, folder)
	got, _ := indexJSON(t, index, folder)
	if got.Unchanged != files || got.Seconds > 2 {
		t.Errorf("%+v in %.2f s", got.counts(), got.Seconds)
	}
	t.Logf("looked at %d files in %.3f s", files, got.Seconds)
}
