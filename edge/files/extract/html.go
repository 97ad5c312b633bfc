package extract

import (
	"context"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// readHTML reads a page.
func readHTML(in *input) error {
	raw, err := in.raw()
	if err != nil {
		return err
	}
	text, err := in.decode(raw, declaredHTML(raw))
	if err != nil {
		return err
	}
	if declaredXML(text) != "" || strings.HasPrefix(strings.TrimSpace(text), "<?xml") || strings.HasSuffix(strings.ToLower(in.name), ".xhtml") {
		text = closeEmpty(text)
	}
	l := layout{limit: in.options.MaxText}
	page, err := layOutHTML(in.ctx, text, &l)
	if err != nil {
		return err
	}
	if strings.TrimSpace(page.title) == "" {
		page.title = l.title
	}
	in.emit(Document{Title: page.title, Text: l.out.String(), Metadata: page.metadata})
	return nil
}

// selfClosed matches tags that XML closes with a slash and HTML doesn't.
var selfClosed = regexp.MustCompile(`<([A-Za-z][A-Za-z0-9]*)((?:\s[^<>]*?)?)/>`)

// closeEmpty gives empty elements of XHTML an end tag: without, <title/> would make all
// that follows the title.
func closeEmpty(text string) string {
	return selfClosed.ReplaceAllStringFunc(text, func(tag string) string {
		part := selfClosed.FindStringSubmatch(tag)
		switch atom.Lookup([]byte(strings.ToLower(part[1]))) {
		case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Param, atom.Source, atom.Track, atom.Wbr:
			return tag
		}
		return "<" + part[1] + part[2] + "></" + part[1] + ">"
	})
}

// page is what a page of HTML says of itself.
type page struct {
	title    string
	metadata map[string]any
}

// pageReader goes through the tags of a page without building a tree of them,
// so that neither depth nor missing end tags cost anything.
type pageReader struct {
	*layout
	page           page
	skipped        atom.Atom // the element whose contents are left out, 0 for none
	depth          int       // of such elements in each other
	keepNavigation bool
	inTitle        bool
	pre            int // of such elements in each other
	code           strings.Builder
	text, lower    string // the page, and in small letters once that is needed
	balanced       map[atom.Atom]bool
}

// layOutHTML writes the text of a page.
func layOutHTML(ctx context.Context, text string, l *layout) (page, error) {
	p := pageReader{layout: l, keepNavigation: !navigationEnds(text), text: text, balanced: map[atom.Atom]bool{}}
	p.page.metadata = map[string]any{}
	z := html.NewTokenizer(strings.NewReader(text))
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return p.page, ctx.Err()
		}
		kind := z.Next()
		if kind == html.ErrorToken {
			p.endCode()
			l.endHeading()
			if z.Err() != io.EOF {
				return p.page, z.Err()
			}
			return p.page, l.err
		}
		if p.token(z, kind); l.err != nil {
			return p.page, l.err
		}
	}
}

// navigationEnds reports that every nav element has an end. Where one has none,
// the rest of the page would count as navigation.
func navigationEnds(text string) bool {
	lower := strings.ToLower(text)
	return strings.Count(lower, "<nav") <= strings.Count(lower, "</nav")
}

func (p *pageReader) token(z *html.Tokenizer, kind html.TokenType) {
	if kind == html.TextToken {
		switch {
		case p.skipped != 0:
		case p.inTitle:
			s := z.Text()
			p.page.title = cut(p.page.title+string(s[:min(len(s), maxTitle)]), maxTitle)
		case p.pre > 0:
			p.code.Write(z.Text())
		default:
			p.words(string(z.Text()))
		}
		return
	}
	if kind != html.StartTagToken && kind != html.EndTagToken && kind != html.SelfClosingTagToken {
		return
	}
	name, hasAttributes := z.TagName()
	tag := atom.Lookup(name)
	if p.skipped != 0 {
		if tag == p.skipped && kind != html.SelfClosingTagToken {
			if kind == html.StartTagToken {
				p.depth++
			} else if p.depth--; p.depth == 0 {
				p.skipped = 0
			}
		}
		return
	}
	if kind == html.EndTagToken {
		p.end(tag)
		return
	}
	if p.skips(tag) {
		if kind == html.StartTagToken {
			p.skipped, p.depth = tag, 1
		}
		return
	}
	all := attributes(z, hasAttributes)
	if kind == html.StartTagToken && p.hides(tag, all) {
		p.skipped, p.depth = tag, 1
		return
	}
	p.start(tag, all)
}

// hides reports an element that a browser doesn't show, if it is one with an end tag.
func (p *pageReader) hides(tag atom.Atom, a map[string]string) bool {
	_, hidden := a["hidden"]
	if !hidden && tag == atom.Dialog {
		_, open := a["open"]
		hidden = !open
	}
	style := strings.ReplaceAll(strings.ToLower(a["style"]), " ", "")
	if !hidden && !strings.Contains(style, "display:none") && !strings.Contains(style, "visibility:hidden") {
		return false
	}
	switch tag {
	case atom.P, atom.Div, atom.Span, atom.Section, atom.Article, atom.Aside, atom.Main, atom.Header, atom.Footer, atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Form,
		atom.Figure, atom.A, atom.B, atom.I, atom.Em, atom.Strong, atom.Small, atom.Label, atom.Blockquote, atom.Dialog, atom.Details, atom.Fieldset:
		return p.ends(tag)
	}
	return false
}

// ends reports that an element of this kind has an end as often as a beginning: else
// all the rest of the page might count as its contents.
func (p *pageReader) ends(tag atom.Atom) bool {
	ends, known := p.balanced[tag]
	if !known {
		if p.lower == "" {
			p.lower = strings.ToLower(p.text)
		}
		name := tag.String()
		ends = strings.Count(p.lower, "<"+name+" ")+strings.Count(p.lower, "<"+name+">") <= strings.Count(p.lower, "</"+name+">")
		p.balanced[tag] = ends
	}
	return ends
}

// skips tells the elements whose contents nobody reads as the page's text.
func (p *pageReader) skips(tag atom.Atom) bool {
	switch tag {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Iframe, atom.Object, atom.Canvas, atom.Audio, atom.Video,
		atom.Button, atom.Select, atom.Datalist, atom.Map:
		return true
	case atom.Nav:
		return !p.keepNavigation
	}
	return false
}

func (p *pageReader) start(tag atom.Atom, a map[string]string) {
	switch tag {
	case atom.Title:
		p.inTitle = true
	case atom.Meta:
		p.meta(a)
	case atom.Html:
		if lang := a["lang"]; lang != "" {
			p.page.metadata["lang"] = title(lang)
		}
	case atom.Img:
		p.words(" " + a["alt"] + " ")
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		p.beginHeading(level(tag))
	case atom.Pre:
		p.pre++
	case atom.Li:
		p.item()
	case atom.Tr:
		p.row()
	case atom.Td, atom.Th:
		p.cell()
	case atom.Br:
		if p.pre > 0 {
			p.code.WriteByte('\n')
		} else {
			p.line()
		}
	case atom.Dt, atom.Dd, atom.Caption, atom.Option, atom.Summary:
		p.line()
	default:
		if isBlock(tag) {
			p.paragraph()
		}
	}
}

func (p *pageReader) end(tag atom.Atom) {
	switch tag {
	case atom.Title:
		p.inTitle = false
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		p.endHeading()
	case atom.Pre:
		if p.pre--; p.pre <= 0 {
			p.endCode()
		}
	case atom.Li:
		p.mark = ""
		p.line()
	case atom.Tr:
		p.row()
	case atom.Summary, atom.Caption, atom.Dt:
		p.line()
	default:
		if isBlock(tag) {
			p.paragraph()
		}
	}
}

func (p *pageReader) endCode() {
	p.pre = 0
	p.layout.code(p.code.String())
	p.code.Reset()
}

func level(tag atom.Atom) int {
	return int(tag.String()[1] - '0')
}

func isBlock(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Aside, atom.Header, atom.Footer, atom.Address, atom.Blockquote,
		atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Form, atom.Fieldset, atom.Details, atom.Figure, atom.Figcaption, atom.Hr, atom.Body, atom.Textarea:
		return true
	}
	return false
}

// attributes returns those of a tag; of several with a name the first counts.
func attributes(z *html.Tokenizer, more bool) map[string]string {
	found := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, ok := found[string(key)]; !ok && len(found) < maxAttributes {
			found[string(key)] = string(value)
		}
	}
	return found
}

const maxAttributes = 32

// meta takes in what a page says of itself.
func (p *pageReader) meta(a map[string]string) {
	content := title(a["content"])
	switch name := strings.ToLower(a["name"]); {
	case content == "":
	case name == "author" || name == "description" || name == "date":
		p.page.metadata[name] = content
	case name == "keywords":
		p.page.metadata[name] = list(content)
	}
}

// list makes a list of words with commas between them.
func list(s string) []any {
	var items []any
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
