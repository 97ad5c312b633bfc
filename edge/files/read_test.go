package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files/walk"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// read reads paths to the end, and checks what holds for every reading.
func read(t *testing.T, o Options, paths ...string) *Collection {
	t.Helper()
	var told []Unreadable
	last := 0
	o.Unreadable = func(u Unreadable) { told = append(told, u) }
	o.Progress = func(documents int) {
		if documents != last+1 {
			t.Errorf("progress goes from %d to %d", last, documents)
		}
		last = documents
	}
	c, err := Read(t.Context(), paths, o)
	if err != nil {
		t.Fatal(err)
	}
	if last != len(c.Documents) {
		t.Errorf("progress ends at %d of %d", last, len(c.Documents))
	}
	if c.Unreadable == nil || !slices.Equal(told, c.Unreadable) {
		t.Errorf("told %+v, collected %+v", told, c.Unreadable)
	}
	return c
}

// says fails the test unless one of what is unreadable reads so.
func (c *Collection) says(t *testing.T, want string) {
	t.Helper()
	var all []string
	for _, u := range c.Unreadable {
		all = append(all, u.Name+": "+u.Error)
	}
	if !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, want) }) {
		t.Errorf("none says %q of %q", want, all)
	}
}

// named are names and texts of documents.
func (c *Collection) named() []string {
	var all []string
	for _, d := range c.Documents {
		all = append(all, d.Name+" "+d.Text)
	}
	return all
}

// withStdin has the test read text from standard input.
func withStdin(t *testing.T, text string) {
	t.Helper()
	file, err := os.Open(write(t, filepath.Join(t.TempDir(), "stdin"), text))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = file
	t.Cleanup(func() {
		os.Stdin = before
		file.Close()
	})
}

// The limit on all texts together ends the reading, with a word on the line
// where it stopped.
func TestTotalLimit(t *testing.T) {
	c := &reader{ctx: t.Context(), options: Options{Format: "lines"}, room: 3 * bookkeeping}
	c.stream("a", strings.NewReader(strings.Repeat("xx\n", 10)))
	c.stream("b", strings.NewReader("yy\n"))
	c.file("c", false)
	if len(c.Documents) != 3 || c.Inputs != 1 || c.BadInputs != 1 || c.LeftOut.Unread != 2 || len(c.Unreadable) != 1 {
		t.Fatalf("found %+v", c.Collection)
	}
	if u := c.Unreadable[0]; u.Name != "a" || u.Error != "line 4: reading stopped here: the texts fill the limit of 512 MB" {
		t.Errorf("said %+v", u)
	}
}

// What just fills the limit is complete, and nothing is said about it; titles
// count, too.
func TestTotalLimitReached(t *testing.T) {
	folder := t.TempDir()
	path := write(t, filepath.Join(folder, "a.jsonl"), `{"title":"one","text":"two"}`+"\n")
	c := &reader{ctx: t.Context(), room: len("one")*2 + len(" two") + bookkeeping}
	c.folder(folder)
	if len(c.Documents) != 1 || c.room != 0 || len(c.Unreadable) != 0 {
		t.Errorf("%d bytes are left: %+v", c.room, c.Collection)
	}
	if c.file(path, true); c.LeftOut.Unread != 1 || c.Inputs != 1 {
		t.Errorf("read beyond the limit: %+v", c.Collection)
	}
}

func TestReadFolder(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) }
	write(t, in("a.txt"), "calcium slows bone loss")
	write(t, in("sub/b.md"), "on the *anatomy* of melancholy")
	write(t, in("sub/c.jsonl"), `{"id":"r1","text":"one"}`+"\n"+`{"id":"r2","text":"two"}`)
	write(t, in("latin1.txt"), "caf\xe9")
	write(t, in(".hidden"), "hidden")
	write(t, in(".git/x"), "hidden")
	write(t, in(".gitignore"), "draft*\n/out/\n")
	write(t, in("draft.txt"), "ignored")
	write(t, in("out/d.txt"), "ignored")
	write(t, in("old/e.txt"), "excluded")
	write(t, in("f.bak"), "excluded")
	write(t, in("empty.txt"), "")
	write(t, in("blank.txt"), " \n\t\n")
	write(t, in("rows.jsonl"), `{"text":" "}`+"\n"+`{"text":"three"}`)
	write(t, in("program"), "\x7fELF\x00\x01")
	write(t, in("cut.pdf"), "no PDF")
	sparse := write(t, in("zzz.txt"), strings.Repeat("text ", 4000))
	if err := os.Truncate(sparse, 1<<30); err != nil {
		t.Fatal(err)
	}
	c := read(t, Options{List: walk.Options{Exclude: []string{"old", "*.bak"}}},
		folder, in("program"), in("empty.txt"), in("none"))
	want := []string{
		in("a.txt") + " calcium slows bone loss", in("latin1.txt") + " café", in("rows.jsonl") + ":2 three",
		in("sub/b.md") + " on the anatomy of melancholy", "r1 one", "r2 two",
	}
	if got := c.named(); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	// blank.txt, empty.txt and a record are empty, .gitignore is hidden as well.
	if want := (LeftOut{Hidden: 3, Ignored: 2, Excluded: 2, Binary: 1, Empty: 3}); c.LeftOut != want {
		t.Errorf("left out %+v, want %+v", c.LeftOut, want)
	}
	if c.Inputs != 13 || c.BadInputs != 5 || len(c.Unreadable) != 5 || c.BadRecords != 0 {
		t.Errorf("%d of %d inputs, %d records: %+v", c.BadInputs, c.Inputs, c.BadRecords, c.Unreadable)
	}
	c.says(t, sparse+": has 1073741824 bytes, the limit is 536870912")
	c.says(t, in("cut.pdf")+": doesn't begin as PDF files do")
	c.says(t, in("program")+": is a binary file")
	c.says(t, in("empty.txt")+": is empty")
	c.says(t, in("none")+": no such file")
}

func TestReadLists(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a.txt", "b.md", ".c.txt", "d/e.txt", "ignored.txt"} {
		write(t, filepath.Join(folder, filepath.FromSlash(name)), name)
	}
	write(t, filepath.Join(folder, ".gitignore"), "ignored*\n")
	tests := []struct {
		name string
		list walk.Options
		want []string
		left LeftOut
	}{
		{"default", walk.Options{}, []string{"a.txt", "b.md", "d/e.txt"}, LeftOut{Hidden: 2, Ignored: 1}},
		{"include", walk.Options{Include: []string{"*.txt"}}, []string{"a.txt", "d/e.txt"}, LeftOut{Hidden: 2, Ignored: 1, Excluded: 1}},
		{"exclude", walk.Options{Exclude: []string{"d"}}, []string{"a.txt", "b.md"}, LeftOut{Hidden: 2, Ignored: 1, Excluded: 1}},
		{"hidden", walk.Options{Hidden: true, Include: []string{"*.txt"}}, []string{".c.txt", "a.txt", "d/e.txt"}, LeftOut{Ignored: 1, Excluded: 2}},
		{"all", walk.Options{All: true, Exclude: []string{"d"}}, []string{"a.txt", "b.md", "ignored.txt"}, LeftOut{Hidden: 2, Excluded: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := read(t, Options{List: test.list}, folder)
			var got []string
			for _, d := range c.Documents {
				rel, _ := filepath.Rel(folder, d.Path)
				got = append(got, filepath.ToSlash(rel))
			}
			if !slices.Equal(got, test.want) || c.LeftOut != test.left {
				t.Errorf("found %q, left out %+v; want %q, %+v", got, c.LeftOut, test.want, test.left)
			}
		})
	}
	// A file that is named is read whatever the rules say.
	if c := read(t, Options{List: walk.Options{Exclude: []string{"*"}}}, filepath.Join(folder, "ignored.txt")); len(c.Documents) != 1 {
		t.Errorf("found %+v", c)
	}
}

func TestReadStreams(t *testing.T) {
	tests := []struct {
		name  string
		stdin string
		o     Options
		want  []string // name and text of each document
	}{
		{"lines", "red\nblue\n", Options{}, []string{"-:1 red", "-:2 blue"}},
		{"blank lines keep the count", "\nred\r\n \t\nblue", Options{}, []string{"-:2 red", "-:4 blue"}},
		{"byte order mark", "\uFEFFred\n", Options{}, []string{"-:1 red"}},
		{"JSONL", `{"text":"red"}` + "\n" + `{"text":"blue","id":7,"title":"sky"}`, Options{}, []string{"-:1 red", "7 sky blue"}},
		{"JSONL after blank lines", "\n\n {\"_id\":\"a\",\"text\":\"red\"}\n", Options{}, []string{"a red"}},
		{"text field", `{"body":"red","text":"no"}`, Options{TextField: "body"}, []string{"-:1 red"}},
		{"a brace is no JSON", "{red}\nblue", Options{}, []string{"-:1 {red}", "-:2 blue"}},
		{"lines of JSON", `{"text":"red"}`, Options{Format: "lines"}, []string{`-:1 {"text":"red"}`}},
		{"one text", "red\nblue\n", Options{Format: "text"}, []string{"- red\nblue\n"}},
		{"CSV", "title,text\nsky,blue\n,red\n", Options{Format: "csv"}, []string{"-:2 sky blue", "-:3 red"}},
		{"HTML", "<!doctype html><title>Sky</title><p>It is blue", Options{}, []string{"- Sky It is blue"}},
		{"steering characters", "\x1b[2Jred\x07\u202E", Options{Format: "lines"}, []string{"-:1 \x1b[2Jred\x07\u202E"}},
		{"nothing", "", Options{}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			withStdin(t, test.stdin)
			c := read(t, test.o, Stdin)
			if got := c.named(); !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
			if c.Inputs != 1 || c.BadInputs+c.BadRecords+c.Repaired != 0 || c.LeftOut != (LeftOut{}) {
				t.Errorf("found %+v", c)
			}
			for _, d := range c.Documents {
				if d.Path != Stdin {
					t.Errorf("%s comes from %q", d.Name, d.Path)
				}
			}
		})
	}
}

func TestReadBadRecords(t *testing.T) {
	lines := []string{
		`{"text":"good"}`, `{"text":7}`, `{"title":"no text"}`, `{"text":"good","title":[]}`, `not json`, `{"text":"cut`,
		`{"text":""}`, `["text"]`, `{"text":"` + "good éé \xff" + `"}`,
	}
	withStdin(t, strings.Join(lines, "\n"))
	c := read(t, Options{}, Stdin)
	if got := c.named(); !slices.Equal(got, []string{"-:1 good", "-:9 good éé \uFFFD"}) {
		t.Errorf("found %q", got)
	}
	if c.LeftOut != (LeftOut{Empty: 1}) || c.BadRecords != 6 || c.BadInputs != 0 || c.Repaired != 1 {
		t.Errorf("found %+v", c)
	}
	c.says(t, `-:2: field "text" is a number, expected a string`)
	c.says(t, `-:3: has no field "text"`)
	c.says(t, `-:4: field "title" is a list, expected a string`)
	c.says(t, "-:5: is no JSON object")
	c.says(t, "-:6: is no JSON object")
	if last := c.Unreadable[len(c.Unreadable)-1]; len(c.Unreadable) != manyRecords+1 || last != (Unreadable{"-", "1 more like these"}) {
		t.Errorf("said %+v", c.Unreadable)
	}
}

// Names, lines and ids of records, and titles before their texts.
func TestReadRecords(t *testing.T) {
	folder := t.TempDir()
	jsonl := write(t, filepath.Join(folder, "a.jsonl"), strings.Join([]string{
		`{"id":"x","title":"Sky","text":"It is blue."}`, ``, `{"title":"Sky","text":"Sky is blue."}`, `{"_id":7,"text":"Red."}`, `{"id":"x","text":"Again."}`,
	}, "\n"))
	csv := write(t, filepath.Join(folder, "b.csv"), "title,text,price\nWine,Red wine,7\n,White wine,8\n")
	other := write(t, filepath.Join(folder, "c.csv"), "name,colour\nwine,red\n")
	markdown := write(t, filepath.Join(folder, "d.md"), "# Sky\n\nIt is blue.\n")
	html := write(t, filepath.Join(folder, "e.html"), "<title>On the sky</title><h1>Sky</h1><p>It is blue.")
	want := []Document{
		{"x", jsonl, 1, "x", "Sky", "Sky It is blue.", false, 4},
		{jsonl + ":3", jsonl, 3, "", "Sky", "Sky is blue.", false, 0},
		{"7", jsonl, 4, "7", "", "Red.", false, 0},
		{"x", jsonl, 5, "x", "", "Again.", false, 0},
		{csv + ":2", csv, 2, "", "Wine", "Wine Red wine", false, 5},
		{csv + ":3", csv, 3, "", "", "White wine", false, 0},
		{other + ":2", other, 2, "", "", "name: wine\ncolour: red", false, 0},
		{markdown, markdown, 0, "", "Sky", "# Sky\n\nIt is blue.", true, 0},
		{html, html, 0, "", "On the sky", "On the sky # Sky\n\nIt is blue.", true, 11},
	}
	c := read(t, Options{}, jsonl, csv, other, markdown, html)
	for i, d := range c.Documents {
		if d.Text = strings.TrimSpace(d.Text); i >= len(want) || d != want[i] {
			t.Errorf("document %d: %+v", i, d)
		}
	}
	if len(c.Documents) != len(want) || len(c.Unreadable) > 0 {
		t.Errorf("found %d documents, want %d; %+v", len(c.Documents), len(want), c.Unreadable)
	}
}

// Once ctx has ended, nothing is read and nothing is complained of.
func TestReadCancelled(t *testing.T) {
	folder := t.TempDir()
	for i := range 20 {
		write(t, filepath.Join(folder, fmt.Sprintf("%02d.jsonl", i)), strings.Repeat(`{"text":"x"}`+"\n", 50)+"bad\n")
	}
	for _, paths := range [][]string{{folder}, {filepath.Join(folder, "00.jsonl"), filepath.Join(folder, "none")}} {
		for _, stop := range []int{0, 1, 30} {
			ctx, cancel := context.WithCancel(t.Context())
			if stop == 0 {
				cancel()
			}
			last := 0
			c, err := Read(ctx, paths, Options{
				Progress: func(n int) {
					if last = n; n == stop {
						cancel()
					}
				},
				Unreadable: func(u Unreadable) { t.Errorf("after the end: %+v", u) },
			})
			if c != nil || !errors.Is(err, context.Canceled) || last > stop {
				t.Errorf("stopped at %d: %d documents, %v", stop, last, err)
			}
		}
	}
}

// The path isn't said twice, and the system call is of no interest.
func TestNewUnreadable(t *testing.T) {
	_, err := os.Open(filepath.Join(t.TempDir(), "none"))
	if u := NewUnreadable("none", fmt.Errorf("reading: %w", err)); u.Name != "none" || strings.Contains(u.Error, "open") || strings.Contains(u.Error, "none") {
		t.Errorf("found %+v", u)
	}
	if u := NewUnreadable("a", errEmpty); u != (Unreadable{"a", "is empty"}) {
		t.Errorf("found %+v", u)
	}
}

// What is missing from a document is said, and the rest of it is there.
func TestMissing(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	write(t, in("open.csv"), "title,text\nCrane,\"oiled\nPump,cleaned\n")
	write(t, in("bytes.txt"), "Grüße, Grüße\xff")
	c := read(t, Options{}, in("open.csv"), in("bytes.txt"))
	if len(c.Documents) != 3 || c.BadInputs+c.BadRecords > 0 || len(c.Unreadable) != 2 {
		t.Errorf("found %+v", c)
	}
	c.says(t, in("open.csv")+":2: a quote in line 2 is never closed, and was left out")
	c.says(t, in("bytes.txt")+": 1 bytes or characters that are no UTF-8, each now U+FFFD")
}
