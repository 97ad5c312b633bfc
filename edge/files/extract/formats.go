package extract

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// sniffed is how many bytes at the beginning of a file tell what it is.
const sniffed = 8 << 10

// format is a kind of file.
type format struct {
	name     string
	headings bool
	records  bool               // are read one by one, so that the file may be larger than memory
	read     func(*input) error // gives its documents to emit
	endings  []string           // of names, in small letters
	begins   func(head []byte) bool
	start    func(context.Context) error // of a Reader; may be nil
	patience int                         // of a Reader
}

// ownFormats are all kinds of files that this package knows, those first that are told
// by their contents.
func ownFormats() []*format {
	return []*format{
		{name: "pdf", read: missingPDF, endings: []string{".pdf"}, begins: beginsPDF},
		{name: "docx", headings: true, read: readDOCX, endings: []string{".docx", ".docm", ".dotx", ".dotm"}, begins: beginsZIPWith("word/")},
		{name: "pptx", headings: true, read: readPPTX, endings: []string{".pptx", ".pptm", ".ppsx", ".potx"}, begins: beginsZIPWith("ppt/")},
		{name: "xlsx", headings: true, read: readXLSX, endings: []string{".xlsx", ".xlsm", ".xltx"}, begins: beginsZIPWith("xl/")},
		{name: "odf", headings: true, read: readODF, endings: []string{".odt", ".ods", ".odp", ".ott", ".otp", ".ots"}, begins: beginsZIPWith("mimetypeapplication/vnd.oasis.opendocument.")},
		{name: "epub", headings: true, read: readEPUB, endings: []string{".epub"}, begins: beginsZIPWith("mimetypeapplication/epub+zip")}, // EPUB asks for this as the first entry
		{name: "rtf", read: readRTF, endings: []string{".rtf"}, begins: beginsRTF},
		{name: "gzip", read: readGZIP, endings: []string{".gz"}, begins: beginsGZIP},
		{name: "html", headings: true, read: readHTML, endings: []string{".html", ".htm", ".xhtml"}},
		{name: "markdown", headings: true, read: readMarkdown, endings: []string{".md", ".markdown", ".mdown", ".mkd"}},
		{name: "notebook", headings: true, read: readNotebook, endings: []string{".ipynb"}},
		{name: "subtitles", read: readSubtitles, endings: []string{".srt", ".vtt"}},
		{name: "jsonl", records: true, read: readJSONL, endings: []string{".jsonl", ".ndjson"}},
		{name: "csv", records: true, read: readCSV, endings: []string{".csv", ".tsv"}},
		{name: "code", read: readCode, endings: codeEndings},
		{name: "text", read: readText},
		{name: "lines", records: true, read: readLines}, // only where Options.Format asks for it, and for streams
	}
}

var codeEndings = []string{
	".asm", ".awk", ".bash", ".bat", ".c", ".cc", ".clj", ".cmake", ".cpp", ".cs", ".css", ".cxx", ".d", ".dart", ".el", ".elm",
	".erl", ".ex", ".exs", ".f90", ".fish", ".fs", ".go", ".gradle", ".graphql", ".groovy", ".h", ".hh", ".hpp", ".hs", ".ini",
	".java", ".jl", ".js", ".json", ".jsx", ".kt", ".kts", ".less", ".lisp", ".lua", ".m", ".map", ".mjs", ".mk", ".ml", ".mli", ".mm",
	".nim", ".nix", ".pas", ".php", ".pl", ".pm", ".proto", ".ps1", ".py", ".r", ".rb", ".rs", ".s", ".scala", ".scm", ".scss",
	".sh", ".sol", ".sql", ".swift", ".tcl", ".tf", ".toml", ".ts", ".tsx", ".v", ".vb", ".vhd", ".vim", ".vue", ".xml", ".yaml",
	".yml", ".zig", ".zsh",
}

// byLine says that a format is read line by line, as it arrives.
func (f *format) byLine() bool { return f.name == "jsonl" || f.name == "lines" }

// Formats lists the values that Document.Format has without Options.Readers.
func Formats() []string {
	var names []string
	for _, f := range ownFormats() {
		names = append(names, f.name)
	}
	return names
}

func (o Options) formatNamed(name string) *format {
	for _, f := range o.formats() {
		if f.name == name {
			return f
		}
	}
	return nil
}

// streamFormat tells the format of a stream by how it begins: JSONL if the first
// line with anything in it begins an object, a document a line for other text.
func streamFormat(o Options, name string, head []byte) (*format, error) {
	f, err := detect(o, name, head)
	switch {
	case err == nil && f.name != "text":
		return f, nil
	case hasNUL(head) || beginsZIP(head):
		return nil, err
	case beginsObject.Match(bytes.TrimPrefix(narrow(head), []byte(byteOrderMark))):
		return o.formatNamed("jsonl"), nil
	}
	return o.formatNamed("lines"), nil // control characters, too, come out of programs
}

// narrow is the beginning of a text in UTF-16 or UTF-32 in UTF-8.
func narrow(head []byte) []byte {
	e := encodingOf(head)
	if e == nil {
		return head
	}
	text, err := e.NewDecoder().Bytes(head)
	if err != nil {
		return head
	}
	return text
}

// hasNUL tells bytes that are no text in any encoding.
func hasNUL(head []byte) bool { return encodingOf(head) == nil && bytes.IndexByte(head, 0) >= 0 }

// beginsObject matches the beginning of a JSON object, and not of a line that
// merely opens a brace.
var beginsObject = regexp.MustCompile(`^\s*\{\s*["}]`)

// detect tells the format of a file by how it begins, then by the ending of its
// name. Text without a known ending is HTML if it begins so, and else text.
func detect(o Options, name string, head []byte) (*format, error) {
	ending := strings.ToLower(path.Ext(filepath.ToSlash(name)))
	all := o.formats()
	var byName, byStart *format
	for _, f := range slices.Backward(all) {
		if slices.Contains(f.endings, ending) {
			byName = f
		}
		if f.begins != nil && f.begins(head) {
			byStart = f
		}
	}
	switch {
	case beginsZIP(head) && byName != nil && byName.endings != nil && byName.begins != nil:
		return byName, nil // the entry that tells may stand late
	case byStart != nil:
		return byStart, nil
	case beginsZIP(head):
		return nil, fmt.Errorf("is a ZIP archive: %w", ErrUnsupported)
	case byName != nil && byName.begins != nil && bytes.HasPrefix(head, []byte(compoundFile)):
		return nil, Refuse(ErrEncrypted, "is encrypted with a password, or of an old Microsoft Office")
	case byName != nil && byName.begins != nil:
		return nil, fmt.Errorf("doesn't begin as %s files do", strings.ToUpper(byName.name))
	case isBinary(head):
		return nil, fmt.Errorf("is %s: %w", binaryKind(head), ErrUnsupported)
	case byName != nil:
		return byName, nil
	case beginsHTML(head):
		return o.formatNamed("html"), nil
	}
	return o.formatNamed("text"), nil
}

func beginsPDF(head []byte) bool {
	const maxPrefix = 1024 // bytes that may stand before the header
	return bytes.Contains(head[:min(len(head), maxPrefix)], []byte("%PDF-"))
}

func beginsRTF(head []byte) bool { return bytes.HasPrefix(head, []byte(`{\rtf`)) }

func beginsGZIP(head []byte) bool { return bytes.HasPrefix(head, []byte("\x1f\x8b\x08")) }

func beginsZIP(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

// beginsZIPWith tells archives by what stands in the names or contents of their first
// entries.
func beginsZIPWith(mark string) func([]byte) bool {
	return func(head []byte) bool { return beginsZIP(head) && bytes.Contains(head, []byte(mark)) }
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
	return controls > len(head)/100 || bytes.HasPrefix(head, []byte("%!PS"))
}

// compoundFile begins the files of Microsoft Office up to 2003, and newer ones that
// are encrypted.
const compoundFile = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// binaryKind names what a file is that has no text to read, as far as that is worth
// saying.
func binaryKind(head []byte) string {
	for _, k := range []struct{ begin, kind string }{
		{compoundFile, "a document of an old Microsoft Office"},
		{"%!PS", "PostScript"},
		{"\x89PNG", "a picture"}, {"\xff\xd8\xff", "a picture"}, {"GIF8", "a picture"},
		{"7z\xbc\xaf", "an archive"}, {"Rar!", "an archive"}, {"BZh", "an archive"}, {"\xfd7zXZ", "an archive"},
	} {
		if bytes.HasPrefix(head, []byte(k.begin)) {
			return k.kind
		}
	}
	return "a binary file"
}

// beginsHTML reports a page that begins with its doctype or first element.
func beginsHTML(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\uFEFF")), " \t\r\n\f")
	start := strings.ToLower(string(head[:min(len(head), 16)]))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}
