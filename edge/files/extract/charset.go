package extract

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	latin "github.com/saintfish/chardet"
	"github.com/wlynxg/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	utf "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// encodingOf tells UTF-16 and UTF-32 by their byte order mark, and UTF-16 by the NULs
// that beginnings in European languages have in every other byte; nil for anything
// else.
func encodingOf(head []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}):
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}):
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return utf.UTF16(utf.LittleEndian, utf.UseBOM)
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return utf.UTF16(utf.BigEndian, utf.UseBOM)
	}
	head = head[:len(head)&^1]
	if len(head) < 8 {
		return nil
	}
	var even, odd int // bytes that are NUL
	for i := 0; i < len(head); i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	switch half := len(head) / 2; {
	case even == 0 && odd > half*7/10:
		return utf.UTF16(utf.LittleEndian, utf.IgnoreBOM)
	case odd == 0 && even > half*7/10:
		return utf.UTF16(utf.BigEndian, utf.IgnoreBOM)
	}
	return nil
}

// Decode makes UTF-8 of a text of a [Reader], as this package does of its own: see decode.
func Decode(raw, declared string) (text, note string, err error) {
	if text, note, err = decode(raw, declared); err != nil {
		return "", "", err
	}
	return tidy(text), note, nil
}

// What is said of encodings that are not looked up by name.
const (
	nameUTF8 = "UTF-8"
	nameWide = "UTF-16 or UTF-32"
)

// decode makes UTF-8 of a text in the encoding that its byte order mark tells, else
// in UTF-8 if it is that, else in the declared one, if there is one, else in what its
// bytes look most like. note says what became U+FFFD, if anything did.
func decode(raw, declared string) (text, note string, err error) {
	e, name := encodingOf([]byte(raw[:min(len(raw), sniffed)])), nameWide
	if e == nil {
		e, name = encodingFor(raw, declared)
	}
	if e == nil {
		text = strings.TrimPrefix(raw, byteOrderMark)
		return text, replaced(len(raw)-len(strings.ToValidUTF8(raw, "")), nameUTF8), nil
	}
	if text, err = e.NewDecoder().String(raw); err != nil {
		return "", "", err
	}
	return text, replaced(strings.Count(text, string(unicode.ReplacementChar)), name), nil
}

// replaced says how much of a text is not in the encoding that it is taken for.
func replaced(n int, name string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d bytes or characters that are no %s, each now U+FFFD", n, name)
}

// encodingFor returns the encoding of bytes without a byte order mark; nil for UTF-8.
func encodingFor(raw, declared string) (encoding.Encoding, string) {
	l := letters{shifts: strings.Contains(raw, "\x1b$") || strings.Contains(raw, "\x1b(")}
	if !utf8.ValidString(raw) {
		l.good, l.bad = countUTF8(raw)
	}
	return l.encoding(raw, declared)
}

// letters is what tells whether bytes without a byte order mark are UTF-8.
type letters struct {
	good, bad int  // characters beyond ASCII that are, and bytes that are not
	shifts    bool // there is what may be shifts of ISO 2022
}

// encoding returns the encoding of bytes of which a sample is given; nil for UTF-8.
func (l letters) encoding(sample, declared string) (encoding.Encoding, string) {
	e, name := lookup(declared)
	switch {
	case l.bad == 0:
		// Text in seven bits with shifts looks like ASCII.
		if !l.shifts {
			return nil, ""
		}
		if e != nil && name == "iso-2022-jp" || e == nil && guess(sample) == "iso-2022-jp" {
			return lookup("iso-2022-jp")
		}
		return nil, ""
	case e != nil:
		return e, name
	case l.good > l.bad: // more of what is beyond ASCII is well formed than not
		return nil, ""
	}
	return lookup(guess(sample))
}

// lookup returns the encoding of that name, as browsers know them; nil for UTF-8 and
// for names that mean nothing or no text.
func lookup(name string) (encoding.Encoding, string) {
	e, name := charset.Lookup(name)
	if e == nil || name == "utf-8" || name == "replacement" || name == "x-user-defined" || strings.HasPrefix(name, "utf-16") {
		return nil, ""
	}
	return e, name
}

const (
	guessed = 64 << 10 // bytes that an encoding is guessed by
	// Of two ways to guess, the first is sure of scripts with letters of their own, and
	// the second of languages with Latin letters and Arabic ones: found with texts of one
	// or two sentences in 16 languages and 28 encodings.
	sureOfScript  = 0.75
	sureOfLetters = 20 // of 100
	fewLetters    = 8  // bytes beyond ASCII, of which a language can't be told
)

// latinCharsets are those of which the first way to guess isn't sure.
var latinCharsets = regexp.MustCompile(`(?i)^(ascii|iso-8859-(1|9|15)|windows-125[024]|macroman|macintosh|utf-.*|)$`)

// guess returns the name of the encoding that bytes look most like, which is
// windows-1252 unless there is reason to think of another.
func guess(raw string) string {
	sample := []byte(cutBytes(raw, guessed))
	if r := chardet.Detect(sample); r.Confidence >= sureOfScript && !latinCharsets.MatchString(r.Encoding) {
		name := strings.ToLower(r.Encoding)
		switch name {
		case "gb2312", "gbk":
			name = "gb18030"
		case "johab", "cp949":
			name = "euc-kr"
		case "tis-620":
			name = "windows-874"
		}
		if e, name := lookup(name); e != nil {
			return name
		}
	}
	if r, err := latin.NewTextDetector().DetectBest(sample); err == nil && r.Confidence >= sureOfLetters && manyLetters(sample) {
		// It knows languages better than the names of their encodings.
		switch r.Language {
		case "cs", "hu", "pl", "ro":
			if slices.ContainsFunc(sample, isC1) {
				return "windows-1250"
			}
			return "iso-8859-2"
		case "tr":
			return "windows-1254"
		case "ar":
			return "windows-1256"
		}
	}
	return "windows-1252"
}

func manyLetters(sample []byte) bool {
	n := 0
	for _, b := range sample {
		if b >= utf8.RuneSelf {
			n++
		}
	}
	return n >= fewLetters
}

// isC1 tells control characters of ISO 8859, which are characters in code pages of Windows.
func isC1(b byte) bool { return 0x80 <= b && b < 0xA0 }

// cutBytes returns the first n bytes of s from where some of them aren't ASCII, since
// only those tell.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	start := 0
	for start < len(s)-n && s[start] < utf8.RuneSelf {
		start++
	}
	start = max(0, min(start-n/4, len(s)-n))
	return s[start : start+n]
}

// countUTF8 counts the characters beyond ASCII that are well formed, and the bytes that
// are of none.
func countUTF8(raw string) (good, bad int) {
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRuneInString(raw[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			good++
		}
		i += size
	}
	return good, bad
}

const declaredWithin = 64 << 10 // bytes of a page in which it says its encoding

var (
	xmlDeclaration  = regexp.MustCompile(`^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)
	metaDeclaration = regexp.MustCompile(`(?i)<meta\s[^>]{0,500}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)`)
)

// declaredXML returns the encoding that a text's XML declaration names, if it has one.
func declaredXML(raw string) string {
	if found := xmlDeclaration.FindStringSubmatch(cut(raw, sniffed)); found != nil {
		return found[1]
	}
	return ""
}

// declaredHTML returns the encoding that a page names.
func declaredHTML(raw string) string {
	if name := declaredXML(raw); name != "" {
		return name
	}
	if found := metaDeclaration.FindStringSubmatch(cut(raw, declaredWithin)); found != nil {
		return found[1]
	}
	return ""
}
