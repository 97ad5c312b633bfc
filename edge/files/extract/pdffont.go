package extract

import (
	"unicode/utf16"

	"github.com/ledongthuc/pdf"
)

// pdfFont is what is needed of a font to read text in it.
type pdfFont struct {
	length    int            // bytes of a character's code: 1, or 2 in composite fonts
	toUnicode map[int]string // by code, what the font says of itself
	fallback  pdf.TextEncoding
	letters   map[int]string  // by code, what was looked up so far
	widths    map[int]float64 // by code, in thousandths of the size
	missing   float64         // width of others
}

const (
	defaultWidth = 500     // of a letter whose width isn't told
	maxCodes     = 1 << 16 // that widths and letters are kept of
)

func newPDFFont(v pdf.Value) *pdfFont {
	font := pdf.Font{V: v}
	f := &pdfFont{length: 1, letters: map[int]string{}, widths: map[int]float64{}, missing: defaultWidth}
	if m := v.Key("ToUnicode"); m.Kind() == pdf.Stream {
		f.toUnicode = readToUnicode(m, v)
	}
	encoding := v.Key("Encoding")
	if v.Key("Subtype").Name() == "Type0" {
		f.length = 2
		if encoding.Name() == "UniGB-UCS2-H" { // the only one that the library knows; others would give noise
			f.fallback = font.Encoder()
		}
		f.readComposite(v.Key("DescendantFonts").Index(0))
		return f
	}
	if f.toUnicode == nil || !encoding.IsNull() {
		f.fallback = font.Encoder()
	}
	first, widths := font.FirstChar(), v.Key("Widths")
	for i := range min(widths.Len(), maxCodes) {
		f.widths[first+i] = widths.Index(i).Float64()
	}
	return f
}

// readComposite reads the widths of a composite font (ISO 32000-1, section
// 9.7.4.3): "c [w1 w2 ...]" from code c on, "first last w" for a range.
func (f *pdfFont) readComposite(v pdf.Value) {
	f.missing = 1000
	if dw := v.Key("DW"); !dw.IsNull() {
		f.missing = dw.Float64()
	}
	w := v.Key("W")
	for i := 0; i+1 < w.Len(); {
		first := int(w.Index(i).Int64())
		if list := w.Index(i + 1); list.Kind() == pdf.Array {
			for j := 0; j < list.Len() && len(f.widths) < maxCodes; j++ {
				f.widths[first+j] = list.Index(j).Float64()
			}
			i += 2
			continue
		}
		last, width := int(w.Index(i+1).Int64()), w.Index(i+2).Float64()
		for code := first; code <= last && len(f.widths) < maxCodes; code++ {
			f.widths[code] = width
		}
		i += 3
	}
}

// decode returns the text of a string and its width in units of text space.
func (f *pdfFont) decode(raw string, size, charSpace, wordGap float64) (text string, width float64) {
	var letters []byte
	for len(raw) > 0 {
		n := min(f.length, len(raw))
		code := codeOf(raw[:n])
		letters = append(letters, f.letter(raw[:n], code)...)
		w, ok := f.widths[code]
		if !ok {
			w = f.missing
		}
		width += w/1000*size + charSpace
		if code == ' ' && n == 1 {
			width += wordGap
		}
		raw = raw[n:]
	}
	return tidy(string(letters)), width
}

// letter returns the text of a code.
func (f *pdfFont) letter(raw string, code int) string {
	if s, ok := f.toUnicode[code]; ok {
		return s
	}
	s, ok := f.letters[code]
	if !ok && f.fallback != nil {
		s = f.fallback.Decode(raw)
		f.letters[code] = s
	}
	return s
}

func codeOf(raw string) int {
	code := 0
	for i := range len(raw) {
		code = code<<8 | int(raw[i])
	}
	return code
}

// readToUnicode reads the characters of a font's codes (ISO 32000-1, section
// 9.10.3).
func readToUnicode(program, font pdf.Value) map[int]string {
	letters := map[int]string{}
	n := 0
	set := func(code int, s string) {
		letters[code] = s
		n++
	}
	pdf.Interpret(program, func(stack *pdf.Stack, op string) {
		switch op {
		case "findresource":
			stack.Pop()
			stack.Pop()
			stack.Push(font) // for begin, that asks for a dictionary, whichever
		case "beginbfchar", "beginbfrange":
			for stack.Len() > 0 {
				stack.Pop()
			}
		case "endbfchar":
			for stack.Len() >= 2 && n < maxCodes {
				s, code := stack.Pop(), stack.Pop()
				set(codeOf(code.RawString()), utf16Text(s.RawString(), 0))
			}
		case "endbfrange":
			for stack.Len() >= 3 && n < maxCodes {
				s, last, first := stack.Pop(), codeOf(stack.Pop().RawString()), codeOf(stack.Pop().RawString())
				for i := 0; first+i <= last && n < maxCodes; i++ {
					if s.Kind() == pdf.Array {
						set(first+i, utf16Text(s.Index(i).RawString(), 0))
					} else {
						set(first+i, utf16Text(s.RawString(), i))
					}
				}
			}
		}
	})
	return letters
}

// utf16Text decodes UTF-16 with n added to its last character.
func utf16Text(raw string, n int) string {
	units := make([]uint16, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	runes := utf16.Decode(units)
	if len(raw) == 1 { // what some programs write for a character of Latin-1
		runes = []rune{rune(raw[0])}
	}
	if len(runes) > 0 {
		runes[len(runes)-1] += rune(n)
	}
	return string(runes)
}
