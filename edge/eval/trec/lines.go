package trec

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxLine bounds the length of a line, in bytes.
const maxLine = 1 << 20

// lines calls use with the fields of each line that isn't blank. Errors say where.
func lines(r io.Reader, name string, use func(fields []string) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	number := 0
	for scanner.Scan() {
		number++
		if !utf8.Valid(scanner.Bytes()) {
			return fmt.Errorf("trec: %s:%d: expected UTF-8, found other bytes", name, number)
		}
		fields := strings.Fields(scanner.Text())
		if len(fields) == 0 {
			continue
		}
		if err := use(fields); err != nil {
			return fmt.Errorf("trec: %s:%d: %w", name, number, err)
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("trec: %s:%d: line longer than %d MiB", name, number+1, maxLine>>20)
	} else if err != nil {
		return fmt.Errorf("trec: %s: %w", name, err)
	}
	return nil
}
