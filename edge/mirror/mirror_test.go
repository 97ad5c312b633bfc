package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/formats"
	"github.com/toller-search/toller/edge/files/walk"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/edge/mirror"
)

// openIndex opens an index with the tiny model until the test ends.
func openIndex(t *testing.T, path string) *index.Index {
	t.Helper()
	m, err := edge.Open(tiny.New(t).Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	x, err := index.Open(t.Context(), path, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		x.Close()
		m.Close()
	})
	return x
}

func newIndex(t *testing.T) *index.Index {
	t.Helper()
	return openIndex(t, filepath.Join(t.TempDir(), "index.db"))
}

// folder is where a test keeps files.
type folder string

func (f folder) in(name string) string { return filepath.Join(string(f), filepath.FromSlash(name)) }

// write writes a file that looks as if it had not been touched for a while: of
// one that changed just now, size and time are no proof that it did not change
// again.
func (f folder) write(t *testing.T, name, text string) string {
	t.Helper()
	path := f.fresh(t, name, text)
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	return path
}

// fresh writes a file that changed just now.
func (f folder) fresh(t *testing.T, name, text string) string {
	t.Helper()
	path := f.in(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// notes makes a folder of files of several kinds.
func notes(t *testing.T) folder {
	f := folder(filepath.Join(t.TempDir(), "notes"))
	for name, text := range map[string]string{
		"cat.md":           "# The cat\n\nthe cat sat on the mat\n",
		"animals/dog.txt":  "the dog of bread",
		"animals/bird.txt": "the bird",
		"food.csv":         "title,text,price\nBread,the bread,7\nMilk,the milk,1\n",
		"records.jsonl":    `{"id":"a","text":"the violin"}` + "\n" + `{"id":"b","text":"the moon"}` + "\n",
	} {
		f.write(t, name, text)
	}
	return f
}

func update(t *testing.T, m *mirror.Mirror, paths ...string) *mirror.Report {
	t.Helper()
	r, err := m.Update(t.Context(), paths...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Paths != len(paths) || r.Duration <= 0 || r.Unreadable == nil || r.Unsupported == nil {
		t.Errorf("the report of %d paths is %+v", len(paths), r)
	}
	return r
}

// counts are the numbers of a report.
type counts struct{ files, added, updated, unchanged, removed int }

func of(r *mirror.Report) counts {
	return counts{r.Files, r.Added, r.Updated, r.Unchanged, r.Removed}
}

// keys are the keys of an index's entries, those below the folder from there.
func (f folder) keys(t *testing.T, x *index.Index) []string {
	t.Helper()
	hashes, err := x.Hashes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for key := range hashes {
		found = append(found, filepath.ToSlash(strings.TrimPrefix(key, string(f)+string(filepath.Separator))))
	}
	slices.Sort(found)
	return found
}

func (f folder) wantKeys(t *testing.T, x *index.Index, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := f.keys(t, x); !slices.Equal(got, want) {
		t.Errorf("the index has %q, want %q", got, want)
	}
}

// clean fails the test unless the index is undamaged.
func clean(t *testing.T, x *index.Index) {
	t.Helper()
	report, err := x.Check(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !report.Clean() {
		t.Errorf("problems: %q", report.Problems)
	}
}

func TestUpdate(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	steps := []struct {
		name   string
		change func()
		want   counts
	}{
		{"new", func() {}, counts{files: 5, added: 5}},
		{"nothing", func() {}, counts{files: 5, unchanged: 5}},
		{"touched", func() { os.Chtimes(f.in("cat.md"), time.Now(), time.Now()) }, counts{files: 5, unchanged: 5}},
		{"edited", func() { f.write(t, "cat.md", "# The dog\n\nthe dog sat on the mat\n") }, counts{files: 5, updated: 1, unchanged: 4}},
		{"same size, new time", func() { f.fresh(t, "cat.md", "# The cog\n\nthe dog sat on the mat\n") }, counts{files: 5, updated: 1, unchanged: 4}},
		{"same size at the same time", func() { f.fresh(t, "cat.md", "# The fog\n\nthe dog sat on the mat\n") }, counts{files: 5, updated: 1, unchanged: 4}},
		{"deleted", func() { os.Remove(f.in("animals/dog.txt")) }, counts{files: 4, unchanged: 4, removed: 1}},
		{"folder moved", func() { os.Rename(f.in("animals"), f.in("birds")) }, counts{files: 4, added: 1, unchanged: 3, removed: 1}},
		{"emptied", func() { f.write(t, "cat.md", " \n") }, counts{files: 4, unchanged: 3, removed: 1}},
		{"empty as before", func() {}, counts{files: 4, unchanged: 3}},
		{"made binary", func() { f.write(t, "birds/bird.txt", "\x7fELF\x00\x01") }, counts{files: 4, unchanged: 2, removed: 1}},
		{"a record more", func() {
			f.write(t, "food.csv", "title,text,price\nBread,the bread,7\nMilk,the milk,1\nMat,the mat,2\n")
		}, counts{files: 4, updated: 1, unchanged: 1}},
		{"ignored", func() { f.write(t, ".gitignore", "*.csv\n") }, counts{files: 3, unchanged: 1, removed: 1}},
	}
	for _, step := range steps {
		step.change()
		// A mirror of its own each time: nothing is known but what the index has.
		r := update(t, mirror.New(x, mirror.Options{}), string(f))
		if of(r) != step.want || r.Changed() != (step.want.added+step.want.updated+step.want.removed > 0) {
			t.Errorf("%s: %+v, want %+v", step.name, of(r), step.want)
		}
		if len(r.Unreadable)+r.New+r.Failed+r.Partial+r.BadPaths > 0 {
			t.Errorf("%s: %+v", step.name, r)
		}
	}
	f.wantKeys(t, x, "records.jsonl#a", "records.jsonl#b")
	r := update(t, mirror.New(x, mirror.Options{}), string(f))
	if r.Empty != 1 || len(r.Unsupported) != 1 || r.Unsupported[".txt"] != 1 {
		t.Errorf("left out: %+v", r)
	}
	clean(t, x)
}

// What an entry is made of.
func TestUpdateEntries(t *testing.T) {
	f := folder(t.TempDir())
	path := f.write(t, "a.md", "---\nauthor: Ada\n---\n# The cat\n\nthe cat sat\n")
	records := f.write(t, "b.jsonl", `{"_id":"x#%","title":"Moon","body":"the moon","year":1969}`+"\n"+`{"body":"the cat"}`+"\n")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	x := newIndex(t)
	update(t, mirror.New(x, mirror.Options{Extract: extract.Options{TextField: "body"}}), string(f))
	f.wantKeys(t, x, "a.md", "b.jsonl#x%23%25", "b.jsonl#line 2")
	e, err := x.Get(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if e.Title != "The cat" || e.Source != path || e.Text != "# The cat\n\nthe cat sat" ||
		e.Metadata["author"] != "Ada" || e.Metadata["format"] != "markdown" || e.Time.UnixMilli() != info.ModTime().UnixMilli() {
		t.Errorf("found %+v", e)
	}
	if e, err = x.Get(t.Context(), records+"#x%23%25"); err != nil {
		t.Fatal(err)
	}
	if e.Title != "Moon" || e.Source != records || e.Text != "the moon" || e.Metadata["year"] != 1969.0 || e.Metadata["format"] != "jsonl" {
		t.Errorf("found %+v", e)
	}
}

// Of a file of records, only those that changed are stored anew.
func TestUpdateRecords(t *testing.T) {
	f := folder(t.TempDir())
	x := newIndex(t)
	stored := 0
	m := mirror.New(x, mirror.Options{Progress: func(p mirror.Progress) { stored = p.Documents }})
	a, b, c := `{"_id":"a","text":"one"}`, `{"_id":"b","text":"two"}`, `{"text":"three"}`
	for _, step := range []struct {
		lines  []string
		want   counts
		stored int
		keys   []string
	}{
		{[]string{a, b, c}, counts{files: 1, added: 1}, 3, []string{"r.jsonl#a", "r.jsonl#b", "r.jsonl#line 3"}},
		{[]string{a, b, c}, counts{files: 1, unchanged: 1}, 0, []string{"r.jsonl#a", "r.jsonl#b", "r.jsonl#line 3"}},
		{[]string{b, `{"_id":"a","text":"uno"}`}, counts{files: 1, updated: 1}, 1, []string{"r.jsonl#a", "r.jsonl#b"}},
		{[]string{`{"_id":"a","text":"uno"}`}, counts{files: 1, updated: 1}, 0, []string{"r.jsonl#a"}},
		{nil, counts{files: 1, removed: 1}, 0, nil},
	} {
		stored = 0
		f.write(t, "r.jsonl", strings.Join(step.lines, "\n")+"\n")
		if r := update(t, m, string(f)); of(r) != step.want || stored != step.stored {
			t.Errorf("%q: %+v, %d stored, want %+v, %d", step.lines, of(r), stored, step.want, step.stored)
		}
		f.wantKeys(t, x, step.keys...)
	}
}

// Each path holds for what lies below it, and for nothing else.
func TestUpdatePaths(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	foreign := index.Entry{Key: "foreign", Text: "the cat of another program"}
	if err := x.Put(t.Context(), []index.Entry{foreign}); err != nil {
		t.Fatal(err)
	}
	m := mirror.New(x, mirror.Options{})
	// Overlapping paths give each file once.
	if r := update(t, m, string(f), f.in("animals"), f.in("animals/dog.txt")); of(r) != (counts{files: 5, added: 5}) {
		t.Errorf("overlapping: %+v", of(r))
	}
	only := mirror.New(x, mirror.Options{List: walk.Options{Exclude: []string{"dog*"}}})
	if r := update(t, only, f.in("animals")); of(r) != (counts{files: 1, unchanged: 1, removed: 1}) {
		t.Errorf("a folder alone: %+v", of(r))
	}
	os.RemoveAll(f.in("animals"))
	// A path that isn't there is reported, and changes nothing.
	r := update(t, m, f.in("animals"), f.in("cat.md"))
	if r.BadPaths != 1 || of(r) != (counts{files: 1, unchanged: 1}) || len(r.Unreadable) != 1 || r.Unreadable[0].Name != f.in("animals") {
		t.Errorf("a folder that isn't there: %+v", r)
	}
	f.wantKeys(t, x, "foreign", "animals/bird.txt", "cat.md", "food.csv#row 2", "food.csv#row 3", "records.jsonl#a", "records.jsonl#b")
	if r := update(t, m, string(f)); of(r) != (counts{files: 3, unchanged: 3, removed: 1}) {
		t.Errorf("the folder around it: %+v", of(r))
	}
}

// What can't be read is told once, and what the index has of it stays.
func TestUnreadable(t *testing.T) {
	f := folder(t.TempDir())
	pdf, err := os.ReadFile("../../testdata/library/bicycle-care.pdf")
	if err != nil {
		t.Fatal(err)
	}
	bad := f.write(t, "a.pdf", string(pdf))
	f.write(t, "b.txt", "the dog")
	x := newIndex(t)
	var told []files.Unreadable
	m := mirror.New(x, mirror.Options{Extract: extract.Options{Readers: formats.Readers()}, Unreadable: func(u files.Unreadable) { told = append(told, u) }})
	if r := update(t, m, string(f)); r.Added != 2 || len(told) > 0 {
		t.Fatalf("found %+v", r)
	}

	f.write(t, "a.pdf", "no PDF")
	f.write(t, "c.jsonl", `{"text":"the mat"}`+"\n"+strings.Repeat(`{"text":7}`+"\n", 9))
	r := update(t, m, string(f))
	if of(r) != (counts{files: 3, added: 1, unchanged: 1}) || r.Failed != 1 || r.Partial != 1 || len(r.Unreadable) != 1+5+1 || r.New != 7 || !slices.Equal(told, r.Unreadable) {
		t.Fatalf("found %+v, told %+v", r, told)
	}
	if told[0] != (files.Unreadable{Name: bad, Error: "doesn't begin as PDF files do"}) ||
		told[1] != (files.Unreadable{Name: f.in("c.jsonl"), Error: `line 2: field "text" is a number, expected a string`}) ||
		told[6] != (files.Unreadable{Name: f.in("c.jsonl"), Error: "4 more like these"}) {
		t.Errorf("told %+v", told)
	}
	// The file stays among what can't be read; nobody is told of it again.
	for range 3 {
		if r := update(t, m, string(f)); r.Failed != 1 || !slices.Equal(r.Unreadable, told[:1]) || r.New != 0 || len(told) != 7 || r.Changed() {
			t.Fatalf("found %+v, told %+v", r, told)
		}
	}
	f.wantKeys(t, x, "a.pdf", "b.txt", "c.jsonl#line 1")
	// Another reason is news.
	f.write(t, "a.pdf", "%PDF-1.4 cut off")
	if r := update(t, m, string(f)); r.New != 1 || len(told) != 8 || told[7].Name != bad || told[7].Error == told[0].Error {
		t.Errorf("another reason: %+v", told)
	}
	// And it can be read again.
	f.write(t, "a.pdf", string(pdf))
	if r := update(t, m, string(f)); r.Failed+len(r.Unreadable) > 0 {
		t.Errorf("mended: %+v", r)
	}
	clean(t, x)
}

// Progress never goes back, and ends where all is stored.
func TestProgress(t *testing.T) {
	f := folder(t.TempDir())
	for i := range 30 {
		f.write(t, fmt.Sprintf("%02d.txt", i), strings.Repeat("the cat sat on the mat. ", 1+i))
	}
	f.write(t, "many.jsonl", strings.Repeat(`{"text":"the dog"}`+"\n", 1500))
	f.write(t, "empty.txt", "")
	x := newIndex(t)
	var last mirror.Progress
	calls := 0
	m := mirror.New(x, mirror.Options{Progress: func(p mirror.Progress) {
		if p.Documents < last.Documents || p.Passages < last.Passages || p.Documents > p.Total || p.Total < last.Total-1 {
			t.Errorf("from %+v to %+v", last, p)
		}
		last = p
		calls++
	}})
	update(t, m, string(f))
	stat, err := x.Stat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if last.Documents != 1530 || last.Total != 1530 || int64(last.Passages) != stat.Passages || stat.Documents != 1530 || calls < 5 {
		t.Errorf("ends at %+v after %d calls, the index has %d passages of %d", last, calls, stat.Passages, stat.Documents)
	}
}

// A round that is stopped leaves whole batches, and the next goes on.
func TestUpdateStopped(t *testing.T) {
	f := folder(t.TempDir())
	for i := range 20 {
		f.write(t, fmt.Sprintf("%02d.jsonl", i), strings.Repeat(`{"text":"the dog sat"}`+"\n", 100))
	}
	x := newIndex(t)
	ctx, cancel := context.WithCancel(t.Context())
	m := mirror.New(x, mirror.Options{Progress: func(p mirror.Progress) {
		if p.Documents >= 1024 {
			cancel()
		}
	}})
	if r, err := m.Update(ctx, string(f)); r != nil || !errors.Is(err, context.Canceled) {
		t.Fatalf("found %+v, %v", r, err)
	}
	stat, err := x.Stat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if stat.Documents < 1000 || stat.Documents >= 2000 {
		t.Errorf("%d documents after a stop", stat.Documents)
	}
	r := update(t, mirror.New(x, mirror.Options{}), string(f))
	if r.Added+r.Updated+r.Unchanged != 20 || r.Unchanged < 10 || len(f.keys(t, x)) != 2000 {
		t.Errorf("the next round: %+v", of(r))
	}
	if r := update(t, mirror.New(x, mirror.Options{}), string(f)); r.Unchanged != 20 {
		t.Errorf("the one after: %+v", of(r))
	}
	clean(t, x)
	ended, stop := context.WithCancel(t.Context())
	stop()
	if r, err := m.Update(ended, string(f)); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %+v, %v", r, err)
	}
}

// An index within the folder that it mirrors isn't part of it, nor is another one.
func TestIndexWithin(t *testing.T) {
	f := notes(t)
	x := openIndex(t, f.in("own.db"))
	other := openIndex(t, f.in("other.db"))
	if err := other.Put(t.Context(), []index.Entry{{Key: "a", Text: "the cat"}}); err != nil {
		t.Fatal(err)
	}
	m := mirror.New(x, mirror.Options{})
	r := update(t, m, string(f))
	if r.Added != 5 || len(r.Unreadable) > 0 || r.Unsupported[".db"] != 1 {
		t.Errorf("found %+v", r)
	}
	for _, key := range f.keys(t, x) {
		if strings.Contains(key, ".db") {
			t.Errorf("the index has %s", key)
		}
	}
	if r := update(t, m, string(f)); r.Changed() {
		t.Errorf("a second round: %+v", r)
	}
	clean(t, other)
}

func TestRemove(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	if err := x.Put(t.Context(), []index.Entry{{Key: "foreign", Text: "the cat"}}); err != nil {
		t.Fatal(err)
	}
	update(t, mirror.New(x, mirror.Options{}), string(f))
	os.RemoveAll(f.in("animals")) // what has gone can be removed, too
	r, err := mirror.Remove(t.Context(), x, f.in("records.jsonl")+"#a", f.in("food.csv"), f.in("animals"), "nothing", f.in("cat"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{f.in("animals/bird.txt"), f.in("animals/dog.txt"), f.in("food.csv") + "#row 2", f.in("food.csv") + "#row 3", f.in("records.jsonl") + "#a"}
	if r.Removed != 5 || !slices.Equal(r.Keys, want) || !slices.Equal(r.Unknown, []string{"nothing", f.in("cat")}) {
		t.Errorf("removed %+v", r)
	}
	f.wantKeys(t, x, "foreign", "cat.md", "records.jsonl#b")
	t.Chdir(string(f))
	if r, err := mirror.Remove(t.Context(), x, "records.jsonl#b", "foreign", "."); err != nil || r.Removed != 3 || len(r.Unknown) != 0 {
		t.Errorf("removed %+v, %v", r, err)
	}
	f.wantKeys(t, x)
	clean(t, x)
}
