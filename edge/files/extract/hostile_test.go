package extract

import (
	"archive/zip"
	"bytes"
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
	"testing"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/files/extract/sample"
)

// bounded extracts a hostile file and checks what it costs: memory of at most
// twice the file and its text and 64 MB, and a few seconds of the processor.
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
	start := worked()
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
	took := worked() - start
	close(stop)
	<-stopped
	limit := 64<<20 + 2*int64(len(data)+text) + o.MaxText
	t.Logf("%s of %d KB: %v, %d MB, %d documents of at most %d KB, errors %.300v", name, len(data)>>10, took.Round(time.Millisecond), peak>>20, n, text>>10, errs)
	if peak > limit {
		t.Errorf("%s took %d MB, the limit is %d", name, peak>>20, limit>>20)
	}
	if took > slowdown()*6*time.Second {
		t.Errorf("%s took %v", name, took)
	}
	return documents, errs
}

// refused is bounded, and expects an error with these words and no document.
func refused(t *testing.T, name string, data []byte, words string) {
	t.Helper()
	documents, errs := bounded(t, name, data, Options{Time: patience})
	if len(documents) > 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), words) {
		t.Errorf("%s: %d documents, %.300v, want an error with %q", name, len(documents), errs, words)
	}
}

func TestBombs(t *testing.T) {
	zeros := strings.Repeat("0", fewer(20<<20))
	t.Run("ratio", func(t *testing.T) {
		body := `<w:document><w:body><w:p><w:r><w:t>` + zeros + `</w:t></w:r></w:p></w:body></w:document>`
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: body}), "more than 200 times its size")
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: strings.Repeat("<w:p><w:t>0000000000000000000000000000</w:t></w:p>", fewer(400<<10))}), "more than 200 times its size")
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/styles.xml", Text: body}, sample.File{Name: "word/document.xml", Text: "<x/>"}), "more than")
		refused(t, "a.epub", sample.EPUB("", "", zeros), "more than")
	})
	t.Run("tags", func(t *testing.T) {
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: strings.Repeat("<w:p>", fewer(10<<20))}), "nested more than 1000 deep")
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: "<a>" + strings.Repeat("<Fallback>", fewer(5<<20))}), "nested more than 1000 deep")
		refused(t, "a.docx", sample.ZIP(sample.File{Name: "word/document.xml", Text: strings.Repeat("<w:p/>", max(fewer(1<<20), 256<<10))}), "")
	})
	t.Run("a tag that doesn't end", func(t *testing.T) {
		noise := make([]byte, 7<<19) // is longer than a token may be once it is base64
		rand.NewChaCha8([32]byte{}).Read(noise)
		starts := []string{"<w:t>", "<!--", "<w:t a='", "<", "<!DOCTYPE ", "<?x "}
		for _, start := range starts[:min(len(starts), fewer(16))] {
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
		text := `<w:document><w:body><w:p><w:r><w:t>` + strings.Repeat("a lie ", fewer(1<<20)) + `</w:t></w:r></w:p></w:body></w:document>`
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
		for range fewer(500) {
			chapters = append(chapters, "<p>"+strings.Repeat("text ", 10_000))
		}
		_, errs := bounded(t, "a.epub", sample.EPUB("", "", chapters...), Options{MaxText: int64(fewer(16 << 20))})
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "more text than the limit") {
			t.Error(errs)
		}
	})
	t.Run("nested archives stay closed", func(t *testing.T) {
		inner := sample.DOCX("", "", strings.Repeat("0", fewer(10<<20)))
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
	size := fewer(256 << 10)
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
				bounded(t, name, []byte(strings.Repeat(unit, size/len(unit))), Options{Time: patience})
			})
		}
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
	for name, rounds := range map[string]int{"moving-house.docx": 2000, "tea.epub": 2000, "garden/tomatoes.html": 500, "sourdough.md": 500, "recipes.jsonl": 500, "birds.csv": 500} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, uint64(len(name))))
			good, err := os.ReadFile(filepath.Join(library, name))
			if err != nil {
				t.Fatal(err)
			}
			bad, start := 0, time.Now()
			for round := range fewer(rounds) {
				data := mutate(r, good)
				before := worked()
				documents, errs := read(t, name, data, Options{Time: patience})
				if took := worked() - before; took > slowdown()*4*time.Second {
					t.Errorf("seed %d round %d took %v", seed, round, took)
				}
				for _, d := range documents {
					if !utf8.ValidString(d.Text) || len(d.Text) > 1<<20 {
						t.Fatalf("seed %d round %d: text of %d bytes", seed, round, len(d.Text))
					}
				}
				for _, err := range errs {
					if strings.Contains(err.Error(), "took longer") {
						t.Errorf("seed %d round %d: %v", seed, round, err)
					}
				}
				if len(errs) > 0 {
					bad++
				}
			}
			t.Logf("%d of %d refused, %v", bad, fewer(rounds), time.Since(start))
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
