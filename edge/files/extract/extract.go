package extract

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/internal/character"
)

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
	// ID is a record's own id, if it has one, and Record its place in the file: its
	// line or row, counted from 1; 0 where the file is one document.
	ID     string
	Record int
	// Missing says what of the file is not in Text, each part with its reason.
	Missing []string
	// Class says of what is missing that it is, or some of it, ErrScanned or ErrGenerated;
	// nil for other reasons.
	Class error
	// Repaired tells that something of a record that can't be read became U+FFFD: bytes
	// that are no characters of its encoding, and halves of characters that JSON escapes.
	Repaired bool
	// Format is how the file was read: one of Formats.
	Format string
	// Headings tells that lines of Text that begin with # are headings, except in
	// fenced code, as in Markdown.
	Headings bool
}

// Options bounds what is read; zero values stand for the defaults.
type Options struct {
	MaxFile  int64         // bytes of a file; 128 MB, 8 GB of one that is read record by record
	MaxText  int64         // bytes of all text made of a file, or of a line of JSONL or row of CSV; 64 MB
	MaxPages int           // of a PDF, beyond which it is read in part; 10,000
	Time     time.Duration // for one file, and as much again for each 128 MB of it, or each MB if it is read record by record; 20 s
	// Format is how a file is read, one of Formats; empty: what it turns out to be.
	Format string
	// TextField is the field of a JSONL record and the column of a CSV row with
	// the text; "text".
	TextField string
	// Readers read kinds of files that this package doesn't, PDF for one.
	Readers []Reader

	maxRecords int64 // bytes of a file that is read record by record
	nested     int   // files that this one is in
}

func (o Options) withDefaults() Options {
	if o.MaxFile <= 0 {
		o.MaxFile, o.maxRecords = 128<<20, 8<<30
	}
	o.maxRecords = max(o.maxRecords, o.MaxFile)
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
		if info.Size() > 0 {
			Extract(ctx, path, f, info.Size(), o)(yield)
			return
		}
		// Those of /proc claim to be empty.
		limit := o.withDefaults().MaxFile
		all, err := io.ReadAll(io.LimitReader(f, limit+1))
		if err != nil {
			yield(Document{}, fmt.Errorf("extract: %w", err))
			return
		}
		Extract(ctx, path, bytes.NewReader(all), int64(len(all)), o)(yield)
	}
}

// Extract makes text of a file of size bytes; name, of which only the ending
// counts, names it in errors. It yields a document for the file, or for each of
// its records, and leaves out a file without any text.
//
// An error beside a Part is about this record, and others follow: it wraps
// ErrEmpty where the record has no text. One without is about the file, and comes
// last: it wraps ErrUnsupported, or is ctx's, or says what is wrong or which bound
// the file exceeds. Its Document is otherwise empty.
func Extract(ctx context.Context, name string, r io.ReaderAt, size int64, o Options) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		in := &input{ctx: ctx, name: name, r: r, size: size, options: o.withDefaults(), yield: yield}
		in.finish(in.open())
	}
}

// Stream makes text of what can be read only once and has no end that is known
// beforehand, such as standard input, as Extract does of a file. Text is taken
// for a document a line, JSONL if an object begins in the first line with anything
// in it, unless Options.Format says otherwise, and lines come as they arrive; other
// formats are read into memory first.
func Stream(ctx context.Context, name string, r io.Reader, o Options) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		in := &input{ctx: ctx, name: name, options: o.withDefaults(), yield: yield}
		in.finish(in.openStream(bufio.NewReaderSize(r, 64<<10)))
	}
}

// input is a file or stream that is read.
type input struct {
	ctx     context.Context
	name    string
	head    []byte      // its first bytes
	r       io.ReaderAt // a file of size bytes; or
	size    int64
	stream  io.Reader // a stream
	options Options
	format  *format

	missing []string // what the next document has to say of the file

	yield   func(Document, error) bool
	stopped bool // yield wants no more
}

// open looks at a file and reads it.
func (in *input) open() error {
	if in.size == 0 {
		return nil
	}
	if in.size > in.options.maxRecords {
		return in.tooLarge(in.options.maxRecords)
	}
	in.head = make([]byte, min(in.size, sniffed))
	if n, err := in.r.ReadAt(in.head, 0); n < len(in.head) {
		return fmt.Errorf("reading the first %d bytes: %w", len(in.head), err)
	}
	return in.read(detect)
}

func (in *input) tooLarge(limit int64) error {
	return Refuse(ErrTooLarge, "has %d bytes, the limit is %d", in.size, limit)
}

// openStream looks at a stream and reads it.
func (in *input) openStream(r *bufio.Reader) error {
	head, err := r.Peek(sniffed)
	if err != nil && err != io.EOF {
		return err
	}
	in.head, in.stream = bytes.Clone(head), r
	if len(head) == 0 {
		return nil
	}
	return in.read(streamFormat)
}

// read reads what has been opened, in the format that was asked for or that
// detect tells.
func (in *input) read(detect func(o Options, name string, head []byte) (*format, error)) (err error) {
	if in.format = in.options.formatNamed(in.options.Format); in.format == nil && in.options.Format != "" {
		return fmt.Errorf("format: expected one of %s, found %q", strings.Join(in.options.names(), ", "), in.options.Format)
	}
	if in.format == nil {
		in.format, err = detect(in.options, in.name, in.head)
	} else if hasNUL(in.head) && in.format.endings == nil {
		err = fmt.Errorf("is a binary file: %w", ErrUnsupported)
	}
	if in.size > in.options.MaxFile && (err != nil || !in.format.records) {
		return in.tooLarge(in.options.MaxFile)
	}
	if err != nil {
		return err
	}
	if in.format.byLine() && in.stream != nil {
		return in.format.read(in) // for as long as it goes on
	}
	if in.stream != nil {
		all, err := io.ReadAll(io.LimitReader(in.stream, in.options.MaxFile+1))
		if err != nil {
			return err
		}
		if in.size = int64(len(all)); in.size > in.options.MaxFile {
			return Refuse(ErrTooLarge, "has more than %d bytes, the limit", in.options.MaxFile)
		}
		in.r = bytes.NewReader(all)
	}
	if in.format.start != nil {
		if err := in.format.start(in.ctx); err != nil {
			return err
		}
	}
	whole, allowed := in.ctx, in.allowed()
	limited, cancel := context.WithTimeoutCause(whole, allowed, fmt.Errorf("took longer than %v", allowed))
	defer cancel()
	in.ctx = limited
	if err = in.format.read(in); err != nil && whole.Err() == nil && limited.Err() != nil {
		err = context.Cause(limited)
	}
	in.ctx = whole
	return err
}

// allowed is how long the reading may take.
func (in *input) allowed() time.Duration {
	slice := int64(128 << 20)
	if in.format.records {
		slice = 1 << 20 // these take no longer than they are long, and a slow disk is no reason to leave any out
	}
	times := (1 + in.size/slice) * int64(max(1, in.format.patience))
	return time.Duration(min(int64(in.options.Time), math.MaxInt64/times) * times)
}

// finish yields what ended the reading, if it was an error.
func (in *input) finish(err error) {
	switch {
	case in.stopped || err == nil:
		return
	case in.ctx.Err() != nil:
		in.yield(Document{}, in.ctx.Err())
		return
	}
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err // the path is said already
	}
	in.yield(Document{}, in.wrap(err))
}

func (in *input) wrap(err error) error { return fmt.Errorf("extract: %s: %w", in.name, err) }

// emit yields a document. It returns false if no more are wanted.
func (in *input) emit(d Document) bool {
	if n := strings.Count(d.Text, "\x00"); n > 0 {
		in.missing = append(in.missing, fmt.Sprintf("%d NUL characters, each now U+FFFD", n))
	}
	d.Missing, in.missing = append(d.Missing, in.missing...), nil
	if more := len(d.Missing) - maxMissing; more > 0 {
		d.Missing = append(d.Missing[:maxMissing:maxMissing], fmt.Sprintf("and %d more", more))
	}
	d.Title, d.Text, d.Format, d.Headings = title(d.Title), tidy(d.Text), in.format.name, in.format.headings
	switch {
	case strings.TrimSpace(d.Text) != "":
	case d.Part == "" && len(d.Missing) > 0:
		err := fmt.Errorf("has no text: %s", strings.Join(d.Missing, "; "))
		if d.Class != nil {
			err = refusal{err, d.Class}
		}
		in.stopped = !in.yield(Document{}, in.wrap(err))
		return !in.stopped
	case d.Part != "":
		return in.bad(d, ErrEmpty)
	default:
		return true
	}
	in.stopped = !in.yield(d, nil)
	return !in.stopped
}

// bad yields the error of a record, known by its Part. It returns false if no more
// are wanted.
func (in *input) bad(d Document, err error) bool {
	in.stopped = !in.yield(Document{Part: d.Part, Record: d.Record}, in.wrap(fmt.Errorf("%s: %w", d.Part, err)))
	return !in.stopped
}

// raw returns the bytes of a file of text.
func (in *input) raw() (string, error) {
	if in.size > in.options.MaxText {
		return "", Refuse(ErrTooLarge, "has %d bytes of text, the limit is %d", in.size, in.options.MaxText)
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
		if err := in.fill(part, at); err != nil {
			return "", err
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
	return in.decode(raw, declaredXML(raw))
}

// decode makes UTF-8 of bytes, and notes what of them is lost.
func (in *input) decode(raw, declared string) (string, error) {
	text, note, err := decode(raw, declared)
	if note != "" {
		in.missing = append(in.missing, note)
	}
	return text, err
}

const (
	maxTitle   = 500 // bytes of a title
	maxMissing = 20  // parts of a document that are said to be missing
)

// title makes one line of s that is not too long.
func title(s string) string {
	s = strings.Join(strings.Fields(tidy(cut(s, 4*maxTitle))), " ")
	return s[:character.Before(s, maxTitle)]
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
