package extract

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

const replacement = string(unicode.ReplacementChar)

// lineDecoder makes UTF-8 of lines one by one: in no encoding of those that are guessed
// is the end of a line a part of another character.
type lineDecoder struct {
	encoding encoding.Encoding // nil: UTF-8
	settled  bool              // which it is
}

// settle decides by a sample of the text, as for a whole one, of which lines in ASCII
// would only dilute what the others say.
func (d *lineDecoder) settle(sample string) {
	var telling strings.Builder
	for line := range strings.Lines(sample) {
		if b := []byte(line); !isASCII(b) || mayShift(b) {
			telling.WriteString(line)
		}
	}
	d.encoding, _ = encodingFor(telling.String(), "")
	d.settled = true
}

// decode returns a line in UTF-8. The first line beyond ASCII decides about a stream,
// with what has arrived of those that follow.
func (d *lineDecoder) decode(line []byte, rest *bufio.Reader) (text string, repaired bool, err error) {
	if !d.settled && (!isASCII(line) || mayShift(line)) {
		next, err := rest.Peek(rest.Buffered())
		if err != nil {
			return "", false, err
		}
		// Half a word at the end may look like something else.
		d.settle(string(line) + "\n" + string(wholeLines(next)))
		d.settled = d.encoding != nil || !isASCII(line)
	}
	if d.encoding == nil {
		return strings.ToValidUTF8(string(line), replacement), !utf8.Valid(line), nil
	}
	text, err = d.encoding.NewDecoder().String(string(line))
	return text, strings.Contains(text, replacement), err
}

// strange returns a sample of a file from about where its encoding shows: where it is
// no UTF-8, or else has what may be shifts of ISO 2022. It is empty if the file is UTF-8
// all over.
func (in *input) strange() (string, error) {
	part := make([]byte, min(in.size, 1<<20))
	shift := int64(-1)
	for at := int64(0); at < in.size; {
		if err := in.ctx.Err(); err != nil {
			return "", err
		}
		part = part[:min(in.size-at, int64(len(part)))]
		if err := in.fill(part, at); err != nil {
			return "", err
		}
		if at+int64(len(part)) < in.size {
			part = part[:wholeCharacters(part)]
		}
		if n := firstBad(part); n >= 0 {
			return in.sample(at + int64(n))
		}
		if shift < 0 && mayShift(part) {
			shift = at + int64(bytes.IndexByte(part, '\x1b'))
		}
		at += int64(len(part))
		part = part[:cap(part)]
	}
	if shift < 0 {
		return "", nil
	}
	return in.sample(shift)
}

// sample returns whole lines of a file around a place, as far as there are any.
func (in *input) sample(at int64) (string, error) {
	start := max(0, at-guessed/4)
	sample := make([]byte, min(in.size-start, guessed))
	if err := in.fill(sample, start); err != nil {
		return "", err
	}
	cut := start+int64(len(sample)) < in.size
	if end := bytes.IndexByte(sample[:at-start], '\n'); start > 0 && end >= 0 {
		sample = sample[end+1:]
	}
	if cut {
		sample = wholeLines(sample)
	}
	return string(sample), nil
}

// wholeLines leaves out the last line, which may be cut, unless that is much of b.
func wholeLines(b []byte) []byte {
	if end := bytes.LastIndexByte(b, '\n') + 1; end > len(b)/2 {
		return b[:end]
	}
	return b
}

// fill reads all of p from a place of the file.
func (in *input) fill(p []byte, at int64) error {
	if n, err := in.r.ReadAt(p, at); n < len(p) {
		return fmt.Errorf("reading at byte %d of %d: %w", at+int64(n), in.size, err)
	}
	return nil
}

// wholeCharacters is how much of b is left without a character of UTF-8 that is cut at
// its end.
func wholeCharacters(b []byte) int {
	for n := 1; n < utf8.UTFMax && n < len(b); n++ {
		if last := b[len(b)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return len(b) - n
			}
			break
		}
	}
	return len(b)
}

// firstBad returns where bytes are no UTF-8; -1 if they are.
func firstBad(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for at := 0; ; {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}

// mayShift reports bytes that may be ISO 2022, which is all ASCII.
func mayShift(b []byte) bool {
	return bytes.Contains(b, []byte("\x1b$")) || bytes.Contains(b, []byte("\x1b("))
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
}
