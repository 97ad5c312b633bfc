package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
		reader := lineReader{in: bufio.NewReaderSize(strings.NewReader(text), 16), longest: 1 << 20}
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
	const longest = 1 << 20
	long := io.LimitReader(endless{}, 3*longest)
	reader := lineReader{in: bufio.NewReader(io.MultiReader(long, strings.NewReader("\nb"))), longest: longest}
	if _, err := reader.next(); !errors.Is(err, errLongLine) {
		t.Fatalf("found %v", err)
	}
	if cap(reader.buf) > 2*longest {
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
		"text":              "lines",
		"{":                 "lines",
		"{a}":               "lines",
		"[1]":               "lines",
		`{"text":"a"}`:      "jsonl",
		"\n  { \"text\": 1": "jsonl",
		"\uFEFF{}":          "jsonl",
		"a\n{\"text\":1}":   "lines",
		"<!doctype html>":   "html",
		"%PDF-1.7":          "pdf",
	}
	for start, want := range tests {
		if got, err := streamFormat(Options{}, "-", []byte(start)); err != nil || got.name != want {
			t.Errorf("%q is %v, %v, want %s", start, got, err, want)
		}
	}
}

// TestStream reads lines as they arrive, and what isn't lines once it is there.
func TestStream(t *testing.T) {
	in, out := io.Pipe()
	go func() {
		io.WriteString(out, "red\n\nblue éé \xff\n")
		io.WriteString(out, strings.Repeat("x", 50)+"\nlast")
		out.Close()
	}()
	var got []string
	for d, err := range Stream(t.Context(), "-", in, Options{MaxText: 20}) {
		got = append(got, fmt.Sprint(d.Part, "|", d.Record, "|", d.Text, "|", d.Repaired, "|", err))
	}
	want := []string{"line 1|1|red|false|<nil>", "line 3|3|blue éé \uFFFD|true|<nil>",
		"line 4|4||false|extract: -: line 4: is longer than the limit for one document, 20 bytes", "line 5|5|last|false|<nil>"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	docx, err := os.ReadFile(filepath.Join(library, "moving-house.docx"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for d, err := range Stream(t.Context(), "-", bytes.NewReader(docx), Options{}) {
		if n++; err != nil || d.Format != "docx" || d.Record != 0 {
			t.Errorf("found %+v, %v", d, err)
		}
	}
	for _, err := range Stream(t.Context(), "-", bytes.NewReader(docx), Options{MaxFile: 100}) {
		if n++; err == nil || !strings.Contains(err.Error(), "more than 100 bytes") {
			t.Errorf("found %v", err)
		}
	}
	for range Stream(t.Context(), "-", strings.NewReader(""), Options{}) {
		n++
	}
	if n != 2 {
		t.Errorf("found %d results, want 2", n)
	}
}

func TestForcedFormat(t *testing.T) {
	for _, test := range []struct {
		format, data string
		want         int // documents
		bad          string
	}{
		{"text", "a\nb\n", 1, ""}, {"lines", "a\nb\n", 2, ""}, {"jsonl", "a\n", 0, "is no JSON object"},
		{"text", "a\x00\x00b", 0, "is a binary file"}, {"poem", "a", 0, `found "poem"`},
	} {
		documents, errs := read(t, "a.md", []byte(test.data), Options{Format: test.format})
		if len(documents) != test.want || (test.bad != "") != (len(errs) == 1) || test.bad != "" && !strings.Contains(errs[0].Error(), test.bad) {
			t.Errorf("%s: found %v, %v", test.format, documents, errs)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"id":"a","title":"b","text":"c"}`))
	f.Add([]byte(`{"_id":7,"text":null}`))
	f.Add([]byte(`{"text":{}}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, line []byte) {
		d, err := record(string(line), "text")
		if _, left := d.Metadata["text"]; err == nil && left {
			t.Errorf("%q: %+v", line, d)
		}
		if err != nil && bytes.Contains([]byte(err.Error()), []byte("\x00")) {
			t.Errorf("%q: %v", line, err)
		}
	})
}
