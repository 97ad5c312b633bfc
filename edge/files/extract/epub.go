package extract

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// readEPUB reads a book (EPUB 2 and 3): its chapters in the order of its spine.
func readEPUB(in *input) error {
	a, err := openArchive(in)
	if err != nil {
		return err
	}
	b, err := a.book()
	if err != nil {
		return err
	}
	l := layout{limit: in.options.MaxText}
	missing := 0
	for _, name := range b.chapters {
		data, err := a.read(name)
		if errors.Is(err, errNoEntry) {
			missing++
			continue
		}
		if err != nil {
			return err
		}
		text, err := decodeHTML(string(data))
		if err != nil {
			return fmt.Errorf("entry %.200q: %w", name, err)
		}
		if _, err := layOutHTML(in.ctx, text, &l); err != nil {
			return err
		}
	}
	if missing > 0 && missing == len(b.chapters) {
		return fmt.Errorf("none of its %d chapters is there", missing)
	}
	if b.title == "" {
		b.title = l.title
	}
	in.emit(Document{Title: b.title, Text: l.out.String(), Metadata: b.metadata})
	return nil
}

const maxAuthors = 50

// book is what the package document of a book says.
type book struct {
	title    string
	metadata map[string]any
	chapters []string // entries
}

func (a *archive) book() (book, error) {
	b := book{metadata: map[string]any{}}
	file := ""
	err := a.elements("META-INF/container.xml", func(e xml.StartElement, _ []string) {
		if e.Name.Local == "rootfile" && file == "" {
			file = attribute(e, "full-path")
		}
	}, ignoreText)
	if err != nil {
		return b, err
	}
	var spine, authors []string
	pages := map[string]string{} // id -> entry, of the files that are chapters
	err = a.elements(file, func(e xml.StartElement, _ []string) {
		switch e.Name.Local {
		case "item":
			if kind := attribute(e, "media-type"); (kind == "application/xhtml+xml" || kind == "text/html") && len(pages) < maxEntries {
				if href, err := url.PathUnescape(attribute(e, "href")); err == nil {
					pages[attribute(e, "id")] = path.Join(path.Dir(file), href)
				}
			}
		case "itemref":
			if len(spine) < maxEntries {
				spine = append(spine, attribute(e, "idref"))
			}
		}
	}, func(s string, around []string) {
		if s = title(s); s == "" || len(around) < 2 || around[len(around)-2] != "metadata" {
			return
		}
		switch name := around[len(around)-1]; name {
		case "title":
			if b.title == "" {
				b.title = s
			}
		case "creator":
			if len(authors) < maxAuthors {
				authors = append(authors, s)
			}
		case "language", "publisher", "date":
			b.metadata[name] = s
		}
	})
	if err != nil {
		return b, err
	}
	if len(authors) > 0 {
		b.metadata["author"] = strings.Join(authors, ", ")
	}
	for _, id := range spine {
		if name, ok := pages[id]; ok {
			b.chapters = append(b.chapters, name)
			delete(pages, id) // each once
		}
	}
	return b, nil
}
