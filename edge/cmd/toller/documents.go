package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/files"
)

const (
	maxText  = 64 << 20  // bytes of one document: a larger file or line is reported, not read
	maxTotal = 512 << 20 // bytes of all documents together, bookkeeping included

	bookkeeping = 160 // bytes that a document costs beside its text, about
	sniffed     = 8 << 10
	stdinName   = "-"

	// badLines is how many unreadable lines of one input are reported one by
	// one; the rest is counted.
	badLines = 5
)

// The ways to cut an input into documents: the values of --format.
const (
	formatAuto  = "auto"  // by the name of a file, by the first line of a stream
	formatText  = "text"  // the whole input is one document
	formatLines = "lines" // one document a line, blank lines passed over
	formatJSONL = "jsonl" // one JSON object a line
)

var formats = []string{formatAuto, formatText, formatLines, formatJSONL}

// document is one text and where it came from.
type document struct {
	Name  string // the id of a JSONL record; otherwise the path, with the line where there are several
	Path  string // "-" for standard input
	Line  int    // counted from 1; 0 where the whole file is the document
	ID    string // of a JSONL record, may be empty
	Title string // of a JSONL record, may be empty; Text begins with it
	Text  string // valid UTF-8
}

// collection is what was found under the paths of a command line. Everything
// that did not become a document is counted in one of the other fields.
type collection struct {
	documents  []document
	inputs     int // files and streams that were to be read, unreadable ones included
	badInputs  int // of them, those of which nothing or not everything could be read
	badLines   int // lines that are no JSONL record, or too long
	unreadable []files.Unreadable
	repaired   int // documents with invalid UTF-8, replaced by U+FFFD
	leftOut    leftOut
}

// leftOut counts what was passed over without trying to read it all.
type leftOut struct {
	Hidden  int `json:"hidden"`  // files and folders whose names begin with a dot
	Binary  int `json:"binary"`  // files with a NUL among their first bytes
	Empty   int `json:"empty"`   // files and records without any text
	Special int `json:"special"` // sockets, devices and pipes found in folders
	Linked  int `json:"linked"`  // links to folders found in folders
	Unread  int `json:"unread"`  // inputs met after maxTotal was reached
}

var errFull = fmt.Errorf("reading stopped here: the texts fill the limit of %d MB", maxTotal>>20)

// collector reads documents from paths.
type collector struct {
	format    string
	textField string
	report    func(files.Unreadable) // called at once for every input that can't be read
	progress  func(documents int)

	ctx  context.Context
	room int // bytes left of maxTotal
	collection
}

// collect reads what paths name: files, folders with all that is in them,
// "-" for standard input. What can't be read is reported and counted; the only
// error is that ctx ended.
func (c *collector) collect(ctx context.Context, paths []string) (*collection, error) {
	c.ctx, c.room, c.unreadable = ctx, maxTotal, []files.Unreadable{}
	for _, path := range paths {
		c.argument(path)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return &c.collection, nil
}

func (c *collector) argument(path string) {
	if path == stdinName {
		c.stream(path, os.Stdin)
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		c.inputs++
		c.fail(path, err)
	case info.IsDir():
		c.folder(path)
	case info.Mode().IsRegular():
		c.file(path, true)
	default:
		c.pipe(path)
	}
}

// pipe reads a named pipe or device that the user asked for by name, as in
// toller rank QUERY <(command).
func (c *collector) pipe(path string) {
	file, err := os.Open(path)
	if err != nil {
		c.inputs++
		c.fail(path, err)
		return
	}
	defer file.Close()
	c.stream(path, file)
}

// folder reads everything under path. Links to files are followed, links to
// folders are not, so that no loop of links can hold it up.
func (c *collector) folder(path string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		c.inputs++
		c.fail(path, err)
	}
	for _, entry := range entries {
		if c.ctx.Err() != nil {
			return
		}
		c.entry(filepath.Join(path, entry.Name()), entry)
	}
}

func (c *collector) entry(path string, entry fs.DirEntry) {
	if strings.HasPrefix(entry.Name(), ".") {
		c.leftOut.Hidden++
		return
	}
	kind := entry.Type()
	linked := kind&fs.ModeSymlink != 0
	if linked {
		info, err := os.Stat(path)
		if err != nil {
			c.inputs++
			c.fail(path, err)
			return
		}
		kind = info.Mode().Type()
	}
	switch {
	case kind.IsDir() && linked:
		c.leftOut.Linked++
	case kind.IsDir():
		c.folder(path)
	case kind.IsRegular():
		c.file(path, false)
	default:
		c.leftOut.Special++
	}
}

// file reads a regular file; named tells that the user asked for this very
// file, which makes it worth a word that there is nothing in it to rank.
func (c *collector) file(path string, named bool) {
	if c.room <= 0 {
		c.leftOut.Unread++
		return
	}
	c.inputs++
	file, err := os.Open(path)
	if err != nil {
		c.fail(path, err)
		return
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 64<<10)
	start, err := in.Peek(sniffed)
	switch {
	case err != nil && err != io.EOF:
		c.fail(path, err)
	case bytes.IndexByte(start, 0) >= 0 && named:
		c.fail(path, errors.New("is a binary file"))
	case bytes.IndexByte(start, 0) >= 0:
		c.leftOut.Binary++
	case len(start) == 0 && named:
		c.fail(path, errors.New("is empty"))
	default:
		c.contents(path, in, c.fileFormat(path), size(file))
	}
}

func (c *collector) fileFormat(path string) string {
	if c.format != formatAuto {
		return c.format
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jsonl", ".ndjson":
		return formatJSONL
	}
	return formatText
}

// stream reads standard input or whatever else has no end known beforehand.
func (c *collector) stream(path string, r io.Reader) {
	if c.room <= 0 {
		c.leftOut.Unread++
		return
	}
	c.inputs++
	in := bufio.NewReaderSize(r, 64<<10)
	start, err := in.Peek(sniffed)
	switch {
	case err != nil && err != io.EOF:
		c.fail(path, err)
	case bytes.IndexByte(start, 0) >= 0:
		c.fail(path, errors.New("is binary"))
	default:
		c.contents(path, in, c.streamFormat(start), 0)
	}
}

// streamFormat goes by the first line with anything in it: a stream is JSONL
// if a JSON object begins there.
func (c *collector) streamFormat(start []byte) string {
	if c.format != formatAuto {
		return c.format
	}
	if beginsObject.Match(withoutBOM(start)) {
		return formatJSONL
	}
	return formatLines
}

// beginsObject matches the beginning of a JSON object, and not of a line that
// merely opens a brace.
var beginsObject = regexp.MustCompile(`^\s*\{\s*["}]`)

// size is the size of a regular file, as far as it can be known.
func size(file *os.File) int64 {
	info, err := file.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// contents reads in to its end. size is a guess: files grow, and those of
// /proc claim to be empty.
func (c *collector) contents(path string, in *bufio.Reader, format string, size int64) {
	if format == formatText {
		c.whole(path, in, size)
		return
	}
	c.lines(path, in, format == formatJSONL)
}

var errLarge = fmt.Errorf("is larger than %d MB, the limit for one document", maxText>>20)

// whole adds all of in as one document.
func (c *collector) whole(path string, in io.Reader, size int64) {
	if size > maxText {
		c.fail(path, errLarge)
		return
	}
	var text strings.Builder
	text.Grow(int(size))
	n, err := io.Copy(&text, io.LimitReader(contextReader{c.ctx, in}, maxText+1))
	switch {
	case err != nil:
		c.fail(path, err)
	case n > maxText:
		c.fail(path, errLarge)
	default:
		c.add(document{Name: path, Path: path, Text: text.String()})
	}
}

// lines adds every line of in that has something in it.
func (c *collector) lines(path string, in *bufio.Reader, records bool) {
	bad := c.badLines
	defer func() { c.remainingBadLines(path, c.badLines-bad) }()
	reader := lineReader{in: in}
	for c.ctx.Err() == nil {
		line, err := reader.next()
		switch {
		case err == io.EOF:
			return
		case errors.Is(err, errLongLine):
			c.failLine(path, reader.line, c.badLines-bad, err)
			continue
		case err != nil:
			c.fail(path, fmt.Errorf("line %d: %w", reader.line, err))
			return
		case c.room <= 0:
			c.fail(path, fmt.Errorf("line %d: %w", reader.line, errFull))
			return
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		d, err := c.lineDocument(line, records)
		if err != nil {
			c.failLine(path, reader.line, c.badLines-bad, err)
			continue
		}
		d.Path, d.Line, d.Name = path, reader.line, d.ID
		if d.Name == "" {
			d.Name = fmt.Sprintf("%s:%d", path, reader.line)
		}
		c.add(d)
	}
}

func (c *collector) lineDocument(line []byte, isRecord bool) (document, error) {
	if !isRecord {
		return document{Text: string(line)}, nil
	}
	d, err := record(line, c.textField)
	if err == nil && !utf8.Valid(line) { // encoding/json has replaced what isn't
		c.repaired++
	}
	return d, err
}

// add takes a document in, with its text made valid UTF-8.
func (c *collector) add(d document) {
	d.Text = strings.TrimPrefix(d.Text, byteOrderMark)
	if !utf8.ValidString(d.Text) {
		d.Text = strings.ToValidUTF8(d.Text, string(utf8.RuneError))
		c.repaired++
	}
	if strings.TrimSpace(d.Text) == "" {
		c.leftOut.Empty++
		return
	}
	c.room -= len(d.Text) + len(d.Title) + bookkeeping
	c.documents = append(c.documents, d)
	c.progress(len(c.documents))
}

// fail reports an input that can't be read, or not to its end.
func (c *collector) fail(path string, err error) {
	c.badInputs++
	c.note(path, err)
}

// failLine reports a line that can't be used, up to a number for each input.
func (c *collector) failLine(path string, line, before int, err error) {
	c.badLines++
	if before < badLines {
		c.note(fmt.Sprintf("%s:%d", path, line), err)
	}
}

func (c *collector) remainingBadLines(path string, bad int) {
	if bad > badLines {
		c.note(path, fmt.Errorf("%d more like these", bad-badLines))
	}
}

func (c *collector) note(name string, err error) {
	if c.ctx.Err() != nil {
		return // it is the interruption that made this fail
	}
	u := files.NewUnreadable(name, err)
	c.unreadable = append(c.unreadable, u)
	c.report(u)
}

// contextReader stops at the end of its context.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
