package extract

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxCodeLine is how long a line of a kind of code may be that is often generated;
// nobody writes longer ones.
const maxCodeLine = 2000

// readCode reads source code as it is. Lines of scripts and style sheets that a
// program made, as minified ones are, are left out and named.
func readCode(in *input) error {
	text, err := in.text()
	if err != nil {
		return err
	}
	d := Document{Text: text}
	if slices.Contains([]string{".js", ".mjs", ".cjs", ".css", ".jsx", ".map"}, strings.ToLower(path.Ext(filepath.ToSlash(in.name)))) {
		if d.Text, d.Missing = withoutLongLines(tidy(text)); len(d.Missing) > 0 {
			d.Class = ErrGenerated
		}
	}
	in.emit(d)
	return nil
}

func withoutLongLines(text string) (rest string, missing []string) {
	var out strings.Builder
	n, lines, size, first := 0, 0, 0, 0
	for line := range strings.Lines(text) {
		if n++; len(line) <= maxCodeLine {
			out.WriteString(line)
			continue
		}
		if lines++; first == 0 {
			first = n
		}
		size += len(line)
	}
	switch {
	case lines == 0:
		return text, nil
	case lines == 1:
		missing = []string{fmt.Sprintf("line %d: is generated code, of %d bytes", first, size)}
	default:
		missing = []string{fmt.Sprintf("%d lines from line %d on: are generated code, of %d bytes", lines, first, size)}
	}
	return out.String(), missing
}
