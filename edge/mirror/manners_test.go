package mirror_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/walk"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/edge/mirror"
)

// encoding is a mirror that counts what it encodes.
type encoding struct {
	*mirror.Mirror
	documents, passages int // of the last round
}

func newEncoding(x *index.Index, o mirror.Options) *encoding {
	e := &encoding{}
	o.Progress = func(p mirror.Progress) { e.documents, e.passages = p.Documents, p.Passages }
	e.Mirror = mirror.New(x, o)
	return e
}

// round is an update of which want documents are encoded.
func (e *encoding) round(t *testing.T, want int, paths ...string) *mirror.Report {
	t.Helper()
	e.documents, e.passages = 0, 0
	r := update(t, e.Mirror, paths...)
	if e.documents != want || want == 0 && e.passages != 0 {
		t.Errorf("%d documents and %d passages were encoded, want %d documents; %+v", e.documents, e.passages, want, r)
	}
	return r
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// A file with another time is read, once, and its entry has that time.
func TestTouched(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	m.round(t, 7, string(f))
	at := time.Date(2024, 6, 1, 2, 3, 4, 5e8, time.UTC)
	for _, name := range []string{"cat.md", "food.csv"} {
		if err := os.Chtimes(f.in(name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if r := m.round(t, 0, string(f)); of(r) != (counts{files: 5, unchanged: 5}) || r.Changed() {
		t.Errorf("found %+v", r)
	}
	for _, key := range []string{"cat.md", "food.csv#row 2", "food.csv#row 3"} {
		e, err := x.Get(t.Context(), f.in(key))
		if err != nil || !e.Time.Equal(at) {
			t.Errorf("%s has the time %v, %v", key, e.Time, err)
		}
	}
	clean(t, x)
}

// A file that was written a moment ago has its time in the index, and is read again.
func TestRacy(t *testing.T) {
	f := folder(t.TempDir())
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	now := time.Now().Truncate(time.Second) // as where times have no parts of a second
	write := func(text string) {
		os.Chtimes(f.fresh(t, "a.txt", text), now, now)
	}
	write("the cat")
	m.round(t, 1, string(f))
	if e, err := x.Get(t.Context(), f.in("a.txt")); err != nil || !e.Time.Equal(now) {
		t.Errorf("the time is %v, %v", e.Time, err)
	}
	write("the dog") // of the same size, at the same time
	m.round(t, 1, string(f))
	if e, err := x.Get(t.Context(), f.in("a.txt")); err != nil || e.Text != "the dog" {
		t.Errorf("found %+v, %v", e, err)
	}
}

// What has another name, or lies elsewhere, keeps its vectors.
func TestMoved(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	m.round(t, 7, string(f))
	vectors := search(t, x, "the dog")
	for _, step := range []struct {
		name    string
		change  func()
		want    counts
		moved   int
		encoded int
	}{
		{"file", func() { rename(t, f.in("cat.md"), f.in("deep/down/tom.md")) }, counts{files: 5, added: 1, removed: 1, unchanged: 4}, 1, 0},
		{"case alone", func() { rename(t, f.in("deep/down/tom.md"), f.in("deep/down/Tom.MD")) }, counts{files: 5, added: 1, removed: 1, unchanged: 4}, 1, 0},
		{"folder", func() { rename(t, f.in("animals"), f.in("beasts")) }, counts{files: 5, added: 2, removed: 2, unchanged: 3}, 2, 0},
		{"records", func() { rename(t, f.in("food.csv"), f.in("drink.csv")) }, counts{files: 5, added: 1, removed: 1, unchanged: 4}, 1, 0},
		{"two change names", func() {
			rename(t, f.in("beasts/dog.txt"), f.in("x"))
			rename(t, f.in("beasts/bird.txt"), f.in("beasts/dog.txt"))
			rename(t, f.in("x"), f.in("beasts/bird.txt"))
		}, counts{files: 5, updated: 2, unchanged: 3}, 2, 0},
		{"all move on by one", func() {
			f.write(t, "log.1.txt", "the mat")
			f.write(t, "log.2.txt", "the moon")
			m.round(t, 2, string(f))
			rename(t, f.in("log.2.txt"), f.in("log.3.txt"))
			rename(t, f.in("log.1.txt"), f.in("log.2.txt"))
			f.write(t, "log.1.txt", "the milk")
		}, counts{files: 8, added: 1, updated: 2, unchanged: 5}, 2, 1},
		{"moved and its place taken", func() {
			rename(t, f.in("log.3.txt"), f.in("old/log.txt"))
			f.write(t, "log.3.txt", "the bread")
		}, counts{files: 9, added: 1, updated: 1, unchanged: 7}, 1, 1},
		{"moved and edited", func() {
			rename(t, f.in("log.3.txt"), f.in("log.4.txt"))
			f.write(t, "log.4.txt", "the violin")
		}, counts{files: 9, added: 1, removed: 1, unchanged: 8}, 0, 1},
	} {
		step.change()
		r := m.round(t, step.encoded, string(f))
		if of(r) != step.want || r.Moved != step.moved {
			t.Errorf("%s: %+v, %d moved, want %+v, %d", step.name, of(r), r.Moved, step.want, step.moved)
		}
		if r := m.round(t, 0, string(f)); r.Changed() {
			t.Errorf("%s: a second round: %+v", step.name, r)
		}
		clean(t, x)
	}
	f.wantKeys(t, x, "deep/down/Tom.MD", "beasts/bird.txt", "beasts/dog.txt", "drink.csv#row 2", "drink.csv#row 3", "records.jsonl#a", "records.jsonl#b",
		"log.1.txt", "log.2.txt", "log.4.txt", "old/log.txt")
	for key, text := range map[string]string{"beasts/bird.txt": "the dog of bread", "beasts/dog.txt": "the bird", "log.2.txt": "the mat", "old/log.txt": "the moon"} {
		e, err := x.Get(t.Context(), f.in(key))
		if err != nil || e.Text != text || e.Source != f.in(key) {
			t.Errorf("%s: %+v, %v", key, e, err)
		}
	}
	if found := search(t, x, "the dog"); found[0].score != vectors[0].score || found[0].text != vectors[0].text {
		t.Errorf("found %+v, before %+v", found[0], vectors[0])
	}
}

type found struct {
	text  string
	score float64
}

func search(t *testing.T, x *index.Index, query string) []found {
	t.Helper()
	results, err := x.Search(t.Context(), query, index.In(index.Exact))
	if err != nil {
		t.Fatal(err)
	}
	var all []found
	for _, r := range results {
		all = append(all, found{r.Text, float64(r.Score)})
	}
	return all
}

// Whatever is renamed, swapped, copied, edited and deleted, an index that follows is
// one that is made anew.
func TestMovesAtRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	f := folder(t.TempDir())
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	names := []string{"a.txt", "b.txt", "c.txt", "B.txt", "s/a.txt", "s/b.md", "r.csv", "s/r.csv", "q.csv"}
	words := []string{"cat", "dog", "bird", "mat", "moon", "milk"}
	content := func(name string) string {
		if filepath.Ext(name) != ".csv" {
			return "the " + words[rng.IntN(len(words))]
		}
		rows := []string{"text"}
		for range 1 + rng.IntN(4) {
			rows = append(rows, "the "+words[rng.IntN(len(words))])
		}
		return strings.Join(rows, "\n") + "\n"
	}
	pick := func() string { return names[rng.IntN(len(names))] }
	for range 40 {
		for range 1 + rng.IntN(4) {
			a, b := pick(), pick()
			switch rng.IntN(4) {
			case 0:
				f.write(t, a, content(a))
			case 1:
				os.Remove(f.in(a))
			default:
				if _, err := os.Stat(f.in(a)); err == nil {
					rename(t, f.in(a), f.in(b))
				}
			}
		}
		f.write(t, "stays.txt", "the bread")
		update(t, m.Mirror, string(f))
		anew := newIndex(t)
		update(t, mirror.New(anew, mirror.Options{}), string(f))
		if got, want := entries(t, x), entries(t, anew); !slices.Equal(got, want) {
			t.Fatalf("the index has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		clean(t, x)
		if r := m.round(t, 0, string(f)); r.Changed() {
			t.Fatalf("a second round: %+v", r)
		}
	}
}

// entries says what an index has, hashes included.
func entries(t *testing.T, x *index.Index) []string {
	t.Helper()
	var all []string
	if err := x.Entries(t.Context(), "", func(e *index.Entry) bool {
		all = append(all, fmt.Sprintf("%s %q %q %s %v %v %x", e.Key, e.Title, e.Text, e.Source, e.Metadata, e.Time.UnixMilli(), e.Hash))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// A row before others, and these have other names: they are not encoded anew.
func TestRecordsShifted(t *testing.T) {
	f := folder(t.TempDir())
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	rows := func(first int, many int) string {
		text := "text\n"
		for i := range many {
			text += fmt.Sprintf("the cat %d\n", first+i)
		}
		return text
	}
	const many = 3000 // more than fit into one part
	f.write(t, "a.csv", rows(0, many))
	m.round(t, many, string(f))
	f.write(t, "a.csv", rows(-1, many+2))
	if r := m.round(t, 2, string(f)); r.Updated != 1 {
		t.Errorf("found %+v", r)
	}
	rename(t, f.in("a.csv"), f.in("b.csv"))
	if r := m.round(t, 0, string(f)); r.Moved != 1 || r.Removed != 1 {
		t.Errorf("found %+v", r)
	}
	if e, err := x.Get(t.Context(), f.in("b.csv#row 2")); err != nil || e.Text != "the cat -1" {
		t.Errorf("found %+v, %v", e, err)
	}
	if stat, err := x.Stat(t.Context()); err != nil || stat.Documents != many+2 {
		t.Errorf("%d documents, %v", stat.Documents, err)
	}
	clean(t, x)
}

// What the index has of a file that can't be read stays, whoever has its contents now.
func TestMovedFromUnreadable(t *testing.T) {
	f := folder(t.TempDir())
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{Extract: extract.Options{MaxFile: 100}})
	f.write(t, "a.txt", "the cat")
	m.round(t, 1, string(f))
	f.write(t, "a.txt", strings.Repeat("the dog ", 100))
	f.write(t, "b.txt", "the cat")
	if r := m.round(t, 1, string(f)); r.Failed != 1 || of(r) != (counts{files: 2, added: 1}) {
		t.Errorf("found %+v", r)
	}
	f.wantKeys(t, x, "a.txt", "b.txt")
	if r := m.round(t, 0, string(f)); r.Failed != 1 || r.Changed() || len(r.Unreadable) != 1 {
		t.Errorf("a second round: %+v", r)
	}
}

// The time that a file may take is that of reading it, however long its records take
// to be encoded.
func TestRecordsInTime(t *testing.T) {
	f := folder(t.TempDir())
	const many = 6000
	f.write(t, "a.csv", "text\n"+strings.Repeat("the cat\n", many))
	slow := true
	m := mirror.New(newIndex(t), mirror.Options{Extract: extract.Options{Time: 3 * time.Second}, Progress: func(p mirror.Progress) {
		if p.Documents > 0 && slow {
			slow = false
			time.Sleep(4 * time.Second)
		}
	}})
	if r := update(t, m, string(f)); r.Partial > 0 || len(r.Unreadable) > 0 {
		t.Errorf("found %+v", r)
	}
	if r := update(t, m, string(f)); r.Unchanged != 1 {
		t.Errorf("a second round: %+v", r)
	}
}

// Folders that have files of the same names, and files of the same contents, are
// each their own.
func TestSameNames(t *testing.T) {
	parent := t.TempDir()
	a, b := folder(filepath.Join(parent, "a/notes")), folder(filepath.Join(parent, "b/notes"))
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	for _, f := range []folder{a, b} {
		f.write(t, "same.txt", "the cat")
		f.write(t, "other.txt", "the dog of "+string(f))
	}
	m.round(t, 4, string(a), string(b))
	a.write(t, "other.txt", "the moon")
	if r := m.round(t, 1, string(a)); of(r) != (counts{files: 2, updated: 1, unchanged: 1}) {
		t.Errorf("found %+v", r)
	}
	os.Remove(a.in("same.txt"))
	if r := m.round(t, 0, string(a), string(b)); of(r) != (counts{files: 3, unchanged: 3, removed: 1}) {
		t.Errorf("found %+v", r)
	}
	folder(parent).wantKeys(t, x, "a/notes/other.txt", "b/notes/other.txt", "b/notes/same.txt")
}

// A path that is quite empty keeps its files, until it is said that they are gone.
func TestEmptied(t *testing.T) {
	f := notes(t)
	beside := folder(t.TempDir())
	beside.write(t, "mat.txt", "the mat")
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	m.round(t, 8, string(f), string(beside))
	away := string(f) + ".away"
	rename(t, string(f), away)
	f.fresh(t, ".lost", "") // doesn't count
	for range 2 {
		r := m.round(t, 0, string(f), string(beside))
		want := []mirror.Kept{{Folder: string(f), Files: 5, Why: "is quite empty"}}
		if r.Removed != 0 || r.BadPaths != 1 || r.Changed() || !slices.Equal(r.Kept, want) {
			t.Errorf("found %+v", r)
		}
	}
	// It comes back, as if nothing had been.
	os.RemoveAll(string(f))
	rename(t, away, string(f))
	if r := m.round(t, 0, string(f), string(beside)); r.Changed() || len(r.Kept) > 0 || r.BadPaths > 0 {
		t.Errorf("found %+v", r)
	}
	// One file is enough for the others to be gone.
	for _, name := range []string{"animals", "food.csv", "records.jsonl"} {
		os.RemoveAll(f.in(name))
	}
	if r := m.round(t, 0, string(f)); r.Removed != 4 || len(r.Kept) > 0 {
		t.Errorf("found %+v", r)
	}
	os.Remove(f.in("cat.md"))
	if r := m.round(t, 0, string(f)); r.Removed != 0 || len(r.Kept) != 1 {
		t.Errorf("found %+v", r)
	}
	pruning := mirror.New(x, mirror.Options{Prune: true})
	if r := update(t, pruning, string(f)); r.Removed != 1 || len(r.Kept) > 0 || r.BadPaths > 0 {
		t.Errorf("pruned: %+v", r)
	}
	beside.wantKeys(t, x, "mat.txt")
	// A folder that had nothing is just empty.
	if r := update(t, m.Mirror, string(f)); r.BadPaths > 0 || len(r.Kept) > 0 {
		t.Errorf("an empty folder: %+v", r)
	}
}

// A subfolder that somebody emptied is empty.
func TestSubfolderEmptied(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	m.round(t, 7, string(f))
	os.Remove(f.in("animals/dog.txt"))
	os.Remove(f.in("animals/bird.txt"))
	if r := m.round(t, 0, string(f)); r.Removed != 2 || len(r.Kept) > 0 {
		t.Errorf("found %+v", r)
	}
}

// Files that can be read no more than before are not read.
func TestGlances(t *testing.T) {
	f := folder(t.TempDir())
	x := newIndex(t)
	f.write(t, "picture.png", "\x89PNG\r\n\x1a\n\x00\x00")
	f.write(t, "empty.txt", " \n")
	f.write(t, "cut.docx", "PK\x03\x04")
	f.write(t, "field.jsonl", `{"body":"the cat"}`+"\n")
	f.write(t, "good.txt", "the dog")
	read := func(o extract.Options) *mirror.Report {
		return update(t, mirror.New(x, mirror.Options{Extract: o}), string(f))
	}
	first := read(extract.Options{})
	if first.Failed != 1 || first.Empty != 2 || first.Unsupported[".png"] != 1 || first.Added != 1 {
		t.Fatalf("found %+v", first)
	}
	// They have other contents, and it can't be seen from outside: who says the same
	// of them has not looked.
	for name, text := range map[string]string{"picture.png": "the bird\n\n", "empty.txt": "ab", "cut.docx": "cats"} {
		sneak(t, x, f.in(name), text)
	}
	second := read(extract.Options{})
	first.Added, first.Unchanged, first.New = 0, 1, second.New
	if second.Duration = first.Duration; fmt.Sprint(*second) != fmt.Sprint(*first) {
		t.Errorf("found %+v, before %+v", second, first)
	}
	// Another field has those read for which it may matter.
	if r := read(extract.Options{TextField: "body"}); r.Failed != 1 || r.Added != 2 || r.Reread != 3 || r.Unchanged != 1 {
		t.Errorf("another field: %+v", r)
	}
	os.Remove(f.in("cut.docx"))
	read(extract.Options{TextField: "body"})
	if notes, err := x.Notes(t.Context(), "glance:"); err != nil || notes["glance:"+f.in("cut.docx")] != "" {
		t.Errorf("the notes are %v, %v", notes, err)
	}
}

// sneak changes what the index knows of a file to what it is after text is written
// into it: as if nothing had changed.
func sneak(t *testing.T, x *index.Index, path, text string) {
	t.Helper()
	notes, err := x.Notes(t.Context(), "glance:"+path)
	if err != nil || len(notes) != 1 {
		t.Fatalf("the notes are %v, %v", notes, err)
	}
	before := mirror.Mark(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	os.Chtimes(path, info.ModTime(), info.ModTime())
	for name, note := range notes {
		changed := strings.ReplaceAll(note, before, mirror.Mark(t, path))
		if changed == note {
			t.Fatalf("%s isn't of %s", note, before)
		}
		if err := x.SetNotes(t.Context(), map[string]string{name: changed}); err != nil {
			t.Fatal(err)
		}
	}
}

// Options that change what is made of a file have it read again, and no other.
func TestOtherOptions(t *testing.T) {
	f := folder(t.TempDir())
	x := newIndex(t)
	f.write(t, "a.csv", "text,body\nthe cat,the dog\n")
	f.write(t, "b.txt", "the moon")
	f.write(t, "c.csv", "name\nthe bird\n") // the same with any field
	m := newEncoding(x, mirror.Options{})
	m.round(t, 3, string(f))
	other := newEncoding(x, mirror.Options{Extract: extract.Options{TextField: "body"}})
	if r := other.round(t, 1, string(f)); r.Reread != 2 || of(r) != (counts{files: 3, updated: 1, unchanged: 2}) {
		t.Errorf("another field: %+v", r)
	}
	if e, err := x.Get(t.Context(), f.in("a.csv#row 2")); err != nil || e.Text != "the dog" {
		t.Errorf("found %+v, %v", e, err)
	}
	if r := other.round(t, 0, string(f)); r.Reread != 0 || r.Unchanged != 3 {
		t.Errorf("the same field: %+v", r)
	}
	// What decides nothing about a file's text has it read and not encoded.
	larger := newEncoding(x, mirror.Options{Extract: extract.Options{TextField: "body", MaxPages: 7}})
	if r := larger.round(t, 0, string(f)); r.Reread != 3 || r.Unchanged != 3 {
		t.Errorf("another bound: %+v", r)
	}
	// Patterns are not about files that are read already.
	only := newEncoding(x, mirror.Options{Extract: extract.Options{TextField: "body", MaxPages: 7}, List: walk.Options{Include: []string{"*.csv"}}})
	if r := only.round(t, 0, string(f)); r.Reread != 0 || of(r) != (counts{files: 2, unchanged: 2, removed: 1}) {
		t.Errorf("a pattern: %+v", r)
	}
}

// Other passages have all cut and encoded anew.
func TestOtherPassages(t *testing.T) {
	f := notes(t)
	path := filepath.Join(t.TempDir(), "index.db")
	m, err := edge.Open(tiny.New(t).Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, step := range []struct {
		name            string
		options         []index.Option
		encoded, reread int
	}{
		{"first", nil, 7, 0}, {"the same", nil, 0, 0},
		{"whole", []index.Option{index.WithWholeDocuments()}, 7, 5}, {"again whole", []index.Option{index.WithWholeDocuments()}, 0, 0},
	} {
		x, err := index.Open(t.Context(), path, m, step.options...)
		if err != nil {
			t.Fatal(err)
		}
		if r := newEncoding(x, mirror.Options{}).round(t, step.encoded, string(f)); r.Reread != step.reread {
			t.Errorf("%s: %+v", step.name, r)
		}
		clean(t, x)
		x.Close()
	}
}

// What a version before had stored is read once and keeps its vectors.
func TestFormerStamps(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	m.round(t, 7, string(f))
	hashes, err := x.Hashes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var former []index.Amendment
	for key, hash := range hashes {
		file, _, _ := strings.Cut(key, "#")
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		former = append(former, index.Amendment{Key: key, Source: file, Hash: mirror.FormerHash(hash, info)})
	}
	if n, err := x.Amend(t.Context(), former); n != 7 || err != nil {
		t.Fatal(n, err)
	}
	if r := m.round(t, 0, string(f)); of(r) != (counts{files: 5, unchanged: 5}) || r.Reread != 0 {
		t.Errorf("found %+v", r)
	}
	after, err := x.Hashes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for key := range hashes {
		if after[key] != hashes[key] {
			t.Errorf("%s: %x, before %x", key, after[key], hashes[key])
		}
	}
}

// An index that isn't followed any further has no trouble with the end of a context.
func TestRenameStopped(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	m.round(t, 7, string(f))
	rename(t, f.in("animals"), f.in("beasts"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := m.Update(ctx, string(f)); r != nil || err == nil {
		t.Errorf("found %+v, %v", r, err)
	}
	m.round(t, 0, string(f))
}
