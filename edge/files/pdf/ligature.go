package pdf

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/toller-search/toller/edge/files/extract"
)

const (
	differencesWindow = 64 << 10 // bytes in which an array of names ends
	readAtOnce        = 1 << 20
)

// ligatures returns a function that looks up the letters of codes that a file's fonts
// name as ligatures of several glyphs, f_f_i or T_h (Adobe Glyph List
// Specification, section 2): PDFium knows only those with a code of their own. What
// two fonts disagree about is left out, and what stands in compressed objects isn't
// found. The file is read when a code is looked up first.
func ligatures(in *extract.Input) func() map[rune]string {
	var found map[rune]string
	return func() map[rune]string {
		if found == nil {
			found = readLigatures(in, in.Size())
		}
		return found
	}
}

func readLigatures(file io.ReaderAt, size int64) map[rune]string {
	found := map[rune]string{}
	buffer := make([]byte, readAtOnce)
	for at := int64(0); at < size; at += readAtOnce - differencesWindow {
		n, err := file.ReadAt(buffer, at)
		part := buffer[:n]
		for {
			i := bytes.Index(part, []byte("/Differences"))
			if i < 0 {
				break
			}
			part = part[i+len("/Differences"):]
			list := part[:min(len(part), differencesWindow)]
			if from, to := bytes.IndexByte(list, '['), bytes.IndexByte(list, ']'); from >= 0 && from < to {
				addLigatures(found, string(list[from+1:to]))
			}
		}
		if err != nil {
			break // io.EOF, or an error that PDFium met, too
		}
	}
	return found
}

// addLigatures reads the array of an encoding's differences: codes, each followed by
// names of glyphs for it and the codes after it.
func addLigatures(found map[rune]string, list string) {
	code := rune(0)
	for _, token := range strings.Fields(strings.ReplaceAll(list, "/", " /")) {
		name, ok := strings.CutPrefix(token, "/")
		if !ok {
			n, err := strconv.ParseUint(token, 10, 8)
			if err != nil {
				return
			}
			code = rune(n)
			continue
		}
		name, _, _ = strings.Cut(name, ".")
		if letters := strings.ReplaceAll(name, "_", ""); len(letters) < len(name) && len(name) == 2*len(letters)-1 && isLetters(letters) {
			if old, ok := found[code]; ok && old != letters {
				letters = ""
			}
			found[code] = letters
		}
		code++
	}
}

func isLetters(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsLetter(c) })
}
