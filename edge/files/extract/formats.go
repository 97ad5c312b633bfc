package extract

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// sniffed is how many bytes at the beginning of a file tell what it is.
const sniffed = 8 << 10

// format is a kind of file.
type format struct {
	name     string
	headings bool
	read     func(*input) error // gives its documents to emit
	endings  []string           // of names, in small letters
}

// formats are all kinds of files, those first that are told by their contents.
var formats = []*format{
	{"pdf", false, readPDF, []string{".pdf"}},
	{"docx", true, readDOCX, []string{".docx", ".docm"}},
	{"epub", true, readEPUB, []string{".epub"}},
	{"html", true, readHTML, []string{".html", ".htm", ".xhtml"}},
	{"markdown", true, readMarkdown, []string{".md", ".markdown", ".mdown", ".mkd"}},
	{"jsonl", false, readJSONL, []string{".jsonl", ".ndjson"}},
	{"csv", false, readCSV, []string{".csv", ".tsv"}},
	{"code", false, readText, []string{
		".asm", ".awk", ".bash", ".bat", ".c", ".cc", ".clj", ".cmake", ".cpp", ".cs", ".css", ".cxx", ".d", ".dart", ".el", ".elm",
		".erl", ".ex", ".exs", ".f90", ".fish", ".fs", ".go", ".gradle", ".graphql", ".groovy", ".h", ".hh", ".hpp", ".hs", ".ini",
		".java", ".jl", ".js", ".json", ".jsx", ".kt", ".kts", ".less", ".lisp", ".lua", ".m", ".mjs", ".mk", ".ml", ".mli", ".mm",
		".nim", ".nix", ".pas", ".php", ".pl", ".pm", ".proto", ".ps1", ".py", ".r", ".rb", ".rs", ".s", ".scala", ".scm", ".scss",
		".sh", ".sol", ".sql", ".swift", ".tcl", ".tf", ".toml", ".ts", ".tsx", ".v", ".vb", ".vhd", ".vim", ".vue", ".xml", ".yaml",
		".yml", ".zig", ".zsh",
	}},
	{"text", false, readText, nil},
	{"lines", false, readLines, nil}, // only where Options.Format asks for it, and for streams
}

// byLine says that a format is read line by line, as it arrives.
func (f *format) byLine() bool { return f.name == "jsonl" || f.name == "lines" }

// Formats lists the values that Document.Format has.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

func formatNamed(name string) *format {
	for _, f := range formats {
		if f.name == name {
			return f
		}
	}
	return nil
}

// streamFormat tells the format of a stream by how it begins: JSONL if the first
// line with anything in it begins an object, a document a line for other text.
func streamFormat(name string, head []byte) (*format, error) {
	f, err := detect(name, head)
	switch {
	case err == nil && f.name != "text":
		return f, nil
	case hasNUL(head) || bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, err
	case beginsObject.Match(bytes.TrimPrefix(head, []byte(byteOrderMark))):
		return formatNamed("jsonl"), nil
	}
	return formatNamed("lines"), nil // control characters, too, come out of programs
}

// hasNUL tells bytes that are no text in any encoding.
func hasNUL(head []byte) bool { return encodingOf(head) == nil && bytes.IndexByte(head, 0) >= 0 }

// beginsObject matches the beginning of a JSON object, and not of a line that
// merely opens a brace.
var beginsObject = regexp.MustCompile(`^\s*\{\s*["}]`)

// detect tells the format of a file by how it begins, then by the ending of its
// name. Text without a known ending is HTML if it begins so, and else text.
func detect(name string, head []byte) (*format, error) {
	ending := strings.ToLower(path.Ext(filepath.ToSlash(name)))
	var byName *format
	for _, f := range formats {
		for _, e := range f.endings {
			if e == ending {
				byName = f
			}
		}
	}
	switch {
	case bytes.Contains(head[:min(len(head), maxPDFPrefix)], []byte(pdfHeader)):
		return formatNamed("pdf"), nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		if byName == formatNamed("docx") || byName == formatNamed("epub") {
			return byName, nil
		}
		return archiveFormat(head)
	case byName != nil && (byName.name == "pdf" || byName.name == "docx" || byName.name == "epub"):
		return nil, fmt.Errorf("doesn't begin as %s files do", strings.ToUpper(byName.name))
	case isBinary(head):
		return nil, fmt.Errorf("is a binary file: %w", ErrUnsupported)
	case byName != nil:
		return byName, nil
	case beginsHTML(head):
		return formatNamed("html"), nil
	}
	return formatNamed("text"), nil
}

// archiveFormat tells what kind of document a ZIP archive is whose name doesn't.
func archiveFormat(head []byte) (*format, error) {
	switch {
	case bytes.Contains(head, []byte("mimetypeapplication/epub+zip")): // EPUB asks for this as the first entry
		return formatNamed("epub"), nil
	case bytes.Contains(head, []byte("word/")):
		return formatNamed("docx"), nil
	}
	return nil, fmt.Errorf("is a ZIP archive: %w", ErrUnsupported)
}

// isBinary reports that a file that begins like this is no text: it has NUL, and
// not as UTF-16 has it, many control characters, or is a kind of document in
// letters that no person reads.
func isBinary(head []byte) bool {
	if encodingOf(head) != nil {
		return false
	}
	controls := 0
	for _, c := range head {
		switch {
		case c == 0:
			return true
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\b' && c != '\x1b':
			controls++
		}
	}
	return controls > len(head)/100 || bytes.HasPrefix(head, []byte(`{\rtf`)) || bytes.HasPrefix(head, []byte("%!PS"))
}

// beginsHTML reports a page that begins with its doctype or first element.
func beginsHTML(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), " \t\r\n\f")
	start := strings.ToLower(string(head[:min(len(head), 16)]))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}
