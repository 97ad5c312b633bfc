package pdf

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/extract/sample"
)

// hostilePDFs are files that make the library loop, allocate or descend without
// end.
var hostilePDFs = sync.OnceValue(func() map[string][]byte {
	const (
		catalog = "<< /Type /Catalog /Pages 2 0 R >>"
		tree    = "<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
		page    = "<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>"
		font    = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
	)
	stream := func(header, data string) string {
		return fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(data), header, data)
	}
	document := func(contents string) []byte {
		return sample.PDFOf([]string{catalog, tree, page, stream("", contents), font}, "/Root 1 0 R")
	}
	withXref := func(header string) []byte {
		return fmt.Appendf(nil, "%%PDF-1.5\n1 0 obj\n<< /Type /XRef %s /Length 3 >>\nstream\nabc\nendstream\nendobj\n%%%s\nstartxref\n9\n%%%%EOF", header, strings.Repeat("x", 100))
	}
	table := func(rows, trailer string) []byte {
		// The library wants 100 bytes at least.
		return fmt.Appendf(nil, "%%PDF-1.4\n%%%s\n\nxref\n%s\n0000000000 65535 f \ntrailer\n<< /Size 1 /Root 1 0 R %s >>\nstartxref\n112\n%%%%EOF",
			strings.Repeat("x", 100), rows, trailer)
	}
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write([]byte("BT /F1 10 Tf " + strings.Repeat("(text text text text text ) Tj\n", 1<<20)))
	w.Close()
	return map[string][]byte{
		"string that doesn't end":    document("BT /F1 10 Tf <41"),
		"literal that doesn't end":   document("BT /F1 10 Tf (text"),
		"arrays in each other":       document(strings.Repeat("[", 1<<20)),
		"dictionaries":               document(strings.Repeat("<</A", 1<<20)),
		"states":                     document(strings.Repeat("q ", 1<<20)),
		"operands":                   document(strings.Repeat("1 ", 4<<20)),
		"unpacks to 30 MB":           sample.PDFOf([]string{catalog, tree, page, stream("/Filter /FlateDecode", packed.String()), font}, "/Root 1 0 R"),
		"huge table":                 withXref("/Size 2000000000 /W [1 1 1] /Root 1 0 R"),
		"entries without bytes":      withXref("/Size 10 /W [0 0 0] /Index [0 9000000000000000000]"),
		"wide entries":               withXref("/Size 10 /W [1 1 4000000000]"),
		"negative entries":           withXref("/Size -10 /W [1 -1 1]"),
		"table that leads to itself": table("0 1", "/Prev 112"),
		"far entry":                  table("4000000000 1", ""),
		"pages in a circle":          sample.PDFOf([]string{catalog, "<< /Type /Pages /Count 1 /Kids [2 0 R 2 0 R] >>"}, "/Root 1 0 R"),
		"parents in a circle":        sample.PDFOf([]string{catalog, "<< /Type /Pages /Kids [3 0 R] /Parent 3 0 R >>", "<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>", stream("", "BT ET")}, "/Root 1 0 R"),
		"length that is itself":      sample.PDFOf([]string{catalog, tree, page, "<< /Length 4 0 R >>\nstream\nx\nendstream", font}, "/Root 1 0 R"),
		"form in itself":             sample.PDFOf([]string{catalog, tree, "<< /Type /Page /Resources << /XObject << /X 4 0 R >> >> /Contents 4 0 R >>", stream("/Subtype /Form /Resources << /XObject << /X 4 0 R >> >>", strings.Repeat("/X Do ", 20))}, "/Root 1 0 R"),
		"many codes":                 sample.PDFOf([]string{catalog, tree, page, stream("", "BT /F1 10 Tf (text) Tj ET"), "<< /Type /Font /ToUnicode 6 0 R >>", stream("", strings.Repeat("1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange\n", 20_000))}, "/Root 1 0 R"),
		"widths":                     sample.PDFOf([]string{catalog, tree, page, stream("", "BT /F1 10 Tf (text) Tj ET"), "<< /Type /Font /Subtype /Type0 /DescendantFonts [<< /W [0 2000000000 1 0 2000000000 1] >>] >>"}, "/Root 1 0 R"),
	}
})

func TestHostile(t *testing.T) {
	for name, data := range hostilePDFs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most wait for their time to be over
			documents, errs := read(t, data, extract.Options{Time: time.Second, MaxText: 16 << 20})
			t.Logf("%d documents, errors %v", len(documents), errs)
			for _, d := range documents {
				if len(d.Text) > 1000 {
					t.Errorf("%d bytes of text", len(d.Text))
				}
			}
		})
	}
}

// TestInterrupted has a PDF that keeps the library busy, and the caller gone.
func TestInterrupted(t *testing.T) {
	if err := reader.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	data := hostilePDFs()["operands"]
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	for _, err := range extract.Extract(ctx, "a.pdf", bytes.NewReader(data), int64(len(data)), options(extract.Options{})) {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
	if took := time.Since(start); took > 500*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

// TestInterruptedHalfway gives nothing of a file that was being read when the caller
// went.
func TestInterruptedHalfway(t *testing.T) {
	if err := reader.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var programs []string
	for range 20_000 {
		programs = append(programs, at(72, 700, "some text"))
	}
	data := pages(programs...)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	n := 0
	for d, err := range extract.Extract(ctx, "a.pdf", bytes.NewReader(data), int64(len(data)), options(extract.Options{MaxPages: 1 << 20})) {
		if n++; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d bytes of text, %v", len(d.Text), err)
		}
	}
	if n != 1 {
		t.Errorf("%d results", n)
	}
}

// TestTruncated cuts a file at 200 places: whatever is left is read or refused, and
// never in silence.
func TestTruncated(t *testing.T) {
	data, err := os.ReadFile("../../../testdata/library/bicycle-care.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		cut := data[:1+i*(len(data)-1)/200]
		if !begins(cut) {
			continue
		}
		documents, errs := read(t, cut, extract.Options{Time: 5 * time.Second})
		if len(documents)+len(errs) != 1 {
			t.Errorf("%d bytes: %d documents, %v", len(cut), len(documents), errs)
		}
	}
	if d := one(t, data); !strings.Contains(d.Text, "Tyres") {
		t.Error("the whole file is no longer read")
	}
}

// TestManyPages reads the pages that the bound allows, and says which are missing.
func TestManyPages(t *testing.T) {
	const pages = 100_000
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", ""}
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", i+5)
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", pages, kids.String())
	objects = append(objects, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", "<< /Length 30 >>\nstream\nBT /F1 10 Tf (crane) Tj ET      \nendstream")
	for range pages {
		objects = append(objects, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources << /Font << /F1 3 0 R >> >> >>")
	}
	documents, errs := read(t, sample.PDFOf(objects, "/Root 1 0 R"), extract.Options{MaxPages: 50})
	if len(errs) > 0 || len(documents) != 1 || strings.Count(documents[0].Text, "crane") != 50 || documents[0].Metadata["pages"] != pages {
		t.Fatal(len(documents), errs)
	}
	if m := documents[0].Missing; len(m) != 1 || m[0] != "pages from 51 on: there are 100000, the limit is 50" {
		t.Errorf("missing %q", m)
	}
}

// TestMutations changes bytes of a file, or leaves a part out: what comes of it is read
// or refused, and the next file is read as if nothing had been.
func TestMutations(t *testing.T) {
	good, err := os.ReadFile("../../../testdata/library/bicycle-care.pdf")
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	refused := 0
	for round := range 120 {
		data := bytes.Clone(good)
		for range 1 + r.IntN(8) {
			at := r.IntN(len(data))
			switch n := r.IntN(min(40, len(data)-at)); r.IntN(4) {
			case 0:
				data = append(data[:at:at], data[at+n:]...)
			case 1:
				copy(data[at:], fmt.Sprint(r.Uint64()>>r.IntN(64)))
			case 2:
				copy(data[at:], []string{"<<", ">>", "[", "(", "obj", "1 0 R", "stream", "%", "/"}[r.IntN(9)])
			default:
				data[at] ^= 1 << r.IntN(8)
			}
		}
		if !begins(data) {
			continue
		}
		documents, errs := read(t, data, extract.Options{Time: 2 * time.Second})
		for _, d := range documents {
			if !utf8.ValidString(d.Text) || len(d.Text) > 1<<20 {
				t.Fatalf("round %d: text of %d bytes", round, len(d.Text))
			}
		}
		refused += len(errs)
	}
	t.Logf("%d refused", refused)
	if d := one(t, good); !strings.Contains(d.Text, "Tyres") {
		t.Error("the whole file is no longer read")
	}
}
