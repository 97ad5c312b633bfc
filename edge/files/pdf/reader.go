package pdf

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/toller-search/toller/edge/files/extract"
)

// Reader returns a reader of PDF files for [extract.Options]. It may be used by
// any number of goroutines; a program needs no more than one.
func Reader() extract.Reader {
	e := &engine{cache: cacheFolder(), ready: make(chan struct{})}
	return extract.Reader{
		Format:  "pdf",
		Endings: []string{".pdf"},
		Begins:  begins,
		Start:   e.start,
		Read:    e.read,

		Patience: patience,
	}
}

// patience is how many times the time for a file one with many pages may take: no page
// may take longer than that for a file.
const patience = 10

const maxPrefix = 1024 // bytes that may stand before the header

func begins(head []byte) bool {
	return bytes.Contains(head[:min(len(head), maxPrefix)], []byte("%PDF-"))
}

// read reads a file. What was read before its time was over is kept.
func (e *engine) read(whole context.Context, in *extract.Input) error {
	limit := in.Options().Time
	ctx, cancel := context.WithCancelCause(whole)
	defer cancel(nil)
	clock := time.AfterFunc(limit, func() { cancel(fmt.Errorf("took longer than %v", limit)) })
	defer clock.Stop()
	instance, err := e.pool.GetInstanceWithContext(ctx)
	if err != nil {
		return cause(ctx, err)
	}
	// Killed rather than closed: nothing of a file reaches the next, whatever it did
	// to the memory of PDFium.
	unwatch := context.AfterFunc(ctx, func() { instance.Kill() })
	defer func() {
		if unwatch() {
			instance.Kill()
		}
	}()
	d := document{Pdfium: instance, options: in.Options(), ligatures: ligatures(in)}
	file := &source{r: io.NewSectionReader(in, 0, in.Size())}
	defer file.detach()
	if err := d.open(file); err != nil {
		return cause(ctx, err)
	}
	err = d.readPages(ctx, func() { clock.Reset(limit) })
	if err != nil {
		err = cause(ctx, err)
		if d.text.Len() == 0 || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		d.missing = append(d.missing, fmt.Sprintf("pages from %d on: %v", d.page+1, err))
	}
	out := extract.Document{Text: d.text.String(), Metadata: map[string]any{"pages": d.pages}, Missing: d.missing, Class: d.class}
	out.Title = documentTitle(d.property("Title"))
	for key, value := range map[string]string{
		"author": oneLine(d.property("Author")), "subject": oneLine(d.property("Subject")), "created": date(d.property("CreationDate")),
	} {
		if value != "" {
			out.Metadata[key] = value
		}
	}
	if ctx.Err() == nil {
		// Only to have the library forget the file: what PDFium thinks of it is of no
		// interest any more.
		instance.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: d.at.ByIndex.Document})
	}
	in.Emit(out)
	return nil
}

// cause is what ended the reading of a file: its time, if that was over.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// source is a file as PDFium reads it. The library never lets go of one whose instance was
// killed, so what is behind it is taken away.
type source struct {
	mutex sync.Mutex
	r     *io.SectionReader
}

var errDetached = errors.New("the file is no longer read")

func (s *source) detach() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.r = nil
}

func (s *source) Read(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.r == nil {
		return 0, errDetached
	}
	return s.r.Read(p)
}

func (s *source) Seek(to int64, from int) (int64, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.r == nil {
		return 0, errDetached
	}
	return s.r.Seek(to, from)
}

// document is a file that PDFium has open.
type document struct {
	pdfium.Pdfium
	at          requests.Page // the page that is read
	options     extract.Options
	ligatures   func() map[rune]string
	pages, page int // all, and those that have been read
	text        strings.Builder
	tight       bool // spaces are narrow
	missing     []string
	class       error // of what is missing
	properties  map[string]string
}

func (d *document) open(file *source) error {
	opened, err := d.OpenDocument(&requests.OpenDocument{FileReader: file, FileReaderSize: file.r.Size()})
	switch {
	case errors.Is(err, pdferrors.ErrPassword):
		return extract.Refuse(extract.ErrEncrypted, "is a PDF that opens with a password only")
	case errors.Is(err, pdferrors.ErrSecurity):
		return extract.Refuse(extract.ErrEncrypted, "is a PDF encrypted in a way that PDFium doesn't know")
	case err != nil:
		return errDamaged
	}
	d.at.ByIndex = &requests.PageByIndex{Document: opened.Document}
	count, err := d.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: opened.Document})
	if err != nil {
		return err
	}
	if d.pages = count.PageCount; d.pages == 0 {
		return errors.New("is a PDF without pages")
	}
	// Now, because a document that ran out of time says nothing any more.
	d.properties = map[string]string{}
	for _, name := range []string{"Title", "Author", "Subject", "CreationDate"} {
		if found, err := d.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: opened.Document, Tag: name}); err == nil {
			d.properties[name] = found.Value
		}
	}
	return nil
}

func (d *document) property(name string) string { return d.properties[name] }

// readPages reads all pages, or as many as the bounds allow. It calls done after each.
func (d *document) readPages(ctx context.Context, done func()) error {
	var scans, bad pageList
	damaged := 0
	unknown := 0
	var first error // of a page
	for d.page < d.pages {
		if d.page == d.options.MaxPages {
			return fmt.Errorf("there are %d, the limit is %d", d.pages, d.options.MaxPages)
		}
		d.at.ByIndex.Index = d.page
		p, err := d.readPage(d.at)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && stopped(err):
			return err
		case err != nil:
			bad.add(d.page + 1)
			damaged++
			first = cmp.Or(first, fmt.Errorf("page %d: %w", d.page+1, err))
		case p.text == "" && p.picture:
			scans.add(d.page + 1)
		}
		unknown += p.unknown
		if int64(d.text.Len()+len(p.text))+2 > d.options.MaxText {
			return extract.Refuse(extract.ErrTooLarge, "has more text than the limit of %d bytes", d.options.MaxText)
		}
		if d.page > 0 {
			d.text.WriteString("\n\f")
		}
		d.text.WriteString(p.text)
		d.page++
		done()
	}
	if damaged == d.pages {
		return first
	}
	if len(bad.all) > 0 {
		d.missing = append(d.missing, fmt.Sprintf("%v: damaged", bad))
	}
	if len(scans.all) > 0 {
		d.class = extract.ErrScanned
		d.missing = append(d.missing, fmt.Sprintf("%v: scans, pictures without text", scans))
	}
	if unknown > 0 {
		d.missing = append(d.missing, fmt.Sprintf("%d characters of which the file doesn't say what they are", unknown))
	}
	return nil
}

// stopped reports an error after which PDFium gives no more answers: it has left its
// memory, or was stopped.
func stopped(err error) bool {
	s := err.Error()
	return strings.Contains(s, "wasm error") || strings.Contains(s, "module closed") || strings.Contains(s, "panic occurred")
}

const maxTitle = 500

func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) > maxTitle {
		s = strings.ToValidUTF8(s[:maxTitle], "")
	}
	return s
}

// documentTitle leaves out what programs write as a title when nobody gave one: the
// name of the file that was printed.
func documentTitle(s string) string {
	s = oneLine(s)
	lower := strings.ToLower(s)
	for _, ending := range []string{".doc", ".docx", ".odt", ".pages", ".pdf", ".ppt", ".pptx", ".rtf", ".tex", ".dvi", ".txt", ".indd", ".qxd"} {
		if strings.HasSuffix(lower, ending) {
			return ""
		}
	}
	if strings.HasPrefix(lower, "microsoft word") || strings.HasPrefix(lower, "untitled") {
		return ""
	}
	return s
}

// date makes 2024-05-01 of D:20240501120000Z.
func date(s string) string {
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

// pageList writes numbers of pages as "pages 1, 3-5".
type pageList struct{ all [][2]int }

func (l *pageList) add(page int) {
	if n := len(l.all); n > 0 && l.all[n-1][1] == page-1 {
		l.all[n-1][1] = page
		return
	}
	l.all = append(l.all, [2]int{page, page})
}

func (l pageList) String() string {
	const shown = 20
	var parts []string
	for i, r := range l.all {
		switch {
		case i == shown:
			return "pages " + strings.Join(parts, ", ") + " and others"
		case r[0] == r[1]:
			parts = append(parts, fmt.Sprint(r[0]))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", r[0], r[1]))
		}
	}
	if len(l.all) == 1 && l.all[0][0] == l.all[0][1] {
		return "page " + parts[0]
	}
	return "pages " + strings.Join(parts, ", ")
}
