package extract

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

const maxGroups = 1000 // of an RTF file, in each other

// readRTF reads a text in Rich Text Format (version 1.9.1).
func readRTF(in *input) error {
	raw, err := in.raw()
	if err != nil {
		return err
	}
	r := rtf{in: raw, group: rtfGroup{skip: 1}, ansi: charmap.Windows1252, fonts: map[int]encoding.Encoding{}, limit: in.options.MaxText}
	for n := 0; r.at < len(raw); n++ {
		if n%4096 == 0 && in.ctx.Err() != nil {
			return in.ctx.Err()
		}
		if err := r.next(); err != nil {
			return err
		}
	}
	r.flush()
	if len(r.groups) > 0 {
		in.missing = append(in.missing, "the end: the file is cut off")
	}
	d := Document{Title: r.title.String(), Text: squeezeLines(r.out.String()), Metadata: map[string]any{}}
	if author := title(r.author.String()); author != "" {
		d.Metadata["author"] = author
	}
	in.emit(d)
	return nil
}

// rtfGroup is what a group of an RTF file changes until its end.
type rtfGroup struct {
	where  rtfPlace
	skip   int // characters after \u that stand for it in old programs
	font   int
	hidden bool
}

// rtfPlace is where text goes.
type rtfPlace int

const (
	rtfText rtfPlace = iota
	rtfNowhere
	rtfFonts
	rtfTitle
	rtfAuthor
	rtfInfo
)

// rtf follows the words of a file.
type rtf struct {
	in     string
	at     int
	group  rtfGroup
	groups []rtfGroup // around it
	ansi   encoding.Encoding
	fonts  map[int]encoding.Encoding
	limit  int64

	out, title, author strings.Builder
	bytes              []byte // characters in the font's encoding that wait for more
	high               uint16 // the first half of a character of UTF-16
	toSkip             int
}

// next reads a character, word or bracket.
func (r *rtf) next() error {
	switch c := r.in[r.at]; c {
	case '{':
		r.flush()
		if len(r.groups) == maxGroups {
			return fmt.Errorf("has groups nested more than %d deep", maxGroups)
		}
		r.groups = append(r.groups, r.group)
		r.at++
	case '}':
		r.flush()
		if n := len(r.groups); n > 0 {
			r.group, r.groups = r.groups[n-1], r.groups[:n-1]
		}
		r.toSkip = 0
		r.at++
	case '\\':
		return r.word()
	case '\r', '\n':
		r.at++
	default:
		r.at++
		r.char(c)
	}
	if int64(r.out.Len()) > r.limit {
		return tooMuch(r.limit)
	}
	return nil
}

// word reads what a backslash begins.
func (r *rtf) word() error {
	start := r.at + 1
	end := start
	for end < len(r.in) && 'a' <= r.in[end]|0x20 && r.in[end]|0x20 <= 'z' {
		end++
	}
	if end == start {
		return r.symbol()
	}
	name := r.in[start:end]
	number := end
	if number < len(r.in) && r.in[number] == '-' {
		number++
	}
	for number < len(r.in) && '0' <= r.in[number] && r.in[number] <= '9' {
		number++
	}
	value, err := strconv.Atoi(r.in[end:number])
	has := err == nil
	if r.at = number; r.at < len(r.in) && r.in[r.at] == ' ' {
		r.at++
	}
	if name == "bin" {
		r.at = min(len(r.in), r.at+max(value, 0))
		return nil
	}
	if name != "u" {
		r.flush()
	}
	r.do(name, value, has)
	return nil
}

// symbol reads a backslash with a character that is no letter.
func (r *rtf) symbol() error {
	if r.at+1 >= len(r.in) {
		r.at = len(r.in)
		return nil
	}
	c := r.in[r.at+1]
	r.at += 2
	switch c {
	case '\'':
		if r.at+2 > len(r.in) {
			r.at = len(r.in)
			return nil
		}
		b, err := strconv.ParseUint(r.in[r.at:r.at+2], 16, 8)
		r.at += 2
		if err != nil {
			return errors.New("has a character in other than two hexadecimal digits")
		}
		r.char(byte(b))
		return nil
	case '\\', '{', '}':
		r.char(c)
		return nil
	}
	r.flush()
	switch c {
	case '*':
		r.group.where = rtfNowhere
	case '~':
		r.write(" ")
	case '_':
		r.write("-")
	case '-':
	case '\r', '\n':
		r.write("\n")
	}
	return nil
}

// rtfSigns are words that stand for characters.
var rtfSigns = map[string]string{
	"par": "\n", "line": "\n", "sect": "\n\n", "page": "\n\n", "row": "\n", "nestrow": "\n", "cell": cellMark, "nestcell": cellMark, "tab": " ",
	"emdash": "—", "endash": "–", "emspace": " ", "enspace": " ", "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
}

func (r *rtf) do(name string, value int, has bool) {
	if sign, ok := rtfSigns[name]; ok {
		r.write(sign)
		return
	}
	switch name {
	case "u":
		r.flush()
		r.unicode(uint16(value))
		r.toSkip = r.group.skip
	case "uc":
		r.group.skip = max(0, min(value, 16))
	case "ansicpg":
		if e, _ := lookup(codePage(value)); e != nil {
			r.ansi = e
		}
	case "mac":
		r.ansi = charmap.Macintosh
	case "pc":
		r.ansi = charmap.CodePage437
	case "pca":
		r.ansi = charmap.CodePage850
	case "f":
		r.group.font = value
	case "fcharset":
		if e, _ := lookup(rtfCharsets[value]); e != nil && r.group.where == rtfFonts && len(r.fonts) < 10_000 {
			r.fonts[r.group.font] = e
		}
	case "v":
		r.group.hidden = !has || value != 0
	case "plain":
		r.group.hidden = false
	case "fonttbl":
		r.group.where = rtfFonts
	case "info":
		r.group.where = rtfInfo
	case "title":
		if r.group.where == rtfInfo {
			r.group.where = rtfTitle
		}
	case "author":
		if r.group.where == rtfInfo {
			r.group.where = rtfAuthor
		}
	case "colortbl", "stylesheet", "listtable", "listoverridetable", "pict", "object", "themedata", "filetbl", "rsidtbl", "generator", "fldinst", "datastore",
		"subject", "operator", "keywords", "doccomm", "creatim", "revtim", "printim", "nonshppict", "xe", "tc", "deleted", "bkmkstart", "bkmkend", "latentstyles":
		r.group.where = rtfNowhere
	case "shptxt", "footnote", "annotation", "header", "footer", "headerl", "headerr", "footerl", "footerr":
		if r.group.where == rtfNowhere && name == "shptxt" || name == "annotation" || name == "footnote" {
			r.group.where = rtfText
		}
		r.write(" ")
	}
}

// rtfCharsets are the encodings of \fcharset.
var rtfCharsets = map[int]string{
	77: "macintosh", 128: "shift_jis", 129: "euc-kr", 134: "gb18030", 136: "big5", 161: "windows-1253", 162: "windows-1254", 163: "windows-1258",
	177: "windows-1255", 178: "windows-1256", 186: "windows-1257", 204: "windows-1251", 222: "windows-874", 238: "windows-1250",
}

// codePage is the name of a code page of Windows.
func codePage(n int) string {
	switch n {
	case 932:
		return "shift_jis"
	case 936, 54936:
		return "gb18030"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 866:
		return "ibm866"
	case 65001:
		return "utf-8"
	case 20866:
		return "koi8-r"
	}
	return fmt.Sprintf("windows-%d", n)
}

// char takes a byte of text.
func (r *rtf) char(c byte) {
	if r.toSkip > 0 {
		r.toSkip--
		return
	}
	r.bytes = append(r.bytes, c)
}

// flush writes the bytes that have come in the encoding of their font.
func (r *rtf) flush() {
	if len(r.bytes) == 0 {
		return
	}
	text := string(r.bytes)
	r.bytes = r.bytes[:0]
	for i := range len(text) {
		if text[i] < utf8.RuneSelf {
			continue
		}
		e := r.ansi
		if of, ok := r.fonts[r.group.font]; ok {
			e = of
		}
		if decoded, err := e.NewDecoder().String(text); err == nil {
			text = decoded
		}
		break
	}
	r.write(text)
}

// unicode takes a number that stands for a character, or for half of one.
func (r *rtf) unicode(u uint16) {
	switch c := rune(u); {
	case utf16.IsSurrogate(c) && r.high == 0:
		r.high = u
		return
	case r.high != 0:
		r.write(string(utf16.DecodeRune(rune(r.high), c)))
		r.high = 0
	default:
		r.write(string(c))
	}
}

// write writes text where the group says.
func (r *rtf) write(s string) {
	if r.group.hidden {
		return
	}
	switch r.group.where {
	case rtfText:
		r.out.WriteString(s)
	case rtfTitle:
		if r.title.Len() < maxTitle {
			r.title.WriteString(s)
		}
	case rtfAuthor:
		if r.author.Len() < maxTitle {
			r.author.WriteString(s)
		}
	}
}

// squeezeLines takes white space off the ends of lines, and blank lines that follow
// others.
func squeezeLines(s string) string {
	var out strings.Builder
	blank := 0
	for line := range strings.Lines(s) {
		line = strings.TrimRight(strings.TrimRight(line, " \n"), "|")
		if line = strings.TrimRight(line, " "); line == "" {
			blank++
			continue
		}
		if out.Len() > 0 {
			out.WriteString("\n\n"[:1+min(blank, 1)])
		}
		out.WriteString(line)
		blank = 0
	}
	return out.String()
}
