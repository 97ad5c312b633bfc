package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files"
)

func TestLineReader(t *testing.T) {
	tests := map[string][]string{
		"":                                  nil,
		"a":                                 {"a"},
		"a\n":                               {"a"},
		"a\r\nb":                            {"a", "b"},
		"\n\na":                             {"", "", "a"},
		"\uFEFFa\n\uFEFFb":                  {"a", "\uFEFFb"},
		strings.Repeat("x", 100000) + "\nb": {strings.Repeat("x", 100000), "b"},
	}
	for text, want := range tests {
		reader := lineReader{in: bufio.NewReaderSize(strings.NewReader(text), 16)}
		var got []string
		for {
			line, err := reader.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(line))
		}
		if strings.Join(got, "|") != strings.Join(want, "|") || len(got) != len(want) {
			t.Errorf("%.20q: found %.80q, want %.80q", text, got, want)
		}
	}
}

// A line beyond the limit is passed over without being held, the next is read.
func TestLineTooLong(t *testing.T) {
	long := io.LimitReader(endless{}, 3*maxText)
	reader := lineReader{in: bufio.NewReader(io.MultiReader(long, strings.NewReader("\nb")))}
	if _, err := reader.next(); !errors.Is(err, errLongLine) {
		t.Fatalf("found %v", err)
	}
	if cap(reader.buf) > 2*maxText {
		t.Errorf("held %d bytes", cap(reader.buf))
	}
	line, err := reader.next()
	if err != nil || string(line) != "b" || reader.line != 2 {
		t.Errorf("found %q in line %d, %v", line, reader.line, err)
	}
	if _, err := reader.next(); err != io.EOF {
		t.Errorf("found %v", err)
	}
}

// endless is a stream of the letter x.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestStreamFormat(t *testing.T) {
	tests := map[string]string{
		"":                  formatLines,
		"text":              formatLines,
		"{":                 formatLines,
		"{a}":               formatLines,
		"[1]":               formatLines,
		`{"text":"a"}`:      formatJSONL,
		"\n  { \"text\": 1": formatJSONL,
		"\uFEFF{}":          formatJSONL,
		"a\n{\"text\":1}":   formatLines,
	}
	for start, want := range tests {
		if got := (&collector{format: formatAuto}).streamFormat([]byte(start)); got != want {
			t.Errorf("%q is %s, want %s", start, got, want)
		}
	}
}

// The limit on all texts together ends the reading, with a word.
func TestTotalLimit(t *testing.T) {
	c := &collector{format: formatLines, report: func(files.Unreadable) {}, progress: func(int) {}}
	c.ctx, c.room = t.Context(), 3*bookkeeping
	c.stream("a", strings.NewReader(strings.Repeat("xx\n", 10)))
	c.stream("b", strings.NewReader("yy\n"))
	c.file("c", false)
	if len(c.documents) != 3 || c.badInputs != 1 || c.leftOut.Unread != 2 || !strings.Contains(c.unreadable[0].Error, "line 4") {
		t.Errorf("found %+v", c.collection)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"id":"a","title":"b","text":"c"}`))
	f.Add([]byte(`{"_id":7,"text":null}`))
	f.Add([]byte(`{"text":{}}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, line []byte) {
		d, err := record(line, "text")
		if err == nil && !strings.HasPrefix(d.Text, d.Title) {
			t.Errorf("%q: %+v", line, d)
		}
		if err != nil && bytes.Contains([]byte(err.Error()), []byte("\x00")) {
			t.Errorf("%q: %v", line, err)
		}
	})
}
