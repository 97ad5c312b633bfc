package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/cmd/toller/evidence"
	"github.com/toller-search/toller/edge/files/extract/sample"
)

const boneQuestion = "what slows the loss of bone?"

func TestSearchJSON(t *testing.T) {
	folder := mixed(t)
	index := indexed(t, folder)
	got := searchJSON(t, index, boneQuestion)
	if got.Query != boneQuestion || got.Index != index || got.Model == "" || got.Mode != "auto" || len(got.Hits) != 8 {
		t.Fatalf("found %+v", got)
	}
	first := got.Hits[0]
	path := filepath.Join(folder, "calcium.md")
	if first.Key != path || first.Path != path || first.Title != "Calcium" {
		t.Errorf("the first hit is %+v", first)
	}
	for i, h := range got.Hits {
		if h.Rank != i+1 || h.MaxSim <= 0 || i > 0 && h.Score > got.Hits[i-1].Score {
			t.Errorf("hit %d: %+v", i, h)
		}
		s := h.Snippet
		if s == nil || len(s.Text) != s.End-s.Start || s.Start < h.Start || s.End > h.End || h.Text != "" || h.Matches != nil {
			t.Fatalf("hit %d: %+v, snippet %+v", i, h, s)
		}
		for _, m := range s.Highlights {
			if m.Start < 0 || m.Start >= m.End || m.End > len(s.Text) || m.Weight <= 0 {
				t.Errorf("hit %d: highlight %+v in %d bytes", i, m, len(s.Text))
			}
		}
	}
	for i, h := range searchJSON(t, index, boneQuestion, "--mode", "exact").Hits {
		if h.Score != h.MaxSim {
			t.Errorf("hit %d of an exact search: %+v", i, h)
		}
	}
	bone := slices.ContainsFunc(first.Snippet.Highlights, func(h evidence.Highlight) bool {
		return strings.TrimSpace(first.Snippet.Text[h.Start:h.End]) == "bone"
	})
	if !bone {
		t.Errorf("%q is highlighted at %v", first.Snippet.Text, first.Snippet.Highlights)
	}
}

func TestSearchOptions(t *testing.T) {
	folder := mixed(t)
	index := indexed(t, folder)
	tests := []struct {
		name string
		args []string
		hits int
		best string // end of the first hit's key
	}{
		{"k", []string{"-k", "2"}, 2, "calcium.md"},
		{"exact", []string{"--mode", "exact"}, 8, "calcium.md"},
		{"pruned", []string{"--mode", "pruned"}, 8, "calcium.md"},
		{"lexical", []string{"--mode", "lexical"}, 1, "calcium.md"},
		{"hybrid", []string{"--mode", "hybrid", "-k", "3"}, 3, "calcium.md"},
		{"weighted", []string{"--mode", "hybrid", "--fusion", "weighted", "-k", "3"}, 3, "calcium.md"},
		{"rrf", []string{"--mode", "hybrid", "--fusion", "rrf", "-k", "3"}, 3, "calcium.md"},
		{"filter by source", []string{"--filter", "source ~ '*birds.html'"}, 1, "birds.html"},
		{"filter by format", []string{"--filter", "format = 'csv'"}, 2, ""},
		{"filter by metadata", []string{"--filter", "year < 1800"}, 1, "records.jsonl#a"},
		{"filter by time", []string{"--filter", "time < 2000-01-01"}, 0, ""},
		{"filter that injects", []string{"--filter", `title = "x' OR 1=1 --"`}, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hits := searchJSON(t, index, boneQuestion, test.args...).Hits
			if len(hits) != test.hits {
				t.Fatalf("%d hits, want %d", len(hits), test.hits)
			}
			if test.hits > 0 && !strings.HasSuffix(hits[0].Key, test.best) {
				t.Errorf("the best is %s", hits[0].Key)
			}
		})
	}
}

func TestSearchPassages(t *testing.T) {
	folder := t.TempDir()
	text := strings.Repeat("Calcium slows the loss of bone. ", 100) + "\n\n" + strings.Repeat("The moon raises the tides. ", 100)
	age(t, write(t, filepath.Join(folder, "long.txt"), text))
	index := indexed(t, folder, "--passage", "64", "--overlap", "8")
	if got := searchJSON(t, index, boneQuestion); len(got.Hits) != 1 {
		t.Errorf("%d hits in one document", len(got.Hits))
	}
	got := searchJSON(t, index, boneQuestion, "--passages", "-k", "100")
	if len(got.Hits) < 10 {
		t.Errorf("%d passages", len(got.Hits))
	}
	for _, h := range got.Hits {
		if s := h.Snippet; text[s.Start:s.End] != s.Text {
			t.Errorf("snippet %d–%d is %q", s.Start, s.End, s.Text)
		}
	}
	if got := searchJSON(t, indexed(t, folder, "--whole"), boneQuestion, "--passages"); len(got.Hits) != 1 || got.Hits[0].End < len(text)-2 {
		t.Errorf("whole documents: %+v", got.Hits)
	}
}

func TestSearchPiped(t *testing.T) {
	folder := mixed(t)
	index := indexed(t, folder)
	r := toller(t, "", "search", "--index", index, boneQuestion, "-k", "3").want(t, exitOK)
	lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("3 hits give %d lines", len(lines))
	}
	for i, line := range lines {
		fields := strings.Split(line, "\t")
		if len(fields) != 5 || fields[0] != fmt.Sprint(i+1) || !strings.HasPrefix(fields[2], folder) || fields[4] == "" {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if strings.Contains(r.stdout+r.stderr, "\x1b") {
		t.Error("escape sequences in a pipe")
	}
	if r := toller(t, "", "search", "--index", index, boneQuestion, "--color", "always"); !strings.Contains(r.stdout, "\x1b[1;33mbone\x1b[0m") {
		t.Errorf("--color always gives %q", r.stdout)
	}
	r = toller(t, "", "search", "--index", index, "zebra", "--mode", "lexical").want(t, exitNothing)
	if r.says(t, "nothing was found"); r.stdout != "" {
		t.Errorf("nothing is printed as %q", r.stdout)
	}
	r = toller(t, "", "search", "--index", index, boneQuestion, "-k", "1", "--explain").want(t, exitOK)
	explained := false
	for line := range strings.Lines(r.stdout) {
		if fields := strings.Split(line, "\t"); fields[0] == "" {
			explained = explained || len(fields) == 5 && fields[1] == "bone" && fields[2] == "bone"
		}
	}
	if !explained {
		t.Errorf("explained as %s", r.stdout)
	}
}

// The MaxSim of a hit is the sum of the similarities that explain it.
func TestSearchExplained(t *testing.T) {
	folder := mixed(t)
	index := indexed(t, folder)
	for _, mode := range []string{"auto", "exact", "lexical"} {
		for _, h := range searchJSON(t, index, boneQuestion, "--explain", "--mode", mode).Hits {
			var sum, shares float64
			for _, m := range h.Matches {
				sum += float64(m.Similarity)
				shares += float64(m.Share)
				for _, span := range m.Document.Spans {
					if span.Of(h.Text) != m.Document.Text {
						t.Errorf("%s: token %q has the span of %q", h.Key, m.Document.Text, span.Of(h.Text))
					}
				}
				if len(m.Document.Spans) == 0 && len(m.Document.TitleSpans) > 0 && m.Document.TitleSpans[0].Of(h.Title) != m.Document.Text {
					t.Errorf("%s: token %q has the span of %q", h.Key, m.Document.Text, m.Document.TitleSpans[0].Of(h.Title))
				}
			}
			if mode != "lexical" && math.Abs(sum-h.MaxSim) > 1e-3 || math.Abs(shares-1) > 1e-3 || h.Text == "" {
				t.Errorf("%s, %s: similarities sum to %g of %g, shares to %g of 1", mode, h.Key, sum, h.MaxSim, shares)
			}
		}
	}
	// A word that only the title of a record has.
	for _, h := range searchJSON(t, index, "wine", "--explain", "--filter", "title = 'Wine'").Hits {
		at := slices.IndexFunc(h.Matches, func(m evidence.Match) bool { return strings.TrimSpace(m.Query.Text) == "wine" })
		if at < 0 || len(h.Matches[at].Document.TitleSpans)+len(h.Matches[at].Document.Spans) == 0 {
			t.Errorf("wine is answered by %+v", h.Matches)
		}
	}
}

func TestSearchPage(t *testing.T) {
	folder := t.TempDir()
	const attack = `<script>alert("x")</script><img src=x onerror=alert(1)>`
	age(t, write(t, filepath.Join(folder, "attack.txt"), "Bone loss "+attack+" {{.Query}} \x1b[2J \u202Etfel"))
	age(t, write(t, filepath.Join(folder, "x.csv"), "title,text\n\"Bone "+strings.ReplaceAll(attack, `"`, `""`)+"\",loss of bone\n"))
	index := indexed(t, folder)
	page := filepath.Join(t.TempDir(), "found.html")
	r := toller(t, "", "search", "--index", index, "bone loss "+attack, "--html", page).want(t, exitOK)
	r.says(t, "wrote "+page)
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	html := string(text)
	for _, bad := range []string{"<script", "<img", "\x1b", "\u202E", "http:", "https:", "src=\"", "ZgotmplZ", "{{"} {
		if bad == "{{" {
			html = strings.ReplaceAll(html, "{{.Query}}", "") // of the document
		}
		if strings.Contains(html, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, part := range []string{
		"&lt;script&gt;alert(", "prefers-color-scheme: dark", `name="viewport"`, "default-src &#39;none&#39;", `title="bone: similarity 0.`, "<table>",
	} {
		if !strings.Contains(html, part) && !strings.Contains(html, strings.ReplaceAll(part, "&#39;", "'")) {
			t.Errorf("the page lacks %q", part)
		}
	}
	r = toller(t, "", "search", "--index", index, "bone", "--html", page).want(t, exitFailure)
	r.says(t, page+" exists; --force overwrites it")
	toller(t, "", "search", "--index", index, "zebra", "--filter", "title = 'none'", "--html", page, "--force").want(t, exitNothing)
	if text, _ := os.ReadFile(page); !strings.Contains(string(text), "Nothing was found.") {
		t.Error("a page about nothing doesn't say so")
	}
}

// A hit in a PDF has the page that it is on, and a filter finds it.
func TestSearchPages(t *testing.T) {
	folder := t.TempDir()
	page := func(text string) string { return strings.TrimSpace(strings.Repeat(text+"\n", 30)) }
	data := sample.PDF("", "", page("The harbour crane was oiled."), page("The lighthouse keeper sleeps."), page("The crane lifts containers."))
	age(t, write(t, filepath.Join(folder, "a.pdf"), string(data)))
	age(t, write(t, filepath.Join(folder, "b.txt"), "The crane is a bird."))
	index := indexed(t, folder, "--passage", "64", "--overlap", "0")
	for filter, want := range map[string]int{"page = 3": 3, "page = 1": 1, "page >= 3": 3, "page = 2": 2, "not has page": 0} {
		hits := searchJSON(t, index, "crane", "--filter", filter).Hits
		if len(hits) != 1 {
			t.Fatalf("%s: %+v", filter, hits)
		}
		first, last := 0, 0
		if n, _ := fmt.Sscanf(hits[0].Heading, "pages %d-%d", &first, &last); n < 2 {
			fmt.Sscanf(hits[0].Heading, "page %d", &first)
			last = first
		}
		if want < first || want > last {
			t.Errorf("%s: %s on %q", filter, hits[0].Key, hits[0].Heading)
		}
	}
}
