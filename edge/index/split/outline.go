package split

import (
	"strings"
	"unicode/utf8"
)

// outline is a text's paragraphs and the tree of its sections.
type outline struct {
	blocks   []piece
	sections []section // [0] is the whole text; parents stand before their children
}

// piece is a part of the text that goes into a passage whole or is cut
// further. The outline's blocks are paragraphs with the headings directly
// before them.
type piece struct {
	span
	body    int // where the headings of its paragraph end
	section int // that it stands in
	tokens  int
}

// section is a heading and what stands under it.
type section struct {
	parent      int
	level       int    // 1 to 6; 0 is the whole text
	title       string // of the heading
	first, last int    // its blocks are [first, last)
}

const maxTitle = 200 // bytes of a heading that are kept

// readOutline reads a text line by line.
func readOutline(text string, plain bool) outline {
	o := outline{sections: []section{{}}}
	var (
		open     bool // o.blocks ends with a paragraph that goes on
		current  int  // section
		headings = -1 // start of the headings that wait for their paragraph
		code     fence
	)
	for at := 0; at < len(text); {
		line := text[at:]
		if n := strings.IndexByte(line, '\n'); n >= 0 {
			line = line[:n+1]
		}
		start := at
		at += len(line)
		if strings.TrimSpace(line) == "" {
			open = false
			continue
		}
		if !plain {
			if level, title := heading(line); level > 0 && !code.open() {
				open = false
				if headings < 0 {
					headings = start
				}
				current = o.leave(current, level)
				o.sections = append(o.sections, section{parent: current, level: level, title: title, first: len(o.blocks)})
				current = len(o.sections) - 1
				continue
			}
			code.read(line)
		}
		if !open {
			b := piece{span: span{start, at}, body: start, section: current}
			if headings >= 0 {
				b.start, headings = headings, -1
			}
			o.blocks = append(o.blocks, b)
			open = true
		}
		o.blocks[len(o.blocks)-1].end = at
	}
	if headings >= 0 { // a heading with nothing under it
		o.blocks = append(o.blocks, piece{span: span{headings, len(text)}, body: headings, section: current})
	}
	o.leave(current, 0)
	for i, b := range o.blocks {
		o.blocks[i].span = trim(text, b.span)
	}
	return o
}

// leave ends the sections from the current one outwards that a heading of
// level ends, and returns the one that goes on.
func (o *outline) leave(current, level int) int {
	for {
		s := &o.sections[current]
		s.last = len(o.blocks)
		if current == 0 || s.level < level {
			return current
		}
		current = s.parent
	}
}

// common returns the innermost section that both a and b lie in.
func (o *outline) common(a, b int) int {
	for a != b {
		if a < b {
			a, b = b, a
		}
		a = o.sections[a].parent
	}
	return a
}

// path returns the titles of a section and those around it.
func (o *outline) path(s int) string {
	var titles []string
	for ; s > 0; s = o.sections[s].parent {
		if t := o.sections[s].title; t != "" {
			titles = append([]string{t}, titles...)
		}
	}
	return strings.Join(titles, " > ")
}

// heading reads a line as an ATX heading of CommonMark, section 4.2. Level 0
// means that it is none.
func heading(line string) (level int, title string) {
	line, ok := unindent(line)
	if !ok {
		return 0, ""
	}
	rest := strings.TrimLeft(line, "#")
	level = len(line) - len(rest)
	if level == 0 || level > 6 || strings.TrimLeft(rest, " \t\r\n") == rest && rest != "" {
		return 0, ""
	}
	title = strings.TrimSpace(rest)
	if cut := strings.TrimRight(title, "#"); cut == "" || strings.TrimRight(cut, " \t") != cut {
		title = strings.TrimSpace(cut)
	}
	if len(title) > maxTitle {
		n := maxTitle
		for n > maxTitle-utf8.UTFMax && !utf8.RuneStart(title[n]) {
			n--
		}
		title = title[:n] + "…"
	}
	return level, title
}

// fence follows fenced code, CommonMark section 4.5, where # begins no heading.
type fence struct {
	mark string // that a line must begin with to end the code; empty outside
}

func (f *fence) open() bool { return f.mark != "" }

func (f *fence) read(line string) {
	line, ok := unindent(line)
	if !ok {
		return
	}
	line = strings.TrimSpace(line)
	if f.open() {
		if strings.HasPrefix(line, f.mark) && strings.Trim(line, f.mark[:1]) == "" {
			f.mark = ""
		}
		return
	}
	for _, c := range []string{"`", "~"} {
		info := strings.TrimLeft(line, c)
		if n := len(line) - len(info); n >= 3 && (c == "~" || !strings.Contains(info, c)) {
			f.mark = line[:n]
		}
	}
}

// unindent takes up to three spaces off a line; more make it code.
func unindent(line string) (string, bool) {
	rest := strings.TrimLeft(line, " ")
	return rest, len(line)-len(rest) <= 3
}
