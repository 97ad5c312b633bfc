package extract

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files/extract/sample"
)

// TestFormatFiles reads files that readers of text are known to stumble over.
func TestFormatFiles(t *testing.T) {
	for file, c := range map[string]struct {
		documents int
		has       string // in the first
		hasNot    string
		missing   string // of the first, its beginning
	}{
		"csv/maccr.csv":        {documents: 2, has: "The crane was oiled."},
		"csv/quoteheader.csv":  {documents: 2, has: "Name, full: Meier, Otto\nBetrag: 1.234,50"},
		"csv/unclosed.csv":     {documents: 3, has: "The crane was oiled.", hasNot: "Pump", missing: "a quote in line 2"},
		"docx/moved.docx":      {documents: 1, has: "Opening clause.\n\nMiddle clause.\n\nThe tenant repairs the gangway."},
		"docx/table.docx":      {documents: 1, has: "Port | Draft\nKiel | 9 m\n\ninner a | inner b"},
		"epub/case.epub":       {documents: 1, has: "about cranes."},
		"epub/frag.epub":       {documents: 1, has: "about cranes."},
		"epub/oeb.epub":        {documents: 1, has: "about cranes."},
		"epub/selftitle.epub":  {documents: 1, has: "# The tide\n\nThe lighthouse keeper repaired the foghorn"},
		"markdown/button.md":   {documents: 1, has: "Use a <button> element for choosing a colour.\n\nThe warranty"},
		"markdown/script.md":   {documents: 1, has: "Use a <script> element for choosing a colour.\n\nThe warranty"},
		"markdown/select.md":   {documents: 1, has: "Use a <select> element for choosing a colour.\n\nThe warranty"},
		"markdown/title.md":    {documents: 1, has: "Use a <title> element for choosing a colour.\n\nThe warranty"},
		"notebook/tides.ipynb": {documents: 1, has: "# Tide model\n\nWe fit the harmonic constants of the \"Kiel\" gauge.", hasNot: "iVBOR"},
	} {
		data, err := os.ReadFile(filepath.Join(samples, file))
		if err != nil {
			t.Fatal(err)
		}
		documents, errs := read(t, file, data, Options{})
		if len(errs) > 0 || len(documents) != c.documents {
			t.Errorf("%s: %d documents, errors %v", file, len(documents), errs)
			continue
		}
		d := documents[0]
		if !strings.Contains(d.Text, c.has) || c.hasNot != "" && strings.Contains(d.Text, c.hasNot) {
			t.Errorf("%s: %q", file, d.Text)
		}
		if len(d.Missing) > 0 != (c.missing != "") || c.missing != "" && !strings.HasPrefix(d.Missing[0], c.missing) {
			t.Errorf("%s: missing %q", file, d.Missing)
		}
	}
	for file, want := range map[string]string{
		"epub/drm.epub":   "is a book whose chapters are encrypted (DRM)",
		"code/app.min.js": "has no text: line 1: is generated code, of 57445 bytes",
	} {
		data, err := os.ReadFile(filepath.Join(samples, file))
		if err != nil {
			t.Fatal(err)
		}
		documents, errs := read(t, file, data, Options{})
		if len(documents) > 0 || len(errs) != 1 || !strings.HasSuffix(errs[0].Error(), want) {
			t.Errorf("%s: %d documents, %v, want %s", file, len(documents), errs, want)
		}
	}
}

func TestRTF(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{`{\rtf1\ansi plain {\b bold} text\par next}`, "plain bold text\nnext"},
		{`{\rtf1\ansi\ansicpg1251 \'cd\'e0\'f1\'ee\'f1}`, "Насос"},
		{`{\rtf1{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset128 Mincho;}}\f1 \'83\'4e\'83\'8c\f0 \'e9}`, "クレé"},
		{`{\rtf1 \uc1 gr\u252 ?n \u-10179?\u-8704?}`, "grün 😀"},
		{`{\rtf1 {\*\generator x;}{\pict 0123}a{\v hidden}b}`, "ab"},
		{`{\rtf1 \trowd one\cell two\cell\row three\cell\row}`, "one | two\nthree"},
		{`{\rtf1 a\{b\}\\c\~d\emdash e}`, `a{b}\c d—e`},
		{`{\rtf1 {\field{\*\fldinst HYPERLINK "x"}{\fldrslt shown}}}`, "shown"},
		{`{\rtf1 note{\footnote below}.}`, "note below."},
	} {
		if d := one(t, "a.rtf", []byte(c.data)); d.Text != c.want {
			t.Errorf("%s: got %q, want %q", c.data, d.Text, c.want)
		}
	}
	d := one(t, "a", []byte(`{\rtf1{\info{\title A title}{\author Ada}}text`))
	if d.Title != "A title" || d.Metadata["author"] != "Ada" || len(d.Missing) != 1 {
		t.Errorf("%+v", d)
	}
}

func TestSubtitles(t *testing.T) {
	const want = "The crane was oiled.\nIt lifts again."
	for _, data := range []string{
		"1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}The <i>crane</i> was oiled.\r\n\r\n2\r\n00:00:02,000 --> 00:00:03,000\r\nThe crane was oiled.\r\nIt lifts again.\r\n",
		"WEBVTT - title\n\nSTYLE\n::cue {}\n\nNOTE x\n\nname\n00:01.000 --> 00:02.000 line:0\n<v Ada>The crane was oiled.\n\n00:02.000 --> 00:03.000\nIt lifts again.\n",
	} {
		if d := one(t, "a.vtt", []byte(data)); d.Text != want {
			t.Errorf("got %q", d.Text)
		}
	}
}

func packGZIP(data string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write([]byte(data)) // writing to memory can't fail
	w.Close()
	return out.Bytes()
}

func TestGZIP(t *testing.T) {
	if d := one(t, "a.md.gz", packGZIP("# Title\n\n*text*")); d.Text != "# Title\n\ntext" || d.Format != "markdown" || d.Title != "Title" {
		t.Errorf("%+v", d)
	}
	documents, errs := read(t, "a.jsonl.gz", packGZIP(`{"text":"a"}`+"\n"+`{"text":1}`+"\n"+`{"text":"b"}`), Options{})
	if len(documents) != 2 || len(errs) != 1 || documents[1].Part != "line 3" {
		t.Error(documents, errs)
	}
	data := packGZIP("x")
	for range 6 {
		data = packGZIP(string(data))
	}
	if _, errs := read(t, "a.gz", data, Options{}); len(errs) != 1 || !strings.Contains(errs[0].Error(), "nested more than 4") {
		t.Error(errs)
	}
	if _, errs := read(t, "a.gz", packGZIP(strings.Repeat("0", 20<<20)), Options{}); len(errs) != 1 || !strings.Contains(errs[0].Error(), "more than 200 times") {
		t.Error(errs)
	}
	if _, errs := read(t, "a.gz", packGZIP("text")[:20], Options{}); len(errs) != 1 {
		t.Error(errs)
	}
}

func TestHidden(t *testing.T) {
	for page, want := range map[string]string{
		"<p>a<p hidden>b</p>c":                      "a\n\nb\n\nc", // an end is missing
		"<div hidden>a<div>b</div></div>c":          "c",
		`<span style="Display: NONE">a</span>b`:     "b",
		"<dialog>a</dialog><dialog open>b</dialog>": "b",
		"<details><summary>a</summary>b</details>":  "a\nb",
	} {
		if d := one(t, "a.html", []byte(page)); d.Text != want {
			t.Errorf("%s: got %q, want %q", page, d.Text, want)
		}
	}
}

func TestAngleWords(t *testing.T) {
	d := one(t, "a.md", []byte("A vector<T> of <thing>s.\n\n<b>bold</b> <https://example.org> <nav>menu</nav>"))
	if want := "A vector<T> of <thing>s.\n\nbold https://example.org"; d.Text != want {
		t.Errorf("got %q, want %q", d.Text, want)
	}
}

// Documents of office programs, the smallest that have a bit of everything.
var (
	odt = sample.ZIP(sample.File{Name: "mimetype", Text: "application/vnd.oasis.opendocument.text", Stored: true}, sample.File{Name: "content.xml", Text: `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b"><office:automatic-styles><x>no</x></office:automatic-styles><office:body><office:text>` +
		`<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:h text:outline-level="2">Head</text:h><text:p>one<text:s/>two<text:tab/>three<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>note</text:p></text:note-body></text:note>.</text:p>` +
		`<text:list><text:list-item><text:p>item</text:p></text:list-item></text:list><table:table table:name="T"><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>` +
		`</office:text></office:body></office:document-content>`})
	pptx = sample.ZIP(
		sample.File{Name: "ppt/presentation.xml", Text: `<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst><p:sldId id="1" r:id="r2"/><p:sldId id="2" r:id="r1"/></p:sldIdLst></p:presentation>`},
		sample.File{Name: "ppt/_rels/presentation.xml.rels", Text: fill("slide", "ppt")},
		sample.File{Name: "ppt/slides/slide1.xml", Text: `<p:sld><p:sp><a:p><a:r><a:t>second</a:t></a:r></a:p></p:sp></p:sld>`},
		sample.File{Name: "ppt/slides/slide2.xml", Text: `<p:sld><p:sp><p:nvPr><p:ph type="title"/></p:nvPr><a:p><a:r><a:t>First</a:t></a:r></a:p></p:sp><p:sp><a:p><a:r><a:t>one</a:t></a:r></a:p><a:p><a:t>two</a:t></a:p></p:sp></p:sld>`},
	)
	xlsx = sample.ZIP(
		sample.File{Name: "xl/workbook.xml", Text: `<workbook xmlns:r="r"><sheets><sheet name="Costs" r:id="r1"/><sheet name="Empty" r:id="r2"/></sheets></workbook>`},
		sample.File{Name: "xl/_rels/workbook.xml.rels", Text: fill("sheet", "xl")},
		sample.File{Name: "xl/sharedStrings.xml", Text: `<sst><si><t>crane</t></si><si><r><t>steel </t></r><r><t>rope</t></r><rPh><t>x</t></rPh></si></sst>`},
		sample.File{Name: "xl/styles.xml", Text: `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy\-mm"/><numFmt numFmtId="171" formatCode="0&quot; days&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/></cellXfs></styleSheet>`},
		sample.File{Name: "xl/sheets/sheet1.xml", Text: `<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c><v>0.30000000000000004</v></c><c s="1"><v>46354</v></c><c s="2"><v>46354.5</v></c><c s="3"><v>7</v></c></row><row><c t="inlineStr"><is><t>in line</t></is></c><c t="b"><v>1</v></c><c t="str"><f>A1</f><v>made</v></c></row></sheetData></worksheet>`},
		sample.File{Name: "xl/sheets/sheet2.xml", Text: `<worksheet/>`},
	)
)

// fill returns the relationships of a document's main part.
func fill(kind, folder string) string {
	const links = `<Relationships><Relationship Id="r1" Type="x/%[1]s" Target="%[1]ss/%[1]s1.xml"/><Relationship Id="r2" Type="x/%[1]s" Target="/%[2]s/%[1]ss/%[1]s2.xml"/></Relationships>`
	return strings.NewReplacer("%[1]s", kind, "%[2]s", folder).Replace(links)
}

func TestOffice(t *testing.T) {
	d := one(t, "a.odt", odt)
	if want := "## Head\n\none two three note .\n- item\n\na | b"; d.Text != want || d.Format != "odf" {
		t.Errorf("got %q, want %q", d.Text, want)
	}
	if _, errs := read(t, "a.odt", sample.ZIP(sample.File{Name: "META-INF/manifest.xml", Text: "<m><encryption-data/></m>"}, sample.File{Name: "content.xml", Text: "?"}), Options{}); len(errs) != 1 || !strings.Contains(errs[0].Error(), "is encrypted with a password") {
		t.Error(errs)
	}

	d = one(t, "a.pptx", pptx)
	if want := "## First\n\none\ntwo\n\nsecond"; d.Text != want || d.Format != "pptx" {
		t.Errorf("got %q, want %q", d.Text, want)
	}

	d = one(t, "a.xlsx", xlsx)
	if want := "## Costs\n\ncrane | steel rope\n0.3 | 2026-11-28 | 2026-11-28 12:00:00 | 7\nin line | TRUE | made\n\n## Empty"; d.Text != want {
		t.Errorf("got %q, want %q", d.Text, want)
	}
}
