package extract

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/files/extract/sample"
)

// bounded extracts a hostile file and checks what it costs: memory of at most
// twice the file and its text and 64 MB, and a few seconds.
func bounded(t *testing.T, name string, data []byte, o Options) (documents []Document, errs []error) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // what is live counts, not what waits to be collected
	runtime.GC()
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	used := func() int64 {
		metrics.Read(heap)
		return int64(heap[0].Value.Uint64() + heap[1].Value.Uint64())
	}
	before, peak := used(), int64(0)
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			peak = max(peak, used()-before)
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	start := time.Now()
	text, n := 0, 0
	for d, err := range Extract(t.Context(), name, bytes.NewReader(data), int64(len(data)), o) {
		switch {
		case err != nil && len(errs) < 10:
			errs = append(errs, err)
		case err == nil && n < 10:
			documents = append(documents, d)
		}
		text = max(text, len(d.Text))
		n++
		if !utf8.ValidString(d.Text) || strings.Contains(d.Text, "\x00") || !utf8.ValidString(d.Title) {
			t.Errorf("%s: text that is no UTF-8", name)
		}
	}
	took := time.Since(start)
	close(stop)
	<-stopped
	limit := 64<<20 + 2*int64(len(data)+text) + o.MaxText
	t.Logf("%s of %d KB: %v, %d MB, %d documents of at most %d KB, errors %.300v", name, len(data)>>10, took.Round(time.Millisecond), peak>>20, n, text>>10, errs)
	if peak > limit {
		t.Errorf("%s took %d MB, the limit is %d", name, peak>>20, limit>>20)
	}
	if took > slowdown*6*time.Second {
		t.Errorf("%s took %v", name, took)
	}
	return documents, errs
}

// refused is bounded, and expects an error with these words and no document.
func refused(t *testing.T, name string, data []byte, words string) {
	t.Helper()
	documents, errs := bounded(t, name, data, Options{Time: slowdown * 3 * time.Second})
	if len(documents) > 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), words) {
		t.Errorf("%s: %d documents, %.300v, want an error with %q", name, len(documents), errs, words)
	}
}

func TestBombs(t *testing.T) {
	zeros := strings.Repeat("0", 20<<20)
	t.Run("ratio", func(t *testing.T) {
		body := `<w:document><w:body><w:p><w:r><w:t>` + zeros + `</w:t></w:r></w:p></w:body></w:document>`
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: body}), "more than 200 times its size")
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: strings.Repeat("<w:p><w:t>0000000000000000000000000000</w:t></w:p>", 400<<10)}), "more than 200 times its size")
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/styles.xml", Text: body}, sample.File{Name: "word/document.xml", Text: "<x/>"}), "more than")
		refused(t, "a.epub", sample.EPUB("", "", zeros), "more than")
	})
	t.Run("tags", func(t *testing.T) {
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: strings.Repeat("<w:p>", 10<<20)}), "nested more than 1000 deep")
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: "<a>" + strings.Repeat("<Fallback>", 5<<20)}), "nested more than 1000 deep")
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: strings.Repeat("<w:p/>", 1<<20)}), "")
	})
	t.Run("a tag that doesn't end", func(t *testing.T) {
		noise := make([]byte, 5<<20)
		rand.NewChaCha8([32]byte{}).Read(noise)
		for _, start := range []string{"<w:t>", "<w:t a='", "<", "<!--", "<!DOCTYPE ", "<?x "} {
			refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: "<w:p>" + start + base64.StdEncoding.EncodeToString(noise)}), "")
		}
	})
	t.Run("many small entries", func(t *testing.T) {
		var files []sample.File
		for i := range 12_000 {
			files = append(files, sample.File{Name: fmt.Sprint("x", i)})
		}
		refused(t, "a.docx", sample.ZIP(files...), "more than 10000 entries")
	})
	t.Run("a large directory", func(t *testing.T) {
		data := bytes.Repeat([]byte("PK\x01\x02"+strings.Repeat("\x00", 42)), 500_000)
		end := make([]byte, 22)
		copy(end, "PK\x05\x06")
		binary.LittleEndian.PutUint16(end[8:], 0xFFFF)
		binary.LittleEndian.PutUint16(end[10:], 0xFFFF)
		binary.LittleEndian.PutUint32(end[12:], uint32(len(data)))
		binary.LittleEndian.PutUint32(end[16:], 4)
		refused(t, "a.docx", append(append([]byte("PK\x03\x04"), data...), end...), "entries")
	})
	t.Run("sizes that lie", func(t *testing.T) {
		text := `<w:document><w:body><w:p><w:r><w:t>` + strings.Repeat("a lie ", 1<<20) + `</w:t></w:r></w:p></w:body></w:document>`
		for _, said := range []uint64{1, 1 << 40, 0xFFFFFFFE} {
			var out bytes.Buffer
			w := zip.NewWriter(&out)
			packed := packed(text)
			e, err := w.CreateRaw(&zip.FileHeader{
				Name: "word/document.xml", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(text)),
				CompressedSize64: uint64(len(packed)), UncompressedSize64: said,
			})
			if err != nil {
				t.Fatal(err)
			}
			e.Write(packed)
			w.Close()
			refused(t, "a.docx", out.Bytes(), "")
		}
	})
	t.Run("many chapters", func(t *testing.T) {
		var chapters []string
		for range 500 {
			chapters = append(chapters, "<p>"+strings.Repeat("text ", 10_000))
		}
		_, errs := bounded(t, "a.epub", sample.EPUB("", "", chapters...), Options{MaxText: 16 << 20})
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "more text than the limit") {
			t.Error(errs)
		}
	})
	t.Run("nested archives stay closed", func(t *testing.T) {
		inner := sample.DOCX("", "", strings.Repeat("0", 10<<20))
		data := sample.ZIP(sample.File{Name: "word/document.xml", Text: "<w:p><w:t>outer</w:t></w:p>"}, sample.File{Name: "word/embedded.docx", Text: string(inner)})
		if documents, errs := bounded(t, "a.docx", data, Options{}); len(errs) > 0 || documents[0].Text != "outer" {
			t.Error(documents, errs)
		}
	})
}

// packed deflates a text as an archive's entry.
func packed(text string) []byte {
	data := sample.ZIP(sample.File{Name: "x", Text: text})
	r := must(zip.NewReader(bytes.NewReader(data), int64(len(data))))
	at := must(r.File[0].DataOffset())
	return data[at : at+int64(r.File[0].CompressedSize64)]
}

func TestEntities(t *testing.T) {
	const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">` +
		`<!ENTITY f SYSTEM "file:///etc/passwd">]>`
	data := sample.ZIP(sample.File{Name: "word/document.xml", Text: bomb + `<w:p><w:t>&c;&f;</w:t></w:p>`})
	documents, errs := bounded(t, "a.docx", data, Options{})
	if len(errs) == 0 && documents[0].Text != "&c;&f;" {
		t.Errorf("%.200q", documents[0].Text)
	}
	documents, errs = bounded(t, "a.xhtml", []byte(bomb+`<html><p>&c;&f;</p></html>`), Options{})
	if len(errs) > 0 || !strings.Contains(documents[0].Text, "&c;&f;") || strings.Contains(documents[0].Text, "aaaaaaaaaaa") {
		t.Errorf("%.300q %v", documents[0].Text, errs)
	}
}

// TestHostileText has 10 MB of one thing after the other; 256 KB without
// TOLLER_STRESS.
func TestHostileText(t *testing.T) {
	size := 256 << 10
	if os.Getenv("TOLLER_STRESS") != "" {
		size = 10 << 20
	}
	for name, units := range map[string][]string{
		"a.txt":  {"a", "\xff", "\xff\xfe", "\r", "\u2003", "é"},
		"a.html": {"<a>", "<div><p>", "<h1>", "</p>", "<li>", "<td>", "<pre>", "<b a=b ", "&", "<", "<!--", "<nav>", "<nav></nav>", "<script>", "<table><tr>", "<meta name=author content=b>", "a", "<![CDATA[", "<svg>", "<a a=1 a=2 a=3>x", "<title>", "<textarea>"},
		"a.md":   {"[", "![", "*a ", "**a *", "> ", ">", "- ", "1. ", "`", "[a](", "[a]: b\n", "a\n\n", "# a\n", "|a|\n|-|\n|", "<a ", "&", "\\", "[a][b]", "- a\n  ", "```\n", "~~a ", "a: b\n: c\n", "\t", "a", "_a __", "---\n", "a\\\n", "<!--", "*_", "(", "- - \n", "> > a\n"},
		"a.csv":  {"a,", "a\n", "\"", "\"\"", ",\n", "a,\"b\n", ";"},
		"a.jsonl": {
			"{", "[", "\"", "{}\n", "{\"text\":\"a\"}\n", "{\"a\":", "\n", "a", "{\"text\":\"\\u0000\"}\n",
		},
	} {
		for _, unit := range units {
			t.Run(fmt.Sprintf("%s %q", name, unit), func(t *testing.T) {
				bounded(t, name, []byte(strings.Repeat(unit, size/len(unit))), Options{Time: slowdown * 5 * time.Second})
			})
		}
	}
}

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

func TestHostilePDF(t *testing.T) {
	for name, data := range hostilePDFs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most wait for their time to be over
			documents, errs := read(t, "a.pdf", data, Options{Time: time.Second, MaxText: 16 << 20})
			t.Logf("%d documents, errors %v", len(documents), errs)
			for _, d := range documents {
				if len(d.Text) > 1000 {
					t.Errorf("%d bytes of text", len(d.Text))
				}
			}
		})
	}
}

// mutate changes bytes of a file, or cuts or doubles a part of it.
func mutate(r *rand.Rand, data []byte) []byte {
	data = bytes.Clone(data)
	for range 1 + r.IntN(8) {
		at := r.IntN(len(data))
		n := r.IntN(min(40, len(data)-at) + 1)
		switch r.IntN(5) {
		case 0:
			data = append(data[:at:at], data[at+n:]...)
		case 1:
			data = append(data[:at+n:at+n], data[at:]...)
		case 2:
			copy(data[at:], fmt.Sprint(r.Uint64()>>r.IntN(64)))
		case 3:
			copy(data[at:], []string{"<<", ">>", "[", "]", "(", "<", "obj", "1 0 R", "stream", "%", "/", "PK", "\xff\xff\xff\xff", "\x00\x00"}[r.IntN(14)])
		default:
			data[at] ^= 1 << r.IntN(8)
		}
		if len(data) == 0 {
			return []byte("x")
		}
	}
	if r.IntN(6) == 0 {
		data = data[:1+r.IntN(len(data))]
	}
	return data
}

func TestMutations(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for name, rounds := range map[string]int{"bicycle-care.pdf": 120, "moving-house.docx": 2000, "tea.epub": 2000, "garden/tomatoes.html": 500, "sourdough.md": 500, "recipes.jsonl": 500, "birds.csv": 500} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, uint64(len(name))))
			good, err := os.ReadFile(filepath.Join(library, name))
			if err != nil {
				t.Fatal(err)
			}
			bad, start := 0, time.Now()
			for round := range rounds {
				data := mutate(r, good)
				before := time.Now()
				documents, errs := read(t, name, data, Options{Time: time.Second})
				if took := time.Since(before); took > slowdown*4*time.Second {
					t.Errorf("seed %d round %d took %v", seed, round, took)
				}
				for _, d := range documents {
					if !utf8.ValidString(d.Text) || len(d.Text) > 1<<20 {
						t.Fatalf("seed %d round %d: text of %d bytes", seed, round, len(d.Text))
					}
				}
				if len(errs) > 0 {
					bad++
				}
			}
			t.Logf("%d of %d refused, %v", bad, rounds, time.Since(start))
		})
	}
}

// fuzz adds the library's file as a seed and reads whatever comes of it.
func fuzz(f *testing.F, name string) {
	good, err := os.ReadFile(filepath.Join(library, name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		documents, errs := read(t, name, data, Options{Time: 2 * time.Second, MaxText: 1 << 20})
		for _, err := range errs {
			if strings.Contains(err.Error(), "took longer") && !strings.HasSuffix(name, ".pdf") {
				t.Fatal(err)
			}
		}
		for _, d := range documents {
			if !utf8.ValidString(d.Text) || !utf8.ValidString(d.Title) || strings.Contains(d.Text, "\x00") || len(d.Text) > 1<<20 || strings.TrimSpace(d.Text) == "" {
				t.Fatalf("text %.100q of %d bytes", d.Text, len(d.Text))
			}
		}
	})
}

func FuzzExtractHTML(f *testing.F)     { fuzz(f, "garden/tomatoes.html") }
func FuzzExtractMarkdown(f *testing.F) { fuzz(f, "sourdough.md") }
func FuzzExtractDOCX(f *testing.F)     { fuzz(f, "moving-house.docx") }
func FuzzExtractEPUB(f *testing.F)     { fuzz(f, "tea.epub") }
func FuzzExtractPDF(f *testing.F)      { fuzz(f, "bicycle-care.pdf") }
