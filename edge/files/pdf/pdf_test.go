package pdf

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/extract/sample"
)

// reader is one for all tests, as in a program.
var reader = Reader()

func options(o extract.Options) extract.Options {
	o.Readers = []extract.Reader{reader}
	return o
}

func read(t testing.TB, data []byte, o extract.Options) (documents []extract.Document, errs []error) {
	t.Helper()
	for d, err := range extract.Extract(t.Context(), "a.pdf", bytes.NewReader(data), int64(len(data)), options(o)) {
		if err != nil {
			errs = append(errs, err)
		} else {
			documents = append(documents, d)
		}
	}
	return documents, errs
}

func one(t testing.TB, data []byte) extract.Document {
	t.Helper()
	documents, errs := read(t, data, extract.Options{})
	if len(errs) > 0 || len(documents) != 1 {
		t.Fatalf("%d documents, errors %v", len(documents), errs)
	}
	return documents[0]
}

// TestFiles reads PDFs that readers of text are known to stumble over.
func TestFiles(t *testing.T) {
	const crane = "The harbour crane lifted forty containers before dusk."
	for file, want := range map[string]string{
		"chinese_gbk.pdf":     "港口起重机在黄昏前吊起四十个集装箱",
		"japanese_unijis.pdf": "港のクレーンが夕暮れ前にコンテナを持ち上げた",
		"differences.pdf":     "office fish fine The café it’s efficient five été €",
		"standardenc.pdf":     "Here’s the “crane” office – done",
		"bold_glyph.pdf":      "Crane lifts",
		"bold_line.pdf":       "Harbour crane\n\nNext line of prose.",
		"form.pdf":            "Name: Zebedee Quillfeather\n\nPlease countersign before Friday",
		"aes256_owner.pdf":    crane,
		"rc4_40_owner.pdf":    crane,
		"rc4_v4.pdf":          crane,
		"hyphen2010.pdf":      "The harbour crane lifted containers at dusk.",
		"softhyphen.pdf":      "The harbour crane lifted containers at dusk.",
		"glyphwise_std14.pdf": "Mammoth swimming williwaw illiminability tells little.",
	} {
		data, err := os.ReadFile(filepath.Join("../../../testdata/formats/pdf", file))
		if err != nil {
			t.Fatal(err)
		}
		if d := one(t, data); d.Text != want || len(d.Missing) > 0 {
			t.Errorf("%s: got %q, want %q, missing %q", file, d.Text, want, d.Missing)
		}
	}
}

func TestLibraryFile(t *testing.T) {
	data, err := os.ReadFile("../../../testdata/library/bicycle-care.pdf")
	if err != nil {
		t.Fatal(err)
	}
	d := one(t, data)
	if d.Title != "Bicycle Care" || d.Format != "pdf" || d.Headings || d.Metadata["author"] != "The toller authors" || d.Metadata["pages"] != 2 || d.Metadata["created"] != "2024-05-01" {
		t.Errorf("%+v", d)
	}
	for _, s := range []string{
		"Bicycle Care\n\nA bicycle that is looked after lasts for decades. Most of the work needs\nno more", "wears out the sprockets, so measure", "twice a year.\n\fTyres and brakes\n\nSoft tyres",
	} {
		if !strings.Contains(d.Text, s) {
			t.Errorf("%q is not in %q", s, d.Text)
		}
	}
}

func TestPrograms(t *testing.T) {
	program := func(s string) []byte {
		return sample.PDFOf([]string{
			"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
			"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 4 0 R /F2 5 0 R >> /XObject << /X 7 0 R >> >> /Contents 6 0 R >>",
			"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
			"<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /ToUnicode 8 0 R /DescendantFonts [<< /DW 1000 /W [1 [600 600] 5 6 300] >>] >>",
			fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(s), s),
			"<< /Subtype /Form /Resources << /Font << /F1 4 0 R >> >> /Length 31 >>\nstream\nBT /F1 10 Tf 0 -50 Td (form) Tj \nendstream",
			"<< /Length 150 >>\nstream\n/CIDInit /ProcSet findresource begin begincmap\n2 beginbfchar <0001> <00410042> <0005> <FB01> endbfchar 1 beginbfrange <0002> <0004> <0063> endbfrange endcmap end" + strings.Repeat(" ", 40) + "\nendstream",
		}, "/Root 1 0 R")
	}
	for _, c := range []struct{ name, program, want string }{
		{"words put in place", "BT /F1 10 Tf 10 100 Td (one) Tj 20 0 Td (two) Tj ET", "one two"},
		{"parts of a word", "BT /F1 10 Tf 10 100 Td (on) Tj 10 0 Td (e) Tj ET", "one"},
		{"steps within an array", "BT /F1 10 Tf [(T) 70 (wo) -400 (words)] TJ ET", "Two words"},
		{"lines", "BT /F1 10 Tf 12 TL 10 100 Td (one) Tj T* (two) Tj (three) ' 0 -40 Td (four) Tj ET", "one\ntwo\nthree\n\nfour"},
		{"a word cut at the end of the line", "BT /F1 10 Tf 12 TL 10 100 Td (some-) Tj T* (thing) Tj T* (Well-) Tj T* (Known) Tj ET", "something\nWell-Known"},
		{"scaled by matrices", "q 0.1 0 0 0.1 0 0 cm BT /F1 10 Tf 10 0 0 10 100 1000 Tm (one) Tj 1 0 0 1 0 0 Tm ET Q BT /F1 10 Tf 10 88 Td (two) Tj ET", "one\ntwo"},
		{"turned", "BT /F1 10 Tf 0 1 -1 0 50 50 Tm (up) Tj ( the) Tj ( side) Tj ET", "up the side"},
		{"form", "BT /F1 10 Tf (page) Tj ET /X Do", "page\n\nform"},
		{"characters", `BT /F1 10 Tf (\374\200 \(x\)) Tj ET`, "ü€ (x)"},
		{"composite font", "BT /F2 10 Tf <0001000200030005> Tj ET", "ABcdfi"},
		{"unknown font", "BT /F9 10 Tf (text) Tj ET", "text"},
		{"no font", "BT (text) Tj ET q Q Q", ""},
		{"form in itself", "BT /F1 10 Tf (x) Tj ET", "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			documents, errs := read(t, program(c.program), extract.Options{})
			got := ""
			if len(documents) == 1 {
				got = documents[0].Text
			}
			if got != c.want || len(errs) > 0 {
				t.Errorf("got %q, want %q, errors %v", got, c.want, errs)
			}
		})
	}
}

func TestDetails(t *testing.T) {
	data := sample.PDF("Microsoft Word - Letter (final).doc", "", "text")
	if d := one(t, data); d.Title != "" {
		t.Errorf("title %q", d.Title)
	}
	newer := bytes.Replace(data, []byte("%PDF-1.4\n"), []byte("%PDF-2.0\n"), 1)
	if d := one(t, append(append([]byte("junk"), newer...), "trailing junk"...)); d.Text != "text" {
		t.Errorf("text %q", d.Text)
	}
	if documents, errs := read(t, sample.PDF("", "", "a", "b", "c"), extract.Options{MaxPages: 2}); len(errs) > 0 || len(documents) != 1 || !slices.Equal(documents[0].Missing, []string{"pages from 3 on: there are 3, the limit is 2"}) {
		t.Error(documents, errs)
	}
	if documents, errs := read(t, sample.PDF("", "", "", ""), extract.Options{}); len(errs) > 0 || len(documents) > 0 {
		t.Error("pages without text:", documents, errs)
	}
}
