package extract

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ledongthuc/pdf"
)

// A page of a PDF is a program that puts glyphs in places, with or without
// spaces between words. What is shown is put together in the order of the program:
// a step along the line that is wider than some part of the letters' size becomes a
// space, a step across it a new line, a large one a paragraph.
const (
	spaceStep     = 0.15 // of the size of letters
	lineStep      = 0.5
	paragraphStep = 1.8

	maxForms = 8   // forms in each other
	maxFonts = 200 // that are kept
	maxSaved = 1000
)

// pdfReader reads pages.
type pdfReader struct {
	fonts map[string]*pdfFont // by resources and name
	limit int64               // bytes of text that may follow

	out  []byte
	seen bool  // something was shown on this page
	last point // where it ended
	size float64
	dir  point // of its line, unit length
}

type point struct{ x, y float64 }

// matrix is [a b 0; c d 0; e f 1], as PDF writes a b c d e f.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// mul is the matrix that does m first and then n.
func (m matrix) mul(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// textState is the part of the graphics state that places text (ISO 32000-1,
// table 104).
type textState struct {
	ctm                matrix
	font               *pdfFont
	size               float64
	charSpace, wordGap float64
	scale, leading     float64
}

// page returns the text of a page. What was read before an error is returned
// with it.
func (d *pdfReader) page(p pdf.Page) (text string, err error) {
	d.out = d.out[:0]
	d.seen = false
	defer func() {
		if r := recover(); r != nil {
			text, err = d.text(), fmt.Errorf("%v", r)
		}
	}()
	contents := p.V.Key("Contents")
	if contents.Kind() == pdf.Stream || contents.Kind() == pdf.Array {
		d.run(contents, p.Resources(), textState{ctm: identity, scale: 1}, 0)
	}
	return d.text(), nil
}

// run runs the program of a page or form.
func (d *pdfReader) run(program, resources pdf.Value, state textState, depth int) {
	fonts := resources.Key("Font")
	page := pdfProgram{pdfReader: d, resources: resources, fonts: fonts, fontKey: fonts.String(), textState: state, depth: depth}
	pdf.Interpret(program, func(stack *pdf.Stack, op string) {
		var args []pdf.Value
		for stack.Len() > 0 {
			args = append(args, stack.Pop()) // the last first
		}
		page.do(op, args)
	})
}

// pdfProgram is the running of a program.
type pdfProgram struct {
	*pdfReader
	textState
	resources, fonts pdf.Value
	fontKey          string
	depth            int
	saved            []textState
	text, line       matrix
}

// argument returns an argument counted from the last, 0 if there is none.
func argument(args []pdf.Value, fromLast int) pdf.Value {
	if fromLast >= len(args) {
		return pdf.Value{}
	}
	return args[fromLast]
}

func (p *pdfProgram) do(op string, args []pdf.Value) {
	f := func(fromLast int) float64 { return argument(args, fromLast).Float64() }
	switch op {
	case "q":
		if len(p.saved) < maxSaved {
			p.saved = append(p.saved, p.textState)
		}
	case "Q":
		if n := len(p.saved); n > 0 {
			p.textState, p.saved = p.saved[n-1], p.saved[:n-1]
		}
	case "cm":
		p.ctm = matrix{f(5), f(4), f(3), f(2), f(1), f(0)}.mul(p.ctm)
	case "Do":
		p.form(argument(args, 0).Name())
	case "BT":
		p.text, p.line = identity, identity
	case "Tc":
		p.charSpace = f(0)
	case "Tw":
		p.wordGap = f(0)
	case "Tz":
		p.scale = f(0) / 100
	case "TL":
		p.leading = f(0)
	case "Tf":
		p.font, p.textState.size = p.findFont(argument(args, 1).Name()), f(0)
	case "Td":
		p.move(f(1), f(0))
	case "TD":
		p.leading = -f(0)
		p.move(f(1), f(0))
	case "Tm":
		p.line = matrix{f(5), f(4), f(3), f(2), f(1), f(0)}
		p.text = p.line
	case "T*":
		p.move(0, -p.leading)
	case "Tj":
		p.show(argument(args, 0).RawString())
	case "'":
		p.move(0, -p.leading)
		p.show(argument(args, 0).RawString())
	case "\"":
		p.wordGap, p.charSpace = f(2), f(1)
		p.move(0, -p.leading)
		p.show(argument(args, 0).RawString())
	case "TJ":
		for list, i := argument(args, 0), 0; i < list.Len(); i++ {
			if v := list.Index(i); v.Kind() == pdf.String {
				p.show(v.RawString())
			} else {
				p.advance(-v.Float64() / 1000 * p.textState.size * p.scale)
			}
		}
	}
}

// form runs a form that the program shows.
func (p *pdfProgram) form(name string) {
	form := p.resources.Key("XObject").Key(name)
	if p.depth >= maxForms || form.Kind() != pdf.Stream || form.Key("Subtype").Name() != "Form" {
		return
	}
	state := p.textState
	if m := form.Key("Matrix"); m.Len() == 6 {
		var own matrix
		for i := range own {
			own[i] = m.Index(i).Float64()
		}
		state.ctm = own.mul(state.ctm)
	}
	resources := form.Key("Resources")
	if resources.IsNull() {
		resources = p.resources
	}
	p.run(form, resources, state, p.depth+1)
}

func (p *pdfProgram) findFont(name string) *pdfFont {
	key := p.fontKey + " " + name
	font, ok := p.pdfReader.fonts[key]
	if !ok {
		if len(p.pdfReader.fonts) == maxFonts {
			clear(p.pdfReader.fonts)
		}
		font = newPDFFont(p.fonts.Key(name))
		p.pdfReader.fonts[key] = font
	}
	return font
}

// move goes to a place relative to the beginning of the line.
func (p *pdfProgram) move(x, y float64) {
	p.line = matrix{1, 0, 0, 1, x, y}.mul(p.line)
	p.text = p.line
}

// advance goes along the line, in units of text space.
func (p *pdfProgram) advance(x float64) {
	p.text = matrix{1, 0, 0, 1, x, 0}.mul(p.text)
}

// show writes the text of a string and goes to its end.
func (p *pdfProgram) show(raw string) {
	if raw == "" || p.font == nil {
		return
	}
	text, width := p.font.decode(raw, p.textState.size, p.charSpace, p.wordGap)
	place := p.text.mul(p.ctm)
	start := point{place[4], place[5]}
	size := math.Abs(p.textState.size) * math.Hypot(place[2], place[3])
	length := math.Hypot(place[0], place[1])
	dir := point{1, 0}
	if length > 0 {
		dir = point{place[0] / length, place[1] / length}
	}
	p.advance(width * p.scale)
	end := p.text.mul(p.ctm)
	p.write(text, start, point{end[4], end[5]}, dir, size)
}

// write adds text after a space or new line, as its place tells.
func (d *pdfReader) write(text string, start, end, dir point, size float64) {
	if size <= 0 || math.IsNaN(size) || math.IsInf(size, 0) {
		size = 1
	}
	blank := strings.TrimSpace(text) == ""
	if d.seen {
		dx, dy := start.x-d.last.x, start.y-d.last.y
		along, across := dx*d.dir.x+dy*d.dir.y, math.Abs(dy*d.dir.x-dx*d.dir.y)
		larger := max(size, d.size)
		turned := dir.x*d.dir.x+dir.y*d.dir.y < 0.9
		switch sameLine := across <= lineStep*larger && !turned; {
		case blank && !sameLine:
			return
		case sameLine && (along > spaceStep*size || along < -size):
			d.space()
		case !sameLine && (turned || across > paragraphStep*larger):
			d.out = append(d.out, "\n\n"...)
		case !sameLine:
			d.newLine(text)
		}
	}
	if blank && len(d.out) > 0 {
		d.space()
	} else {
		d.add(text)
	}
	d.seen, d.last, d.dir, d.size = true, end, dir, size
}

func (d *pdfReader) space() {
	if n := len(d.out); n > 0 && d.out[n-1] != ' ' && d.out[n-1] != '\n' {
		d.out = append(d.out, ' ')
	}
}

// newLine starts a line that begins with text. A word that was cut at the end of
// the last is made whole if it goes on in small letters.
func (d *pdfReader) newLine(text string) {
	next, _ := utf8.DecodeRuneInString(text)
	if word, ok := bytes.CutSuffix(d.out, []byte("-")); ok && unicode.IsLower(next) {
		if before, _ := utf8.DecodeLastRune(word); unicode.IsLetter(before) {
			d.out = word
			return
		}
	}
	d.out = append(d.out, '\n')
}

// add writes text without what is no character, and with ligatures as letters.
func (d *pdfReader) add(text string) {
	if int64(len(d.out)+len(text)) > d.limit {
		panic(tooMuch(d.limit))
	}
	for _, r := range text {
		switch {
		case 0xFB00 <= r && r <= 0xFB06:
			d.out = append(d.out, [...]string{"ff", "fi", "fl", "ffi", "ffl", "st", "st"}[r-0xFB00]...)
		case r >= ' ' && r != 0x7f && r != '\u00ad' && r != unicode.ReplacementChar:
			d.out = utf8.AppendRune(d.out, r)
		}
	}
}

// text returns what was written, without spaces at the ends of lines.
func (d *pdfReader) text() string {
	return strings.TrimSpace(strings.ReplaceAll(string(d.out), " \n", "\n"))
}
