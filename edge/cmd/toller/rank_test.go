package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files"
)

const question = "Does calcium slow bone loss in older women?"

func rankJSON(t *testing.T, stdin string, args ...string) (*ranking, result) {
	t.Helper()
	r := toller(t, stdin, append([]string{"rank", "--json"}, args...)...).want(t, exitOK)
	got := new(ranking)
	decode(t, r.stdout, got)
	return got, r
}

func TestRankJSON(t *testing.T) {
	few := fewAbstracts(t)
	got, _ := rankJSON(t, "", question, few, "-k", "7")
	if got.Query != question || got.Documents != 20 || len(got.Hits) != 7 || got.QueryTruncated || got.Model == "" {
		t.Fatalf("found %+v", got)
	}
	for i, h := range got.Hits {
		if h.Rank != i+1 || h.Line != h.Index+1 || h.Path != few || h.ID == "" || h.Name != h.ID || h.Title == "" {
			t.Errorf("hit %d: %+v", i, h)
		}
		if i > 0 && h.Score > got.Hits[i-1].Score {
			t.Errorf("hit %d scores more than the one before", i)
		}
		if h.Mean <= 0 || h.Mean > 1 || h.Mean > h.Score {
			t.Errorf("hit %d: mean %g of score %g", i, h.Mean, h.Score)
		}
		p := h.Passage
		if p == nil || p.Text == "" || len(p.Text) != p.End-p.Start || len(p.Text) > passageBytes {
			t.Fatalf("hit %d: passage %+v", i, p)
		}
		for _, h := range p.Highlights {
			if h.Start < 0 || h.Start >= h.End || h.End > len(p.Text) || h.Weight < minShare {
				t.Errorf("hit %d: highlight %+v in %d bytes", i, h, len(p.Text))
			}
		}
	}
}

// The numbers must not depend on what they are asked for with.
func TestRankOptions(t *testing.T) {
	few := fewAbstracts(t)
	whole, _ := rankJSON(t, "", question, few, "-k", "0")
	if len(whole.Hits) != 20 {
		t.Fatalf("-k 0 gives %d hits", len(whole.Hits))
	}
	some, _ := rankJSON(t, "", question, few, "-k", "3", "--threads", "1", "--no-passage")
	for i, h := range some.Hits {
		if w := whole.Hits[i]; h.ID != w.ID || h.Score != w.Score || h.Passage != nil {
			t.Errorf("hit %d is %+v, was %+v", i, h, w)
		}
	}
	short, r := rankJSON(t, "", question, few, "-k", "3", "--max-tokens", "16")
	r.says(t, "20 of 20 documents")
	if !short.Hits[0].Truncated || short.Truncated != 20 {
		t.Error("a document of 16 tokens is not marked as truncated")
	}
	pooled, _ := rankJSON(t, "", question, few, "-k", "1", "--pool", "4")
	if pooled.Hits[0].Score >= whole.Hits[0].Score {
		t.Errorf("pooling raises the score from %g to %g", whole.Hits[0].Score, pooled.Hits[0].Score)
	}
	long, r := rankJSON(t, "a document", strings.Repeat("many words ", 100))
	if r.says(t, "the query is longer"); !long.QueryTruncated {
		t.Error("a query of 200 words is not marked as truncated")
	}
}

func TestRankPiped(t *testing.T) {
	few := fewAbstracts(t)
	r := toller(t, "", "rank", question, few, "-k", "4").want(t, exitOK)
	lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
	if len(lines) != 4 {
		t.Fatalf("4 hits give %d lines", len(lines))
	}
	for i, line := range lines {
		fields := strings.Split(line, "\t")
		if len(fields) != 6 || fields[0] != fmt.Sprint(i+1) || fields[4] == "" || fields[5] != "" {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if strings.Contains(r.stdout+r.stderr, "\x1b") {
		t.Error("escape sequences in a pipe")
	}
	if r := toller(t, "", "rank", question, few, "--color", "always"); !strings.Contains(r.stdout, "\x1b[") {
		t.Error("--color always gives no color")
	}
}

// Hits say where their passages stand, in the words that a search has for it.
func TestRankHeadings(t *testing.T) {
	for _, test := range []struct{ query, path, passage, heading string }{
		{"drop of oil on each roller", "bicycle-care.pdf", "drop of oil", "page 1"},
		{"mend a puncture in the inner tube", "bicycle-care.pdf", "mend a puncture", "page 2"},
		{"blossom end rot", "garden/tomatoes.html", "blossom end rot", "Growing tomatoes > Watering"},
		{"tell the bank about the new address", "moving-house.docx", "tell the bank", "Moving House > Two weeks before"},
		{"when does the loaf sound hollow?", "sourdough.md", "sounds hollow", "Sourdough bread > Baking"},
		{"compost of dry leaves", "garden/compost.txt", "dry leaves", ""},
		{"a blackbird sings", "birds.csv", "Blackbird", ""},
	} {
		path := filepath.Join(library, filepath.FromSlash(test.path))
		got, _ := rankJSON(t, "", test.query, path, "-k", "1")
		if h := got.Hits[0]; !strings.Contains(h.Passage.Text, test.passage) || h.Heading != test.heading {
			t.Errorf("%s: %q under %q, want %q", test.path, h.Passage.Text, h.Heading, test.heading)
		}
		r := toller(t, "", "rank", test.query, path, "-k", "1").want(t, exitOK)
		if !strings.HasSuffix(r.stdout, "\t"+test.heading+"\n") {
			t.Errorf("%s: %q doesn't end with %q", test.path, r.stdout, test.heading)
		}
		none, _ := rankJSON(t, "", test.query, path, "-k", "1", "--no-passage")
		if none.Hits[0].Heading != "" {
			t.Errorf("%s: without a passage, a heading %q", test.path, none.Hits[0].Heading)
		}
	}
	// A title that is put before the text hides no heading, and is under none.
	page := write(t, filepath.Join(t.TempDir(), "a.html"), "<title>On the sky</title><h1>Sky</h1><p>It is blue.<h2>Clouds</h2><p>These are white.")
	got, _ := rankJSON(t, "", "on the sky", page)
	if h := got.Hits[0]; !strings.HasPrefix(h.Passage.Text, "On the sky # Sky") || h.Heading != "Sky" {
		t.Errorf("%q under %q", h.Passage.Text, h.Heading)
	}
	// The page of a rank lies on the pages of the search.
	index := indexed(t, library)
	found := searchJSON(t, index, "mend a puncture in the inner tube").Hits[0]
	if filepath.Base(found.Path) != "bicycle-care.pdf" || found.Heading != "pages 1-2" && found.Heading != "page 2" {
		t.Errorf("search finds %s, %s", found.Path, found.Heading)
	}
}

func TestRankStreams(t *testing.T) {
	tests := []struct {
		name  string
		stdin string
		args  []string
		want  []string // name and text of each document, in the order read
	}{
		{"lines", "red\nblue\n", nil, []string{"-:1 red", "-:2 blue"}},
		{"named stdin", "red\nblue\n", []string{"-"}, []string{"-:1 red", "-:2 blue"}},
		{"blank lines keep the count", "\nred\r\n \t\nblue", nil, []string{"-:2 red", "-:4 blue"}},
		{"byte order mark", "\uFEFFred\n", nil, []string{"-:1 red"}},
		{"JSONL", `{"text":"red"}` + "\n" + `{"text":"blue","id":7,"title":"sky"}`, nil, []string{"-:1 red", "7 sky blue"}},
		{"JSONL after blank lines", "\n\n {\"_id\":\"a\",\"text\":\"red\"}\n", nil, []string{"a red"}},
		{"text field", `{"body":"red","text":"no"}`, []string{"--text-field", "body"}, []string{"-:1 red"}},
		{"a brace is no JSON", "{red}\nblue", nil, []string{"-:1 {red}", "-:2 blue"}},
		{"lines of JSON", `{"text":"red"}`, []string{"--format", "lines"}, []string{`-:1 {"text":"red"}`}},
		{"one text", "red\nblue\n", []string{"--format", "text"}, []string{"- red\nblue"}},
		{"steering characters", "\x1b[2Jred\x07\u202E", []string{"--format", "lines"}, []string{"-:1 \x1b[2Jred\x07\u202E"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, r := rankJSON(t, test.stdin, append([]string{"red", "-k", "0"}, test.args...)...)
			documents := make([]string, len(got.Hits))
			for _, h := range got.Hits {
				documents[h.Index] = h.Name + " " + h.Passage.Text
			}
			if fmt.Sprintf("%q", documents) != fmt.Sprintf("%q", test.want) {
				t.Errorf("found %q, want %q", documents, test.want)
			}
			if r.stderr != "" {
				t.Errorf("standard error: %s", r.stderr)
			}
		})
	}
}

func TestRankBadRecords(t *testing.T) {
	lines := []string{
		`{"text":"good"}`, `{"text":7}`, `{"title":"no text"}`, `{"text":"good","title":[]}`, `not json`, `{"text":"cut`,
		`{"text":""}`, `["text"]`, `{"text":"` + "good éé \xff" + `"}`,
	}
	got, r := rankJSON(t, strings.Join(lines, "\n"), "good", "-k", "0")
	if len(got.Hits) != 2 || got.LeftOut.Empty != 1 {
		t.Errorf("found %+v", got)
	}
	r.says(t,
		`-:2: field "text" is a number, expected a string`,
		`-:3: has no field "text"`,
		`-:4: field "title" is a list, expected a string`,
		"-:5: is no JSON object",
		"-: 1 more like these",
		"6 records could not be read",
		"1 document with characters that can't be read, each now U+FFFD",
		"left out: 1 empty",
	)
}

func TestRankFolder(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) }
	write(t, in("a.txt"), "calcium slows bone loss")
	write(t, in("sub/b.md"), "on the anatomy of melancholy")
	write(t, in("sub/c.jsonl"), `{"id":"r1","text":"one"}`+"\n"+`{"id":"r2","text":"two"}`)
	write(t, in("latin1.txt"), "caf\xe9")
	write(t, in(".hidden"), "hidden")
	write(t, in(".git/x"), "hidden")
	write(t, in("empty.txt"), "")
	write(t, in("blank.txt"), " \n\t\n")
	write(t, in("program"), "\x7fELF\x00\x01")
	sparse := write(t, in("zzz.txt"), strings.Repeat("text ", 4000))
	if err := os.Truncate(sparse, 1<<30); err != nil {
		t.Fatal(err)
	}
	got, r := rankJSON(t, "", "bone loss", folder, in("program"), in("empty.txt"), in("none"), "-k", "0")
	names := map[string]bool{}
	for _, h := range got.Hits {
		names[h.Name] = true
	}
	for _, name := range []string{in("a.txt"), in("sub/b.md"), in("latin1.txt"), "r1", "r2"} {
		if !names[name] {
			t.Errorf("%s is missing", name)
		}
	}
	if len(got.Hits) != 5 {
		t.Errorf("found %d documents, want 5", len(got.Hits))
	}
	if got.Hits[0].Name != in("a.txt") {
		t.Errorf("the best hit is %s", got.Hits[0].Name)
	}
	if want := (files.LeftOut{Hidden: 2, Binary: 1, Empty: 2}); got.LeftOut != want {
		t.Errorf("left out %+v, want %+v", got.LeftOut, want)
	}
	if len(got.Unreadable) != 4 {
		t.Errorf("unreadable: %+v", got.Unreadable)
	}
	r.says(t,
		"zzz.txt: has 1073741824 bytes, the limit is 536870912",
		"program: is a binary file",
		"empty.txt: is empty",
		in("none")+": no such file",
		"4 of 11 inputs could not be read",
		"left out: 2 hidden, 1 binary, 2 empty",
	)
}

// What a terminal would obey must not reach one, whatever a name or text holds.
func TestRankPipedIsPlain(t *testing.T) {
	const hostile = "\x1b]0;title\x07 a\tb\u202Ec\x9b1m\n"
	for _, args := range [][]string{{}, {"--format", "markdown"}} {
		r := toller(t, "# "+hostile+"\n"+hostile, append([]string{"rank", "a", "-k", "1"}, args...)...).want(t, exitOK)
		if strings.ContainsAny(r.stdout, "\x1b\x07\u202E\u009b") || strings.Count(r.stdout, "\t") != 5 {
			t.Errorf("%q", r.stdout)
		}
		if heading := r.stdout[strings.LastIndexByte(r.stdout, '\t'):]; len(args) > 0 && !strings.Contains(heading, "title") {
			t.Errorf("the heading is %q", heading)
		}
	}
}
