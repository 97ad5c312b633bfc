package extract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"time"

	"github.com/ledongthuc/pdf"
)

// A process that readPDF started reads the PDF and ends here, before main.
func init() {
	if said := os.Getenv(pdfVariable); said != "" {
		os.Exit(pdfProcess(said, os.Stdin, os.Stdout))
	}
}

// pdfProcess reads a PDF from in and writes messages to out.
func pdfProcess(said string, in io.Reader, out io.Writer) int {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	var task pdfTask
	if err := json.Unmarshal([]byte(said), &task); err != nil {
		encoder.Encode(pdfMessage{Error: err.Error()})
		return 1
	}
	// Not on standard output, where a page may be half written.
	watch(task, func(err error) {
		fmt.Fprintf(os.Stderr, "%s%v\n", pdfWatch, err)
		os.Exit(1)
	})
	data := make([]byte, task.Size)
	_, err := io.ReadFull(in, data)
	if err == nil {
		err = readPages(data, task, encoder)
	}
	if err != nil {
		encoder.Encode(pdfMessage{Error: err.Error()})
		return 1
	}
	return 0
}

// watch calls end when the process exceeds its time or memory. It must work
// while the library loops or allocates.
func watch(task pdfTask, end func(error)) {
	debug.SetMemoryLimit(task.Memory * 3 / 4)
	started := time.Now()
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			metrics.Read(samples)
			if used := samples[0].Value.Uint64() + samples[1].Value.Uint64(); used > uint64(task.Memory) {
				end(fmt.Errorf("takes more than %d bytes of memory to read", task.Memory))
			}
			if time.Since(started) > task.Time {
				end(fmt.Errorf("took longer than %v", task.Time))
			}
		}
	}()
}

// readPages writes the text of each page, and then what the document says of
// itself.
func readPages(data []byte, task pdfTask, out *json.Encoder) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("is a malformed PDF: %v", r)
		}
	}()
	data, err = trimPDF(data)
	if err != nil {
		return err
	}
	r, err := pdf.NewReader(bytes.NewReader(data), int64(len(data)))
	if errors.Is(err, pdf.ErrInvalidPassword) {
		return errors.New("is a PDF with a password")
	}
	if err != nil {
		return err
	}
	d := pdfReader{fonts: map[string]*pdfFont{}, limit: task.MaxText}
	pages, unread := 0, 0
	var first error // of a page
	err = walkPages(r.Trailer().Key("Root").Key("Pages"), func(page pdf.Page) error {
		if pages++; pages > task.MaxPages {
			return fmt.Errorf("has more than %d pages", task.MaxPages)
		}
		text, err := d.page(page)
		if err != nil {
			unread++
			first = cmp.Or(first, fmt.Errorf("page %d: %w", pages, err))
		}
		if d.limit -= int64(len(text)) + 2; d.limit < 0 {
			return tooMuch(task.MaxText)
		}
		if pages > 1 {
			text = "\n\f" + text
		}
		return out.Encode(pdfMessage{Page: text})
	})
	switch {
	case err != nil:
		return err
	case pages == 0:
		return errors.New("is a PDF without pages")
	case unread == pages:
		return first
	}
	info := r.Trailer().Key("Info")
	return out.Encode(pdfMessage{
		Pages: pages, Unread: unread, Title: pdfTitle(info.Key("Title").Text()), Author: title(info.Key("Author").Text()),
		Date: pdfDate(info.Key("CreationDate").Text()),
	})
}

// trimPDF takes off what stands before the header and after the end, and makes
// the header one that the library takes: it knows versions up to 1.7.
func trimPDF(data []byte) ([]byte, error) {
	start := bytes.Index(data[:min(len(data), maxPDFPrefix)], []byte(pdfHeader))
	end := bytes.LastIndex(data, []byte("%%EOF"))
	const header = "%PDF-1.7\n"
	if start < 0 || end < start+len(header) {
		return nil, errors.New("is a PDF that is cut off")
	}
	data = data[start : end+len("%%EOF")]
	copy(data, header)
	return data, nil
}

const (
	maxTreeDepth = 50
	maxTreeNodes = 100_000
)

// walkPages calls f for each page of a tree.
func walkPages(tree pdf.Value, f func(pdf.Page) error) error {
	nodes := 0
	var walk func(node pdf.Value, depth int) error
	walk = func(node pdf.Value, depth int) error {
		if nodes++; nodes > maxTreeNodes || depth > maxTreeDepth {
			return errors.New("is a PDF with too large a tree of pages")
		}
		kids := node.Key("Kids")
		if kids.Kind() != pdf.Array {
			if node.IsNull() {
				return nil
			}
			return f(pdf.Page{V: node})
		}
		for i := range kids.Len() {
			if err := walk(kids.Index(i), depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(tree, 0)
}

// pdfTitle leaves out what programs write as a title when nobody gave one: the
// name of the file that was printed.
func pdfTitle(s string) string {
	s = title(s)
	lower := strings.ToLower(s)
	switch path.Ext(lower) {
	case ".doc", ".docx", ".odt", ".pages", ".pdf", ".ppt", ".pptx", ".rtf", ".tex", ".dvi", ".txt", ".indd", ".qxd":
		return ""
	}
	if strings.HasPrefix(lower, "microsoft word") || strings.HasPrefix(lower, "untitled") {
		return ""
	}
	return s
}

// pdfDate makes 2024-05-01 of D:20240501120000Z.
func pdfDate(s string) string {
	s = strings.TrimPrefix(s, "D:")
	if len(s) < 8 {
		return ""
	}
	day, err := time.Parse("20060102", s[:8])
	if err != nil {
		return ""
	}
	return day.Format(time.DateOnly)
}
