package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/transform"
)

const byteOrderMark = "\uFEFF"

var errLongLine = Refuse(ErrTooLarge, "is longer than the limit for one document")

// lineReader cuts a stream into lines without ever holding more than longest
// bytes of one.
type lineReader struct {
	in      *bufio.Reader
	longest int64
	line    int // number of the line that next returned, from 1
	buf     []byte
}

// next returns the next line without its end; it is valid until the next call.
// A line that is too long gives errLongLine and is passed over. The last error
// is io.EOF.
func (r *lineReader) next() ([]byte, error) {
	r.line++
	r.buf = r.buf[:0]
	long := false
	for {
		part, err := r.in.ReadSlice('\n')
		if long = long || int64(len(r.buf)+len(part)) > r.longest+int64(len("\r\n")); !long {
			r.buf = append(r.buf, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (long || len(r.buf) > 0):
			// The last line has no end; the next call finds the end of the stream.
		case err != nil:
			return nil, err
		}
		if long {
			return nil, errLongLine
		}
		line := bytes.TrimRight(r.buf, "\r\n")
		if r.line == 1 {
			line = bytes.TrimPrefix(line, []byte(byteOrderMark))
		}
		return line, nil
	}
}

// lines gives each line that has more than white space to f, until it returns
// false. Lines come as they arrive: neither the whole file nor the end of a stream
// is waited for. repaired tells that something in a line can't be read and became
// U+FFFD.
func (in *input) lines(f func(n int, line string, repaired bool) bool) error {
	var source io.Reader = in.stream
	var letters lineDecoder
	if source == nil {
		source = in.contents(0)
	}
	wide := encodingOf(in.head)
	switch {
	case wide != nil:
		source = transform.NewReader(source, wide.NewDecoder())
		letters.settled = true
	case in.stream == nil:
		sample, err := in.strange()
		if err != nil {
			return err
		}
		letters.settle(sample)
	default:
		if head := wholeLines(in.head); firstBad(head[:wholeCharacters(head)]) >= 0 || mayShift(head) {
			letters.settle(string(head))
		}
	}
	r := lineReader{in: bufio.NewReaderSize(source, 64<<10), longest: in.options.MaxText}
	for {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		line, err := r.next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, errLongLine):
			if !in.bad(Document{Part: linePart(r.line), Record: r.line}, fmt.Errorf("%w, %d bytes", err, r.longest)) {
				return nil
			}
			continue
		case err != nil:
			return fmt.Errorf("line %d: %w", r.line, err)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		text, repaired, err := letters.decode(line, r.in)
		if err != nil {
			return fmt.Errorf("line %d: %w", r.line, err)
		}
		repaired = repaired || wide != nil && strings.Contains(text, replacement)
		if !f(r.line, text, repaired) {
			return nil
		}
	}
}

func linePart(n int) string { return fmt.Sprintf("line %d", n) }

// readLines reads a document from each line.
func readLines(in *input) error {
	return in.lines(func(n int, line string, repaired bool) bool {
		return in.emit(Document{Text: line, Part: linePart(n), Record: n, Repaired: repaired})
	})
}
