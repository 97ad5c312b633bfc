package pdf

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"
)

const (
	maxRects = 24 // of a line; a page of so many in each line is set word by word

	// paragraphStep is how much larger than between most lines of a page the step to
	// the first line of a paragraph is.
	paragraphStep = 1.4
	// hyphen stands for one at the end of a line, which PDFium takes off, as a
	// character, and hyphenText in the text of a page.
	hyphen     = '\x02'
	hyphenText = '\uFFFE'
)

// rect is a stretch of a line in points, y from the bottom of the page.
type rect struct{ left, right, bottom, top float64 }

// line is a line of a page, as PDFium has it.
type line struct {
	text  string
	start int // index of its first character on the page
	rects []rect
}

// pageReader reads the text of a page.
type pageReader struct {
	*document
	text    references.FPDF_TEXTPAGE
	unknown int
}

func (r *pageReader) read() (page, error) {
	count, err := r.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: r.text})
	if err != nil || count.Count <= 0 {
		return page{}, err
	}
	if int64(count.Count) > r.options.MaxText {
		return page{}, fmt.Errorf("has a page with more text than the limit of %d bytes", r.options.MaxText)
	}
	all, err := r.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: r.text, Count: count.Count})
	if err != nil {
		return page{}, err
	}
	text := all.Text
	if units(text) < count.Count { // it lacks characters that have no code, or that of a control
		if text, err = r.oneByOne(count.Count); err != nil {
			return page{}, err
		}
	}
	lines, err := r.lines(text)
	if err != nil {
		return page{}, err
	}
	if lines, err = r.unweave(lines); err != nil {
		return page{}, err
	}
	return page{text: layOut(lines), unknown: r.unknown}, nil
}

// oneByOne reads the text of a page with all its characters.
func (r *pageReader) oneByOne(count int) (string, error) {
	var b strings.Builder
	for i := range count {
		c, err := r.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: r.text, Index: i})
		if err != nil {
			return "", err
		}
		if c.Unicode == 0 || c.Unicode > 0xFFFF { // which UTF-16 has in two
			c.Unicode = uint(unicode.ReplacementChar)
		}
		b.WriteRune(rune(c.Unicode))
	}
	return b.String(), nil
}

// lines cuts a page's text into lines and looks where they are.
func (r *pageReader) lines(text string) ([]line, error) {
	var lines []line
	r.tight = r.tight || touching.MatchString(text)
	at := 0 // in UTF-16, which is how PDFium counts
	for s := range strings.SplitSeq(text, "\r\n") {
		l := line{start: at}
		n := units(s)
		at += n + len("\r\n")
		if strings.TrimSpace(s) == "" {
			continue
		}
		found, err := r.FPDFText_GetCharIndexFromTextIndex(&requests.FPDFText_GetCharIndexFromTextIndex{TextPage: r.text, NTextIndex: l.start})
		if err == nil {
			l.start = found.CharIndex
		} else if stopped(err) {
			return nil, err
		}
		if l.rects, err = r.rects(l.start, n); err != nil {
			return nil, err
		}
		gaps := map[int]bool{} // characters before which a space is missing
		switch {
		case isSpaced(s):
			if s, err = r.closeUp(s, l.start); err != nil {
				return nil, err
			}
		case r.tight:
			if gaps, err = r.gaps(s, l.start); err != nil {
				return nil, err
			}
		}
		if l.text, err = r.characters(s, l.start, gaps); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func units(s string) int {
	n := 0
	for _, c := range s {
		n += utf16.RuneLen(c)
	}
	return n
}

// rects returns where characters are; their order is that of the text.
func (r *pageReader) rects(start, n int) ([]rect, error) {
	count, err := r.FPDFText_CountRects(&requests.FPDFText_CountRects{TextPage: r.text, StartIndex: start, Count: n})
	if err != nil {
		return nil, err
	}
	var rects []rect
	for i := range min(count.Count, maxRects) {
		found, err := r.FPDFText_GetRect(&requests.FPDFText_GetRect{TextPage: r.text, Index: i})
		if err != nil {
			if stopped(err) {
				return nil, err
			}
			continue
		}
		rects = append(rects, rect{found.Left, found.Right, found.Bottom, found.Top})
	}
	return rects, nil
}

// characters returns a line without what is no character: ligatures become letters,
// words that were cut whole, and soft hyphens vanish.
func (r *pageReader) characters(s string, start int, gaps map[int]bool) (string, error) {
	if len(gaps) == 0 && !strings.ContainsFunc(s, isSpecial) {
		return strings.TrimRight(s, " "), nil
	}
	var b strings.Builder
	at := start
	for i, c := range s {
		here := at
		at += utf16.RuneLen(c)
		if gaps[here] {
			b.WriteByte(' ')
		}
		switch {
		case 0xFB00 <= c && c <= 0xFB06:
			b.WriteString([...]string{"ff", "fi", "fl", "ffi", "ffl", "st", "st"}[c-0xFB00])
		case c == '\u00ad' || c == '\ufeff':
			if next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(c):]); c == '\u00ad' && next == utf8.RuneError {
				b.WriteRune(c) // at the end of a line; layOut sees to it
			}
		case c == '\t' || c == '\n' || c == '\r' || c == '\u00a0':
			b.WriteByte(' ')
		case c == hyphen || c == hyphenText:
			is, err := r.FPDFText_IsHyphen(&requests.FPDFText_IsHyphen{TextPage: r.text, Index: here})
			if err != nil && stopped(err) {
				return "", err
			}
			if err == nil && is.IsHyphen {
				if next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(c):]); !unicode.IsLower(next) && next != utf8.RuneError {
					b.WriteByte('-')
				}
				continue
			}
			r.ligature(&b, c)
		case c < ' ' || c >= unicode.ReplacementChar && c <= 0xFFFF || 0xE000 <= c && c <= 0xF8FF:
			r.ligature(&b, c)
		default:
			b.WriteRune(c)
		}
	}
	return strings.TrimRight(b.String(), " "), nil
}

func isSpecial(c rune) bool {
	return c < ' ' || c == '\u00a0' || c == '\u00ad' || c == '\ufeff' || 0xE000 <= c && c <= 0xF8FF || 0xFB00 <= c && c <= 0xFB06 || c >= 0xFFFD && c <= 0xFFFF
}

// texLigatures are what control characters are in TeX's fonts, of which some come without
// names: OT1 from 11 to 15, T1 from 16 on.
var texLigatures = [32]string{11: "ff", 12: "fi", 13: "fl", 14: "ffi", 15: "ffl", 16: "“", 17: "”", 18: "„", 19: "«", 20: "»", 21: "–", 22: "—", 27: "ff", 28: "fi", 29: "fl", 30: "ffi", 31: "ffl"}

// ligature writes the letters of a character whose code the fonts name a ligature;
// others are counted.
func (r *pageReader) ligature(b *strings.Builder, c rune) {
	letters := r.ligatures()[c]
	if letters == "" && int(c) < len(texLigatures) {
		letters = texLigatures[c]
	}
	if letters == "" {
		r.unknown++
	}
	b.WriteString(letters)
}

// touching matches words that nothing but a stop parts. A page with such is one whose
// spaces are narrower than PDFium takes for such, as after a stop that was kerned.
var touching = regexp.MustCompile(`\p{Ll}{2}[.,;]\p{L}\p{Ll}`)

const narrowSpace = 0.07 // of the height of letters, beyond their own width

// gaps returns the characters of a line before which there is a space, though PDFium
// has none.
func (r *pageReader) gaps(s string, start int) (map[int]bool, error) {
	found := map[int]bool{}
	at := start
	var last *structs.FPDF_FS_RECTF
	for _, c := range s {
		here := at
		at += utf16.RuneLen(c)
		if unicode.IsSpace(c) || isSpecial(c) && c < 0xFB00 {
			last = nil
			continue
		}
		loose, err := r.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: r.text, Index: here})
		if err != nil {
			if stopped(err) {
				return nil, err
			}
			last = nil
			continue
		}
		box := &loose.Rect
		height := box.Top - box.Bottom
		if last != nil && math.Abs(float64(box.Bottom-last.Bottom)) < float64(0.1*height) && box.Left-last.Right > narrowSpace*height {
			found[here] = true
		}
		last = box
	}
	return found, nil
}

// isSpaced reports a line whose letters stand apart, "T H E  S E A".
func isSpaced(s string) bool {
	words := strings.Fields(s)
	single := 0
	for _, w := range words {
		if c, n := utf8.DecodeRuneInString(w); n == len(w) && unicode.IsLetter(c) && !unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			single++
		}
	}
	return single >= 4 && single*10 >= len(words)*8
}

const maxSpaced = 200 // characters of a line whose letters stand apart

// closeUp puts the letters of words together that were set apart: the larger ones
// of the gaps are between words.
func (r *pageReader) closeUp(s string, start int) (string, error) {
	type letter struct {
		c         rune
		gap, left float64
	}
	var letters []letter
	var gaps []float64
	last, at := math.NaN(), start
	for _, c := range s {
		here := at
		at += utf16.RuneLen(c)
		if c == ' ' {
			continue
		}
		box, err := r.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: r.text, Index: here})
		if err != nil || len(letters) == maxSpaced {
			if err != nil && stopped(err) {
				return "", err
			}
			return s, nil
		}
		letters = append(letters, letter{c, box.Left - last, box.Left})
		if len(letters) > 1 {
			gaps = append(gaps, box.Left-last)
		}
		last = box.Right
	}
	if len(gaps) == 0 {
		return s, nil
	}
	slices.Sort(gaps)
	usual := gaps[len(gaps)/2]
	if usual <= 0 {
		return s, nil
	}
	var b strings.Builder
	for i, l := range letters {
		if i > 0 && l.gap > 1.8*usual {
			b.WriteByte(' ')
		}
		b.WriteRune(l.c)
	}
	return b.String(), nil
}

// layOut joins lines: a step down the page that is larger than most begins a
// paragraph, and a word that was cut at the end of a line is made whole.
func layOut(lines []line) string {
	var steps []float64
	for i := 1; i < len(lines); i++ {
		if s := step(lines[i-1], lines[i]); s > 0 {
			steps = append(steps, s)
		}
	}
	slices.Sort(steps)
	usual := math.Inf(1)
	if len(steps) > 0 {
		usual = steps[len(steps)/2]
		if len(steps) < 4 { // too few to tell: the size of letters does
			usual = min(usual, 1.8*lines[0].height())
		}
	}
	var b strings.Builder
	for i, l := range lines {
		text := l.text
		if i == 0 {
			b.WriteString(text)
			continue
		}
		written := b.String()
		switch s := step(lines[i-1], l); {
		case endsInHyphen(written) && beginsSmall(text):
			_, n := utf8.DecodeLastRuneInString(written)
			b.Reset()
			b.WriteString(written[:len(written)-n])
		case beside(lines[i-1], l):
			b.WriteByte(' ')
		case s > paragraphStep*usual:
			b.WriteString("\n\n")
		default:
			b.WriteByte('\n')
		}
		b.WriteString(text)
	}
	return strings.TrimSpace(strings.ReplaceAll(b.String(), "\u00ad", ""))
}

// step is how far down from one line the next is; 0 where that isn't known.
func step(a, b line) float64 {
	if len(a.rects) == 0 || len(b.rects) == 0 {
		return 0
	}
	return a.rects[len(a.rects)-1].bottom - b.rects[0].bottom
}

// beside reports a line that goes on where another ends, at about its height: the
// value of a field after its name.
func beside(a, b line) bool {
	if len(a.rects) == 0 || len(b.rects) == 0 {
		return false
	}
	last, next := a.rects[len(a.rects)-1], b.rects[0]
	return math.Abs(step(a, b)) < 0.5*min(last.top-last.bottom, next.top-next.bottom) && next.left >= last.right
}

func (l line) height() float64 {
	h := 0.0
	for _, r := range l.rects {
		h = max(h, r.top-r.bottom)
	}
	return h
}

// endsInHyphen reports a letter and a hyphen at the end of s.
func endsInHyphen(s string) bool {
	c, n := utf8.DecodeLastRuneInString(s)
	if c != '-' && c != '\u2010' && c != '\u00ad' {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(s[:len(s)-n])
	return unicode.IsLetter(before)
}

func beginsSmall(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(c)
}
