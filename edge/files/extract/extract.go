package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrUnsupported is wrapped by the error for a file of which no text can be
// made: pictures, programs, archives and other binary files.
var ErrUnsupported = errors.New("no text can be made of this kind of file")

// A Document is a text in a file.
type Document struct {
	Title string
	Text  string // valid UTF-8 without NUL
	// Metadata can be marshalled to JSON: what a record, row or document says
	// of itself. Values are strings, numbers, truth values, lists and objects.
	Metadata map[string]any
	// Part tells the documents of one file apart: a record's id or "line 7",
	// "row 7". It is empty where the file is one document.
	Part string
	// Format is how the file was read: one of Formats.
	Format string
	// Headings tells that lines of Text that begin with # are headings, except in
	// fenced code, as in Markdown.
	Headings bool
}

// Options bounds what is read; zero values stand for the defaults.
type Options struct {
	MaxFile  int64         // bytes of a file; 128 MB
	MaxText  int64         // bytes of all text made of a file; 64 MB
	MaxPages int           // of a PDF; 10,000
	Time     time.Duration // for one file; 20 s
	// TextField is the field of a JSONL record and the column of a CSV row with
	// the text; "text".
	TextField string
}

func (o Options) withDefaults() Options {
	if o.MaxFile <= 0 {
		o.MaxFile = 128 << 20
	}
	if o.MaxText <= 0 {
		o.MaxText = 64 << 20
	}
	if o.MaxPages <= 0 {
		o.MaxPages = 10_000
	}
	if o.Time <= 0 {
		o.Time = 20 * time.Second
	}
	if o.TextField == "" {
		o.TextField = "text"
	}
	return o
}

// File makes text of the file at path, as Extract does.
func File(ctx context.Context, path string, o Options) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		info, err := os.Stat(path)
		if err == nil && !info.Mode().IsRegular() { // to open a pipe may take for ever
			err = fmt.Errorf("%s: is no regular file", path)
		}
		if err != nil {
			yield(Document{}, fmt.Errorf("extract: %w", err))
			return
		}
		f, err := os.Open(path)
		if err != nil {
			yield(Document{}, fmt.Errorf("extract: %w", err))
			return
		}
		defer f.Close()
		Extract(ctx, path, f, info.Size(), o)(yield)
	}
}

// Extract makes text of a file of size bytes; name, of which only the ending
// counts, names it in errors. It yields a document for the file, or for each of
// its records, and leaves out those without any text.
//
// An error beside a Part is about this record, and others follow. One without is
// about the file, and comes last: it wraps ErrUnsupported, or is ctx's, or says
// what is wrong or which bound the file exceeds. Its Document is empty.
func Extract(ctx context.Context, name string, r io.ReaderAt, size int64, o Options) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		o := o.withDefaults()
		limited, cancel := context.WithTimeoutCause(ctx, o.Time, fmt.Errorf("took longer than %v", o.Time))
		defer cancel()
		in := &input{ctx: limited, name: name, r: r, size: size, options: o, yield: yield}
		err := in.read()
		switch {
		case in.stopped || err == nil:
			return
		case ctx.Err() != nil:
			yield(Document{}, ctx.Err())
			return
		case limited.Err() != nil:
			err = context.Cause(limited)
		}
		if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
			err = inner.Err // the path is said already
		}
		yield(Document{}, in.wrap(err))
	}
}

// input is a file that is read.
type input struct {
	ctx     context.Context // ends when the time is over
	name    string
	r       io.ReaderAt
	size    int64
	options Options
	format  *format

	yield   func(Document, error) bool
	stopped bool // yield wants no more
}

func (in *input) wrap(err error) error { return fmt.Errorf("extract: %s: %w", in.name, err) }

func (in *input) read() error {
	if in.size == 0 {
		return nil
	}
	if in.size > in.options.MaxFile {
		return fmt.Errorf("has %d bytes, the limit is %d", in.size, in.options.MaxFile)
	}
	head := make([]byte, min(in.size, sniffed))
	if n, err := in.r.ReadAt(head, 0); n < len(head) {
		return fmt.Errorf("reading the first %d bytes: %w", len(head), err)
	}
	var err error
	if in.format, err = detect(in.name, head); err != nil {
		return err
	}
	return in.format.read(in)
}

// emit yields a document. It returns false if no more are wanted.
func (in *input) emit(d Document) bool {
	d.Title, d.Text, d.Format, d.Headings = title(d.Title), tidy(d.Text), in.format.name, in.format.headings
	if strings.TrimSpace(d.Text) == "" {
		return true
	}
	in.stopped = !in.yield(d, nil)
	return !in.stopped
}

// bad yields the error of a record. It returns false if no more are wanted.
func (in *input) bad(part string, err error) bool {
	in.stopped = !in.yield(Document{Part: part}, in.wrap(fmt.Errorf("%s: %w", part, err)))
	return !in.stopped
}

// raw returns the bytes of a file of text.
func (in *input) raw() (string, error) {
	if in.size > in.options.MaxText {
		return "", fmt.Errorf("has %d bytes of text, the limit is %d", in.size, in.options.MaxText)
	}
	// A Builder, so that no copy is made in the end.
	var text strings.Builder
	text.Grow(int(in.size))
	part := make([]byte, min(in.size, 1<<20))
	for at := int64(0); at < in.size; at += int64(len(part)) {
		if err := in.ctx.Err(); err != nil {
			return "", err
		}
		part = part[:min(in.size-at, int64(len(part)))]
		if n, err := in.r.ReadAt(part, at); n < len(part) {
			return "", fmt.Errorf("reading at byte %d of %d: %w", at+int64(n), in.size, err)
		}
		text.Write(part)
	}
	return text.String(), nil
}

// text returns a file of text in UTF-8.
func (in *input) text() (string, error) {
	raw, err := in.raw()
	if err != nil {
		return "", err
	}
	return decode(raw)
}

const maxTitle = 500 // bytes of a title

// title makes one line of s that is not too long.
func title(s string) string {
	s = strings.Join(strings.Fields(tidy(cut(s, 4*maxTitle))), " ")
	return cut(s, maxTitle)
}

// cut returns the first n bytes of s or a little less, whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := 0; i < utf8.UTFMax && n > 0 && !utf8.RuneStart(s[n]); i++ {
		n--
	}
	return s[:n]
}

// tidy makes valid UTF-8 without NUL, with \n between lines, of s.
func tidy(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, string(unicode.ReplacementChar))
	}
	if strings.ContainsAny(s, "\r\x00") {
		s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", string(unicode.ReplacementChar)).Replace(s)
	}
	return s
}
