package extract

import (
	"bytes"
	"cmp"
	"context"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html/atom"
)

// maxPart is how many bytes of Markdown are read at once: it bounds the memory
// that the tree of them takes.
const maxPart = 64 << 10

// markdown makes HTML of CommonMark with tables and struck out text; HTML in it
// is kept, for its text.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.DefinitionList),
	goldmark.WithRendererOptions(html.WithUnsafe()),
)

// readMarkdown reads a text without what Markdown adds to it beside headings,
// lists and fences: addresses of links, emphasis, escapes.
func readMarkdown(in *input) error {
	text, err := in.text()
	if err != nil {
		return err
	}
	var d Document
	d.Metadata, text = frontMatter(tidy(text))
	if t, ok := d.Metadata["title"].(string); ok {
		d.Title = t
		delete(d.Metadata, "title")
	}
	l := layout{limit: in.options.MaxText}
	var cutter markdownCutter
	for text != "" {
		var part string
		part, text = cutter.cut(text)
		if err := layOutMarkdown(in.ctx, part, &l); err != nil {
			return err
		}
	}
	if d.Title == "" {
		d.Title = l.title
	}
	d.Text = l.out.String()
	in.emit(d)
	return nil
}

// layOutMarkdown writes the text of a part.
func layOutMarkdown(ctx context.Context, part string, l *layout) error {
	if isCostly(part) {
		// The lines as they are; white space at their beginning may mean something.
		l.paragraph()
		l.write(strings.Trim(part, "\n"))
		l.paragraph()
		return cmp.Or(l.err, ctx.Err())
	}
	var page bytes.Buffer
	if err := markdown.Convert([]byte(part), &page); err != nil {
		return err
	}
	_, err := layOutHTML(ctx, escapeLoose(page.String()), l)
	return err
}

var tag = regexp.MustCompile(`</?([A-Za-z][A-Za-z0-9-]*)[^<>]*>`)

// escapeLoose makes text of what a person wrote as a word between angle brackets:
// tags that HTML doesn't know, and those that would swallow what follows because they
// have no end.
func escapeLoose(page string) string {
	lower := ""
	ended := map[string]bool{} // by name: has as many ends as beginnings
	return tag.ReplaceAllStringFunc(page, func(found string) string {
		name := strings.ToLower(tag.FindStringSubmatch(found)[1])
		switch atom.Lookup([]byte(name)) {
		case 0:
		case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Iframe, atom.Object, atom.Canvas, atom.Audio, atom.Video, atom.Button,
			atom.Select, atom.Datalist, atom.Map, atom.Nav, atom.Title, atom.Textarea, atom.Xmp, atom.Noembed, atom.Noframes, atom.Plaintext, atom.Head:
			if _, known := ended[name]; !known {
				if lower == "" {
					lower = strings.ToLower(page)
				}
				ended[name] = strings.Count(lower, "<"+name) <= strings.Count(lower, "</"+name)
			}
			if ended[name] {
				return found
			}
		default:
			return found
		}
		return "&lt;" + found[1:len(found)-1] + "&gt;"
	})
}

// markdownCutter cuts a long text into parts.
type markdownCutter struct {
	fence string // of the code that the part begins or ends in, empty outside
}

// cut cuts off a part: at the last blank line that isn't in fenced code, else
// at the end of a line, else anywhere. Code that is cut gets fences of its own
// in both parts.
func (c *markdownCutter) cut(text string) (part, rest string) {
	before := c.fence
	if before != "" {
		before += "\n"
	}
	if len(text) <= maxPart {
		return before + text, ""
	}
	blank, end := 0, 0
	for at := 0; ; {
		n := strings.IndexByte(text[at:maxPart], '\n')
		if n < 0 {
			break
		}
		line := strings.TrimSpace(text[at : at+n])
		at += n + 1
		end = at
		if c.readFence(line); c.fence == "" && line == "" {
			blank = at
		}
	}
	switch {
	case blank > 0:
		// What was seen of fences after the blank line is seen again.
		c.fence = ""
		return before + text[:blank], text[blank:]
	case end == 0:
		end = len(cut(text, maxPart))
	}
	part = before + text[:end]
	if c.fence != "" {
		part += "\n" + c.fence
	}
	return part, text[end:]
}

// readFence follows the beginning and end of fenced code.
func (c *markdownCutter) readFence(line string) {
	if c.fence != "" {
		if strings.HasPrefix(line, c.fence) && strings.Trim(line, c.fence[:1]) == "" {
			c.fence = ""
		}
		return
	}
	for _, mark := range []string{"`", "~"} {
		if n := len(line) - len(strings.TrimLeft(line, mark)); n >= 3 {
			c.fence = line[:min(n, 100)]
		}
	}
}

// isCostly reports a part that takes goldmark time with the square of its
// length: with thousands of links, or containers nested in one line. Limits are
// such that 64 KB take about 50 ms.
func isCostly(part string) bool {
	if strings.Count(part, "](") > 2000 || strings.Count(part, "]:") > 2000 || strings.Count(part, "[") > 8000 {
		return true
	}
	for line := range strings.Lines(part) {
		if nesting(line) > 20 {
			return true
		}
	}
	return false
}

// nesting counts the marks of quotes and lists that a line begins with.
func nesting(line string) int {
	n := 0
	for {
		line = strings.TrimLeft(line, " \t")
		switch {
		case line == "":
			return n
		case line[0] == '>':
			line = line[1:]
		default:
			mark := strings.TrimLeft(line, "0123456789")
			if mark == "" || strings.IndexByte("-+*.)", mark[0]) < 0 || len(mark) > 1 && mark[1] != ' ' && mark[1] != '\t' {
				return n
			}
			line = mark[1:]
		}
		n++
	}
}
