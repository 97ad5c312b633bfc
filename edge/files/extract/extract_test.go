package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/toller-search/toller/edge/files/extract/sample"
)

const library = "../../../testdata/library"

// read extracts data as a file of that name. Errors of records come with the
// documents; the last error may be the file's.
func read(t testing.TB, name string, data []byte, o Options) (documents []Document, errs []error) {
	t.Helper()
	for d, err := range Extract(t.Context(), name, bytes.NewReader(data), int64(len(data)), o) {
		if err != nil {
			errs = append(errs, err)
		} else {
			documents = append(documents, d)
		}
	}
	return documents, errs
}

// one extracts a file that is one document.
func one(t testing.TB, name string, data []byte) Document {
	t.Helper()
	documents, errs := read(t, name, data, Options{})
	if len(errs) > 0 || len(documents) != 1 {
		t.Fatalf("%s: %d documents, errors %v", name, len(documents), errs)
	}
	return documents[0]
}

// same compares metadata as JSON, which is what becomes of it.
func same(t *testing.T, got map[string]any, want string) {
	t.Helper()
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatal(err)
	}
	if a == nil || len(got) == 0 {
		a = map[string]any{}
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("metadata %s, want %s", raw, want)
	}
}

func TestLibrary(t *testing.T) {
	for _, c := range []struct {
		file, format string
		headings     bool
		titles       []string
		metadata     string   // of the first document
		has          []string // in the first document
		hasNot       []string
	}{
		{
			"sourdough.md", "markdown", true, []string{"Sourdough Bread"},
			`{"author": "The toller authors", "tags": ["baking", "bread"], "year": 2024, "draft": false}`,
			[]string{"# Sourdough bread\n\nA loaf", "leave it in a warm place", "wheat flour | 450 g", "```\n# core temperature\n96 °C\n```", "See the other recipes for"},
			[]string{"**", "---", "recipes.jsonl", "title:"},
		},
		{
			"garden/tomatoes.html", "html", true, []string{"Growing tomatoes"},
			`{"lang": "en", "author": "The toller authors", "keywords": ["garden", "vegetables", "tomatoes"]}`,
			[]string{"# Growing tomatoes\n\nTomatoes want sun", "## Side shoots\n\n- Cordon tomatoes: pinch", "brings blossom end rot, brown"},
			[]string{"not this", "color", "Home"},
		},
		{"garden/compost.txt", "text", false, []string{""}, `{}`, []string{"Compost\n\nA heap needs brown and green: dry"}, nil},
		{"crepes.txt", "text", false, []string{""}, `{}`, []string{"Crêpes\n\nFor four", "Gruyère"}, nil},
		{"scripts/kitchen_timer.py", "code", false, []string{""}, `{}`, []string{"# A kitchen timer", "\n\n\ndef seconds(text):\n    \"\"\""}, nil},
		{
			"moving-house.docx", "docx", true, []string{"Moving House"}, `{"author": "The toller authors"}`,
			[]string{"# Moving House\n\nA checklist", "## Eight weeks before\n\n- Give notice", "copy.\n\n- Ask three", "### Boxes\n\nBooks go in"},
			nil,
		},
		{
			"tea.epub", "epub", true, []string{"A Short Book of Tea"}, `{"author": "The toller authors", "language": "en"}`,
			[]string{"# Where tea comes from\n\nBlack, green", "caffeine.\n\n# Making it\n\n## Water\n\nSoft water", "caffeine.\n\n# Keeping it\n\nAir"},
			nil,
		},
		{
			"recipes.jsonl", "jsonl", false, []string{"Lentil soup", "Shakshuka", "Apple crumble", "Basil pesto"}, `{"minutes": 50, "tags": ["soup", "vegan"]}`,
			[]string{"Soften an onion"}, []string{"Lentil"},
		},
		{
			"birds.csv", "csv", false, make([]string, 6), `{"name": "Blackbird", "latin": "Turdus merula", "length_cm": 25, "where": "gardens and woods", "notes": "Sings from rooftops at dusk, from February on."}`,
			[]string{"name: Blackbird\nlatin: Turdus merula\nlength_cm: 25\n", "from February on."}, nil,
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			var titles []string
			for d, err := range File(t.Context(), filepath.Join(library, c.file), Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				if d.Format != c.format || d.Headings != c.headings || (d.Part == "") != (len(c.titles) == 1) {
					t.Errorf("format %s, headings %v, part %q", d.Format, d.Headings, d.Part)
				}
				titles = append(titles, d.Title)
				if len(titles) > 1 {
					continue
				}
				for _, s := range c.has {
					if !strings.Contains(d.Text, s) {
						t.Errorf("%q is not in %q", s, d.Text)
					}
				}
				for _, s := range c.hasNot {
					if strings.Contains(d.Text, s) {
						t.Errorf("%q is in %q", s, d.Text)
					}
				}
				same(t, d.Metadata, c.metadata)
			}
			if !slices.Equal(titles, c.titles) {
				t.Errorf("titles %q, want %q", titles, c.titles)
			}
		})
	}
}

func TestLibraryIsWhole(t *testing.T) {
	var found []string
	err := fs.WalkDir(os.DirFS(library), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		".gitignore", "bicycle-care.pdf", "birds.csv", "crepes.txt", "garden/compost.txt", "garden/tomatoes.html", "moving-house.docx",
		"recipes.jsonl", "scripts/kitchen_timer.py", "sourdough.md", "tea.epub",
	}
	if !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

func TestDetect(t *testing.T) {
	pdf := sample.PDF("", "", "text")
	zip := sample.ZIP(sample.File{Name: "a.txt", Text: "text"})
	for _, c := range []struct {
		name, data string
		want       string // format, or the error
	}{
		{"a", "some text", "text"},
		{"a.unknown", "some text", "text"},
		{"A.MD", "some text", "markdown"},
		{"dir.md/a", "some text", "text"},
		{"a.go", "package a", "code"},
		{"a", "\n <!DOCTYPE HTML><p>text", "html"},
		{"a", "\uFEFF<html><p>text", "html"},
		{"a.txt", "<html><p>text", "html"},
		{"a.go", "<html>", "code"},
		{"a.php", "<html>", "code"},
		{"a.bin", string(pdf), errNoPDF.Error()},
		{"a.pdf", "junk before\n" + string(pdf), errNoPDF.Error()},
		{"a.pdf", "some text", "doesn't begin as PDF files do"},
		{"a.docx", "some text", "doesn't begin as DOCX files do"},
		{"a", string(sample.DOCX("", "", "text")), "docx"},
		{"a.zip", string(sample.EPUB("", "", "text")), "epub"},
		{"a.zip", string(zip), "is a ZIP archive: no text can be made of this kind of file"},
		{"a.txt", "text\x00text", "is a binary file: no text can be made of this kind of file"},
		{"a.md", "\x89PNG\r\n\x1a\n\x00\x00", "is a picture: no text can be made of this kind of file"},
		{"a", "\x7fELF\x02\x01\x01\x00", "is a binary file: no text can be made of this kind of file"},
		{"a.txt", `{\rtf1 text}`, "rtf"},
		{"a.jsonl", `{"text": "text"}`, "jsonl"},
		{"a.tsv", "a\tb\nc\td", "csv"},
	} {
		documents, errs := read(t, c.name, []byte(c.data), Options{})
		got := "nothing"
		if len(errs) > 0 {
			got = errs[0].Error()
			if want := "extract: " + c.name + ": " + c.want; got != want {
				t.Errorf("%s: %s, want %s", c.name, got, want)
			}
			if strings.Contains(c.want, "no text") != errors.Is(errs[0], ErrUnsupported) {
				t.Errorf("%s: %v and ErrUnsupported", c.name, errs[0])
			}
			continue
		}
		if len(documents) > 0 {
			got = documents[0].Format
		}
		if got != c.want || !slices.Contains(Formats(), got) {
			t.Errorf("%s %.20q: %s, want %s", c.name, c.data, got, c.want)
		}
	}
}

func TestEncodings(t *testing.T) {
	const text = "Grüße, “Zoë” – 100 € für 日本\nzweite Zeile\n"
	const western = "Grüße, “Zoë” – 100 €\nzweite Zeile\n"
	wide := func(s string, order func(uint16) []byte) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, order(u)...)
		}
		return string(b)
	}
	little := func(u uint16) []byte { return []byte{byte(u), byte(u >> 8)} }
	big := func(u uint16) []byte { return []byte{byte(u >> 8), byte(u)} }
	for _, c := range []struct{ name, data, want string }{
		{"utf-8", text, text},
		{"utf-8 with a mark", "\uFEFF" + text, text},
		{"utf-16 little", wide("\uFEFF"+text, little), text},
		{"utf-16 big", wide("\uFEFF"+text, big), text},
		{"utf-16 little without a mark", wide(western, little), western},
		{"utf-16 big without a mark", wide(western, big), western},
		{"utf-16 that ends within a character", wide("\uFEFF"+text, little) + "x", text + "\uFFFD"},
		{"windows-1252", "Gr\xfc\xdfe, \x93Zo\xeb\x94 \x96 100 \x80\nzweite Zeile\n", western},
		{"utf-8 with an error", "Grüße, Grüße\xff Grüße", "Grüße, Grüße\uFFFD Grüße"},
		{"line ends", "a\r\nb\rc\n", "a\nb\nc\n"},
		{"nul late", strings.Repeat("text ", 2000) + "\x00", strings.Repeat("text ", 2000) + "\uFFFD"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := one(t, "a.txt", []byte(c.data)).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	page := `<html><head><meta charset="iso-8859-2"></head><p>` + "\xb3\xf3d\xbc" // łódź
	if got := one(t, "a.html", []byte(page)).Text; got != "łódź" {
		t.Errorf("got %q", got)
	}
}

func TestHTML(t *testing.T) {
	for _, c := range []struct{ name, html, want string }{
		{"paragraphs", "<p>a\n b<p>c<br>d<div>e</div>f", "a b\n\nc\nd\n\ne\n\nf"},
		{"headings", "<h1>A <b>b</b><br>c</h1>d<h3>E</h3><h2></h2>f", "# A b c\n\nd\n\n### E\n\nf"},
		{"a heading that isn't closed", "<h2>A<p>b<h3>C</h3>d", "## A b\n\n### C\n\nd"},
		{"inline", "a<b>b</b>c <i> d</i>e&amp;&lt;&nbsp;f", "abc de&< f"},
		{"lists", "<ul><li>a<li><p>b</p></li></ul><ol><li>c<ul><li>d</ul></ol>e", "- a\n\n- b\n\n- c\n\n- d\n\ne"},
		{"tables", "<table><tr><th>a<th>b<tr><td> c </td> <td></td><td>d</td></table>e", "a | b\nc | d\n\ne"},
		{"code", "a<pre>x\n  <b># y</b>\n</pre>b", "a\n\n```\nx\n  # y\n```\n\nb"},
		{"code with a fence", "<pre>```</pre>", "````\n```\n````"},
		{"code that isn't closed", "<pre>x", "```\nx\n```"},
		{"noise", "a<script>b</script><style>c</style><nav>d<nav>e</nav>f</nav><noscript>g</noscript><svg><title>h</title></svg><button>i</button>j", "aj"},
		{"a script that isn't closed", "a<script>b", "a"},
		{"navigation that isn't closed", "<nav>a<p>b", "a\n\nb"},
		{"image", `a<img alt="picture of b">c`, "a picture of b c"},
		{"comment", "a<!-- b -->c", "ac"},
		{"stray ends", "</p></div></nav></table>a</h1>b", "a\n\nb"},
		{"definitions", "<dl><dt>a<dd>b</dl>", "a\nb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := one(t, "a.html", []byte(c.html)).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if d := one(t, "a.html", []byte("<h2>x</h2><h1>First</h1><h1>Second</h1>")); d.Title != "First" {
		t.Errorf("title %q", d.Title)
	}
}

func TestMarkdown(t *testing.T) {
	for _, c := range []struct{ name, markdown, want string }{
		{"headings", "Title\n=====\n\na\n\n## B ##\nc", "# Title\n\na\n\n## B\n\nc"},
		{"links and emphasis", "a **b** _c_ [d](http://e) ![f](g) <http://h> `i*j*` ~~k~~", "a b c d f http://h i*j* k"},
		{"references", "a [b][c]\n\n[c]: http://d", "a b"},
		{"escapes", `1\. a \* b &amp; c`, "1. a * b & c"},
		{"lists", "- a\n- b\n\n1. c\n   d", "- a\n- b\n\n- c d"},
		{"quote", "> a\n> b\n\nc", "a b\n\nc"},
		{"code", "```go\n# a\n```\n\n    b\n", "```\n# a\n```\n\n```\nb\n```"},
		{"table", "|a|b|\n|-|-|\n|c|d|", "a | b\nc | d"},
		{"html", "a <b>b</b>\n\n<div>c</div>\n<script>d</script>", "a b\n\nc"},
		{"rule, not front matter", "a\n\n---\n\nb", "a\n\nb"},
		{"front matter that isn't closed", "---\na: b\n", "a: b"},
		{"nested too deep to be read", "a\n\n" + strings.Repeat("> ", 100) + "b", "a\n\n" + strings.Repeat("> ", 100) + "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := one(t, "a.md", []byte(c.markdown)).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	d := one(t, "a.md", []byte("# One\n\n# Two"))
	if d.Title != "One" {
		t.Errorf("title %q", d.Title)
	}
}

// TestLongMarkdown has a text that is read in parts: nothing is lost where they
// meet, and code that is longer than a part stays code.
func TestLongMarkdown(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "## Part %d\n\nSome *words* of part %d.\n\n", i, i)
		if i%1000 == 999 {
			b.WriteString("```\n" + strings.Repeat("# code\n\n", 20000) + "```\n\n")
		}
	}
	d := one(t, "a.md", []byte(b.String()))
	rest := d.Text
	for i := range 5000 {
		_, after, found := strings.Cut(rest, fmt.Sprintf("## Part %d\n\nSome words of part %d.", i, i))
		if !found {
			t.Fatalf("part %d is missing", i)
		}
		rest = after
	}
	if n := strings.Count(d.Text, "# code"); n != 100_000 {
		t.Errorf("%d lines of code", n)
	}
}

func TestFrontMatter(t *testing.T) {
	const text = `---
title: "A: b"
date: 2024-05-01
draft: true
rating: 4.5
zip: 01234
empty:
tags:
  - one
  - 'two'
list: [a, 1, "c d"]
folded: >
  text
nested:
  deep: 1
# comment
no colon
---
# Body`
	d := one(t, "a.md", []byte(text))
	if d.Title != "A: b" || d.Text != "# Body" {
		t.Errorf("title %q, text %q", d.Title, d.Text)
	}
	same(t, d.Metadata, `{"date": "2024-05-01", "draft": true, "rating": 4.5, "zip": "01234", "tags": ["one", "two"], "list": ["a", 1, "c d"]}`)
}

func TestDOCX(t *testing.T) {
	const word = `<w:document xmlns:w="w" xmlns:mc="mc"><w:body>`
	styles := `<w:styles xmlns:w="w"><w:style w:styleId="T"><w:name w:val="Title"/></w:style><w:style w:styleId="U"><w:name w:val="Überschrift 2"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>` +
		`<w:style w:styleId="V"><w:name w:val="My own"/><w:basedOn w:val="U"/></w:style><w:style w:styleId="L1"><w:basedOn w:val="L2"/></w:style><w:style w:styleId="L2"><w:basedOn w:val="L1"/></w:style></w:styles>`
	for _, c := range []struct{ name, body, want string }{
		{"runs", `<w:p><w:r><w:t>a</w:t></w:r><w:r><w:t xml:space="preserve">b </w:t><w:tab/><w:t>c</w:t><w:br/><w:t>d</w:t></w:r></w:p><w:p><w:r><w:t>e</w:t></w:r></w:p>`, "ab c\nd\n\ne"},
		{"title style", `<w:p><w:pPr><w:pStyle w:val="T"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>`, "# a"},
		{"style with a level", `<w:p><w:pPr><w:pStyle w:val="U"/></w:pPr><w:r><w:t>a</w:t><w:br/><w:t>b</w:t></w:r></w:p>`, "## a b"},
		{"style based on another", `<w:p><w:pPr><w:pStyle w:val="V"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>`, "## a"},
		{"styles based on each other", `<w:p><w:pPr><w:pStyle w:val="L1"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>`, "a"},
		{"level of a paragraph", `<w:p><w:pPr><w:outlineLvl w:val="2"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>`, "### a"},
		{"list", `<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>`, "- a"},
		{"table", `<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>c</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:p><w:r><w:t>d</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p><w:r><w:t>e</w:t></w:r></w:p>`, "a b | c\nd\n\ne"},
		{"deleted and fields", `<w:p><w:del><w:r><w:delText>a</w:delText></w:r></w:del><w:r><w:instrText>PAGE</w:instrText><w:t>b</w:t></w:r></w:p>`, "b"},
		{"said twice", `<w:p><mc:AlternateContent><mc:Choice><w:t>a</w:t></mc:Choice><mc:Fallback><w:t>b</w:t><x><w:t>c</w:t></x></mc:Fallback></mc:AlternateContent><w:r><w:t>d</w:t></w:r></w:p>`, "ad"},
		{"entities", `<w:p><w:r><w:t>a &amp; &lt;b&gt; &#233; &unknown;</w:t></w:r></w:p>`, "a & <b> é &unknown;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := sample.ZIP(sample.File{Name: "word/styles.xml", Text: styles}, sample.File{Name: "word/document.xml", Text: word + c.body + "</w:body></w:document>"})
			if got := one(t, "a.docx", data).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	data := sample.ZIP(
		sample.File{Name: "_rels/.rels", Text: `<Relationships><Relationship Type="http://x/officeDocument" Target="/word/document2.xml"/></Relationships>`},
		sample.File{Name: "word/document2.xml", Text: word + `<w:p><w:r><w:t>body</w:t></w:r></w:p></w:body></w:document>`},
		sample.File{Name: "word/footnotes.xml", Text: `<w:footnotes xmlns:w="w"><w:footnote><w:p><w:r><w:t>note</w:t></w:r></w:p></w:footnote></w:footnotes>`},
	)
	if got := one(t, "a.docx", data).Text; got != "body\n\nnote" {
		t.Errorf("got %q", got)
	}
	if _, errs := read(t, "a.docx", sample.ZIP(sample.File{Name: "x"}), Options{}); len(errs) != 1 || !strings.Contains(errs[0].Error(), `entry "word/document.xml" is missing`) {
		t.Error(errs)
	}
}

func TestEPUB(t *testing.T) {
	files := []sample.File{
		{Name: "META-INF/container.xml", Text: `<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>`},
		{Name: "book.opf", Text: `<package><metadata xmlns:dc="dc"><dc:title>T</dc:title><dc:creator>A</dc:creator><dc:creator>B</dc:creator></metadata><manifest>` +
			`<item id="x" href="a%20b.xhtml" media-type="application/xhtml+xml"/><item id="y" href="./c.html" media-type="text/html"/>` +
			`<item id="css" href="c.css" media-type="text/css"/><item id="gone" href="gone.xhtml" media-type="application/xhtml+xml"/></manifest>` +
			`<spine><itemref idref="y"/><itemref idref="css"/><itemref idref="x"/><itemref idref="y"/><itemref idref="none"/><itemref idref="gone"/></spine></package>`},
		{Name: "a b.xhtml", Text: "<p>second</p>"},
		{Name: "c.html", Text: "<h1>first</h1>"},
		{Name: "c.css", Text: "p {}"},
	}
	d := one(t, "a.epub", sample.ZIP(files...))
	if d.Title != "T" || d.Text != "# first\n\nsecond" {
		t.Errorf("title %q, text %q", d.Title, d.Text)
	}
	same(t, d.Metadata, `{"author": "A, B"}`)
	if _, errs := read(t, "a.epub", sample.ZIP(files[1:]...), Options{}); len(errs) != 1 {
		t.Error(errs)
	}
	if _, errs := read(t, "a.epub", sample.ZIP(files[:2]...), Options{}); len(errs) != 1 || !strings.Contains(errs[0].Error(), "none of its 3 chapters is there") {
		t.Error(errs)
	}
}

func TestJSONL(t *testing.T) {
	const data = "\uFEFF" + `{"_id": "a", "title": "T", "text": "one", "n": 12345678901234567890, "o": {"p": [1]}}
{"id": 7, "text": "two"}

{"text": "three"}
{"_id": "a", "text": "four"}
{"text": ""}
{"text": 5}
{"title": "x"}
[1]
{"text": "x"} {"text": "y"}
{"text": "unfinished
{"_id": null, "text": "last", "title": null}`
	documents, errs := read(t, "a.jsonl", []byte(data), Options{})
	var got []string
	for _, d := range documents {
		got = append(got, d.Part+"|"+d.Title+"|"+d.Text)
	}
	if want := []string{"a|T|one", "7||two", "line 4||three", "line 5||four", "line 12||last"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	same(t, documents[0].Metadata, `{"n": 12345678901234567890, "o": {"p": [1]}}`)
	var said []string
	for _, err := range errs {
		said = append(said, strings.TrimPrefix(err.Error(), "extract: a.jsonl: "))
	}
	want := []string{
		`line 6: has no text`,
		`line 7: field "text" is a number, expected a string`,
		`line 8: has no field "text"`,
		`line 9: is no JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}`,
		`line 10: has more than one JSON value`,
		`line 11: is no JSON object: unexpected EOF`,
	}
	if !slices.Equal(said, want) {
		t.Errorf("errors %q\nwant   %q", said, want)
	}
	if documents, _ := read(t, "a.jsonl", []byte(`{"body": "x", "text": "y"}`), Options{TextField: "body"}); len(documents) != 1 || documents[0].Text != "x" {
		t.Error(documents)
	}
}

func TestErrorsOfRecordsNameTheirPart(t *testing.T) {
	n := 0
	for d, err := range Extract(t.Context(), "a.jsonl", strings.NewReader("x\ny\n{\"text\":\"z\"}"), 16, Options{}) {
		n++
		if want := []string{"line 1", "line 2"}; err != nil && d.Part != want[n-1] {
			t.Errorf("part %q, error %v", d.Part, err)
		}
	}
	if n != 3 {
		t.Errorf("%d results", n)
	}
}

func TestCSV(t *testing.T) {
	documents, errs := read(t, "a.csv", []byte("Title;Text;n;zip;;mixed\nA;\"x; \"\"y\"\"\nz\";1;01;q;3\nB;u;2.5e3;2;;b\n;;;;;\nC;v;;;;;;extra\n"), Options{})
	if len(errs) > 0 || len(documents) != 3 {
		t.Fatalf("%d documents, errors %v", len(documents), errs)
	}
	if d := documents[0]; d.Title != "A" || d.Text != "x; \"y\"\nz" || d.Part != "row 2" {
		t.Errorf("%+v", d)
	}
	same(t, documents[0].Metadata, `{"n": 1, "zip": "01", "column 5": "q", "mixed": "3"}`)
	same(t, documents[1].Metadata, `{"n": 2.5e3, "zip": "2", "mixed": "b"}`)
	if d := documents[2]; d.Part != "row 5" {
		t.Errorf("%+v", d)
	}
	same(t, documents[2].Metadata, `{"column 8": "extra"}`)
}

func TestLimits(t *testing.T) {
	for name, data := range map[string][]byte{
		"a.txt": []byte(strings.Repeat("text ", 100)), "a.md": []byte(strings.Repeat("text ", 100)), "a.html": []byte(strings.Repeat("text ", 100)),
		"a.docx": sample.DOCX("", "", strings.Repeat("text ", 100)), "a.epub": sample.EPUB("", "", strings.Repeat("text ", 100)),
		"a.csv": []byte("a\n" + strings.Repeat("text ", 100)), "a.jsonl": []byte(`{"text": "` + strings.Repeat("text ", 100) + `"}`),
	} {
		documents, errs := read(t, name, data, Options{MaxText: 300})
		if len(documents) > 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "300") {
			t.Errorf("%s: %d documents, %v", name, len(documents), errs)
		}
		documents, errs = read(t, name, data, Options{MaxFile: 99})
		if len(documents) > 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "the limit is 99") {
			t.Errorf("%s: %d documents, %v", name, len(documents), errs)
		}
	}
}

func TestContext(t *testing.T) {
	for _, name := range []string{"recipes.jsonl", "sourdough.md", "tea.epub", "birds.csv", "moving-house.docx"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var errs []error
		for _, err := range File(ctx, filepath.Join(library, name), Options{}) {
			errs = append(errs, err)
		}
		if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
			t.Errorf("%s: %v", name, errs)
		}
		_, errs = read(t, name, must(os.ReadFile(filepath.Join(library, name))), Options{Time: 1})
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "took longer than 1ns") {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestStop(t *testing.T) {
	for range File(t.Context(), filepath.Join(library, "recipes.jsonl"), Options{}) {
		break
	}
	for range Extract(t.Context(), "a.jsonl", strings.NewReader("x\ny"), 3, Options{}) {
		break
	}
}

func TestFileErrors(t *testing.T) {
	for path, want := range map[string]error{filepath.Join(library, "none"): fs.ErrNotExist, library: nil} {
		for _, err := range File(t.Context(), path, Options{}) {
			if err == nil || want != nil && !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "extract: ") || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	// A file that shrinks while it is read.
	for _, err := range Extract(t.Context(), "a.txt", strings.NewReader("short"), 50, Options{}) {
		if err == nil || !strings.Contains(err.Error(), "EOF") {
			t.Error(err)
		}
	}
	if documents, errs := read(t, "a.txt", nil, Options{}); len(documents)+len(errs) > 0 {
		t.Error("an empty file:", documents, errs)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
