package extract

import (
	"io"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// survey tells the encoding of a file that memory may be too small for, as decode tells
// that of a text, and if it is UTF-8, which nil stands for, how many bytes are not.
func (in *input) survey() (e encoding.Encoding, name string, bad int, err error) {
	if e := encodingOf(in.head); e != nil {
		return e, nameWide, 0, nil
	}
	l, first, err := in.letters()
	if err != nil {
		return nil, "", 0, err
	}
	sample := ""
	if l.bad > 0 || l.shifts {
		if sample, err = in.telling(first); err != nil {
			return nil, "", 0, err
		}
	}
	if e, name = l.encoding(sample, declaredXML(string(in.head))); e == nil {
		name = nameUTF8
	}
	return e, name, l.bad, nil
}

// letters reads a file through for what tells its encoding, and for where it is no ASCII.
func (in *input) letters() (all letters, first int64, err error) {
	first = in.size
	part := make([]byte, min(in.size, 1<<20))
	for at := int64(0); at < in.size; {
		if err := in.ctx.Err(); err != nil {
			return all, first, err
		}
		part = part[:min(in.size-at, int64(cap(part)))]
		if err := in.fill(part, at); err != nil {
			return all, first, err
		}
		text := part
		if at+int64(len(part)) < in.size {
			text = part[:wholeCharacters(part)]
			if last := len(text) - 1; text[last] == '\x1b' { // what follows it tells
				text = text[:last]
			}
		}
		if n := slices.IndexFunc(text, func(c byte) bool { return c >= utf8.RuneSelf }); n >= 0 {
			first = min(first, at+int64(n))
			good, bad := countUTF8(string(text[n:]))
			all.good, all.bad = all.good+good, all.bad+bad
		}
		all.shifts = all.shifts || mayShift(text)
		at += int64(len(text))
	}
	return all, first, nil
}

// telling returns what cutBytes does of a file that is ASCII up to a place.
func (in *input) telling(first int64) (string, error) {
	start := max(0, min(first, in.size-guessed)-guessed/4)
	sample := make([]byte, min(in.size, guessed))
	err := in.fill(sample, start)
	return string(sample), err
}

// contents reads a file from a place on. It fails when ctx has ended, and where the file
// has become shorter than it was.
func (in *input) contents(from int64) io.Reader { return &contents{in, from} }

type contents struct {
	in *input
	at int64
}

func (c *contents) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), c.in.size-c.at)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	if err := c.in.ctx.Err(); err != nil {
		return 0, err
	}
	if err := c.in.fill(p, c.at); err != nil {
		return 0, err
	}
	c.at += int64(len(p))
	return len(p), nil
}

// counter counts what is read through it of U+FFFD.
type counter struct {
	in    io.Reader
	begun int // bytes of one that may follow
	found int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	for _, b := range p[:n] {
		switch {
		case b == replacement[c.begun]:
			if c.begun++; c.begun == len(replacement) {
				c.begun, c.found = 0, c.found+1
			}
		case b == replacement[0]:
			c.begun = 1
		default:
			c.begun = 0
		}
	}
	return n, err
}
