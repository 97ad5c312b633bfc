package beir

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"unicode/utf8"
)

// maxLine bounds the memory that one line can take, in bytes.
const maxLine = 64 << 20

// A line of a file, without its line break. The text is valid UTF-8 and only
// valid until the next line is read.
type line struct {
	path   string
	number int // from 1
	text   []byte
}

// fail puts file and line in front of an error.
func (l line) fail(err error) error {
	return fmt.Errorf("beir: %s:%d: %w", l.path, l.number, err)
}

// lines streams the lines of a file that aren't blank, gunzipping a file
// whose name ends in .gz. The sequence ends after the first error.
func lines(path string) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(line{}, fmt.Errorf("beir: %w", err))
			return
		}
		defer file.Close()
		var source io.Reader = file
		if strings.HasSuffix(path, ".gz") {
			unzip, err := gzip.NewReader(file)
			if err != nil {
				yield(line{}, fmt.Errorf("beir: %s: %w", path, err))
				return
			}
			defer unzip.Close()
			source = unzip
		}

		scanner := bufio.NewScanner(source)
		scanner.Buffer(nil, maxLine)
		current := line{path: path}
		for scanner.Scan() {
			current.number++
			current.text = scanner.Bytes()
			if !utf8.Valid(current.text) {
				yield(line{}, current.fail(errors.New("expected UTF-8, found other bytes")))
				return
			}
			if len(bytes.TrimSpace(current.text)) == 0 {
				continue
			}
			if !yield(current, nil) {
				return
			}
		}
		if err := scanner.Err(); err != nil {
			if errors.Is(err, bufio.ErrTooLong) {
				err = fmt.Errorf("line longer than %d MiB", maxLine>>20)
			}
			current.number++
			yield(line{}, current.fail(err))
		}
	}
}
