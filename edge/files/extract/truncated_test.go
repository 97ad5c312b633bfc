package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/files/extract/sample"
)

// TestTruncated cuts a file of each format at 200 places. What is left is read or
// refused in bounded time, and a file whose text has gone altogether is never passed
// over in silence.
func TestTruncated(t *testing.T) {
	files := []string{"../../../testdata/library/moving-house.docx", "../../../testdata/library/tea.epub", "../../../testdata/library/garden/tomatoes.html",
		"../../../testdata/library/sourdough.md", "../../../testdata/library/birds.csv", "../../../testdata/library/recipes.jsonl", filepath.Join(samples, "notebook/tides.ipynb")}
	contents := map[string][]byte{"a.rtf": []byte(`{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\info{\title t}}` + strings.Repeat(`{\b bold} text \u252 ?\'e9\par `, 20) + "}"),
		"a.md.gz": packGZIP("# Title\n\n" + strings.Repeat("some text ", 50)), "a.srt": []byte(strings.Repeat("1\n00:00:01,000 --> 00:00:02,000\nsaid\n\n", 20)), "a.odt": odt, "a.pptx": pptx, "a.xlsx": xlsx}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		contents[filepath.Base(file)] = data
	}
	for name, data := range contents {
		t.Run(name, func(t *testing.T) {
			whole, errs := read(t, name, data, Options{})
			if len(whole) == 0 || len(errs) > 0 {
				t.Fatalf("%d documents, %v", len(whole), errs)
			}
			packed := strings.HasPrefix(string(data), "PK") || strings.HasPrefix(string(data), "\x1f\x8b")
			places := fewer(200)
			for i := range places {
				cut := data[:1+i*(len(data)-1)/places]
				start := worked()
				documents, errs := read(t, name, cut, Options{Time: patience})
				if took := worked() - start; took > slowdown()*2*time.Second {
					t.Errorf("%d bytes took %v", len(cut), took)
				}
				if packed && len(documents)+len(errs) == 0 {
					t.Errorf("%d bytes of %d: neither text nor a word", len(cut), len(data))
				}
			}
		})
	}
}

// TestHostileFormats has files that ask for more memory, depth or time than there is.
func TestHostileFormats(t *testing.T) {
	zeros := strings.Repeat("0", fewer(20<<20))
	book := []sample.File{{Name: "xl/workbook.xml", Text: `<workbook xmlns:r="r"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>`}, {Name: "xl/_rels/workbook.xml.rels", Text: fill("sheet", "xl")}}
	refused(t, "a.xlsx", sample.ZIP(append(book, sample.File{Name: "xl/sharedStrings.xml", Text: "<sst><si><t>" + zeros + "</t></si></sst>"})...), "more than 200 times its size")
	refused(t, "a.xlsx", sample.ZIP(append(book, sample.File{Name: "xl/sheets/sheet1.xml", Text: "<sheetData>" + strings.Repeat("<row>", fewer(1<<20))})...), "nested more than 1000 deep")
	refused(t, "a.odt", sample.ZIP(sample.File{Name: "content.xml", Text: "<body>" + strings.Repeat("<p>", fewer(1<<20))}), "nested more than 1000 deep")
	refused(t, "a.pptx", sample.ZIP(sample.File{Name: "ppt/presentation.xml", Text: strings.Repeat("<sldId>", 2000)}), "nested more than 1000 deep")
	refused(t, "a.rtf", []byte(`{\rtf1`+strings.Repeat("{", fewer(1<<20))), "nested more than 1000 deep")
	refused(t, "a.ipynb", []byte(`{"cells":`+strings.Repeat("[", fewer(1<<20))), "is no notebook")
	refused(t, "a.csv", []byte("a,b\n"+strings.Repeat(`x,"y`+"\n", 1000)+"x"), "quotes that are never closed")
	bounded(t, "a.rtf", []byte(`{\rtf1`+strings.Repeat(`\u55357?\'e9\b `, fewer(200_000))), Options{})
	bounded(t, "a.vtt", []byte(strings.Repeat("<", fewer(1<<20))+strings.Repeat("{\\", fewer(1<<20))), Options{})
	bounded(t, "a.md", []byte(strings.Repeat("<nav><T>", fewer(20_000))), Options{})
	bounded(t, "a.html", []byte(strings.Repeat("<div hidden><p hidden>", fewer(100_000))), Options{})
	bounded(t, "a.xhtml", []byte(strings.Repeat("<a ", fewer(300_000))+strings.Repeat("<b/>", fewer(100_000))), Options{})
}
