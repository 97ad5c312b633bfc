package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

const byteOrderMark = "\uFEFF"

func withoutBOM(b []byte) []byte { return bytes.TrimPrefix(b, []byte(byteOrderMark)) }

var errLongLine = fmt.Errorf("is longer than %d MB, the limit for one document", maxText>>20)

// lineReader cuts a stream into lines without ever holding more than maxText
// bytes of one.
type lineReader struct {
	in   *bufio.Reader
	line int // number of the line that next returned, from 1
	buf  []byte
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
		if long = long || len(r.buf)+len(part) > maxText+len("\r\n"); !long {
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
			line = withoutBOM(line)
		}
		return line, nil
	}
}
