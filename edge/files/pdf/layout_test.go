package pdf

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/extract/sample"
)

// pages makes a document whose pages have these programs and the fonts /F1 and /M1,
// Helvetica and Courier, and the picture /P.
func pages(programs ...string) []byte {
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>", "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
		"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\nstream\nx\nendstream"}
	kids := ""
	for _, p := range programs {
		kids += fmt.Sprintf("%d 0 R ", len(objects)+1)
		objects = append(objects, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R /M1 4 0 R >> /XObject << /P 5 0 R >> >> /Contents %d 0 R >>", len(objects)+2),
			fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(p), p))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(programs), kids)
	return sample.PDFOf(objects, "/Root 1 0 R")
}

// at shows a text at a place.
func at(x, y float64, text string) string {
	return fmt.Sprintf("BT /F1 10 Tf %g %g Td (%s) Tj ET\n", x, y, text)
}

var left = []string{"The harbour crane lifts the", "containers from the deck of", "the ship before it is dark,", "and puts them on the quay", "where the lorries wait for", "them with engines running."}
var right = []string{"A lighthouse keeper climbs", "the stairs each evening to", "see to the lamp, which has", "burned for a hundred years", "without a single night of", "darkness on this coast."}

func TestColumns(t *testing.T) {
	heading := at(72, 700, "A heading over the width of the page, above both columns of text, to the right edge")
	woven, straight := heading, heading
	for i := range left {
		woven += at(72, 680-float64(12*i), left[i]) + at(330, 680-float64(12*i), right[i])
		straight += at(72, 680-float64(12*i), left[i])
	}
	for i := range right {
		straight += at(330, 680-float64(12*i), right[i])
	}
	for name, program := range map[string]string{"across the page": woven, "one after the other": straight} {
		text := strings.Join(strings.Fields(one(t, pages(program)).Text), " ")
		want := "to the right edge " + strings.Join(left, " ") + " " + strings.Join(right, " ")
		if !strings.HasSuffix(text, want) {
			t.Errorf("%s: got %q", name, text)
		}
	}
	// A table stays row by row.
	table := ""
	for i, row := range []string{"Kiel", "Genoa", "Oslo", "Riga", "Split", "Cork", "Turku"} {
		table += at(72, 680-float64(12*i), row) + at(330, 680-float64(12*i), fmt.Sprint(i, " metres"))
	}
	if text := one(t, pages(table)).Text; !strings.Contains(text, "Kiel 0 metres") {
		t.Errorf("got %q", text)
	}
}

func TestSpacedLetters(t *testing.T) {
	x, program := 72.0, ""
	for _, word := range []string{"HARBOUR", "CRANE"} {
		for _, letter := range word {
			program += at(x, 700, string(letter))
			x += 16
		}
		x += 18
	}
	program += at(72, 680, "I a m no heading but text.")
	if text := one(t, pages(program)).Text; !strings.HasPrefix(text, "HARBOUR CRANE\n") {
		t.Errorf("got %q", text)
	}
}

// TestNarrowSpaces has words set apart by less than PDFium takes for a space.
func TestNarrowSpaces(t *testing.T) {
	const program = "BT /F1 10 Tf 72 700 Td [(The crane was oiled.) -110 (Then it was) -130 (still.) -120 (Nobody) -120 (saw it.)] TJ ET"
	if text := one(t, pages(program)).Text; text != "The crane was oiled. Then it was still. Nobody saw it." {
		t.Errorf("got %q", text)
	}
}

func TestScans(t *testing.T) {
	const picture = "q 500 0 0 700 50 50 cm /P Do Q"
	documents, errs := read(t, pages(picture, at(72, 700, "some text"), "", picture, picture), extract.Options{})
	if len(errs) > 0 || len(documents) != 1 {
		t.Fatal(documents, errs)
	}
	if d := documents[0]; d.Text != "\n\fsome text\n\f\n\f\n\f" || !slices.Equal(d.Missing, []string{"pages 1, 4-5: scans, pictures without text"}) {
		t.Errorf("text %q, missing %q", d.Text, d.Missing)
	}
	if documents[0].Class != extract.ErrScanned {
		t.Errorf("class %v", documents[0].Class)
	}
	if _, errs := read(t, pages(picture, picture), extract.Options{}); len(errs) != 1 || !errors.Is(errs[0], extract.ErrScanned) || errs[0].Error() != "extract: a.pdf: has no text: pages 1-2: scans, pictures without text" {
		t.Error(errs)
	}
}

func TestPassword(t *testing.T) {
	data, err := os.ReadFile("../../../testdata/formats/pdf/user_password.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if _, errs := read(t, data, extract.Options{}); len(errs) != 1 || !errors.Is(errs[0], extract.ErrEncrypted) || errs[0].Error() != "extract: a.pdf: is a PDF that opens with a password only" {
		t.Error(errs)
	}
}
