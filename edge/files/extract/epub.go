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
	encrypted, err := a.encrypted()
	if err != nil {
		return err
	}
	var d Document
	missing, locked := 0, 0
	for _, name := range b.chapters {
		if encrypted[strings.ToLower(name)] {
			locked++
			d.Missing = append(d.Missing, fmt.Sprintf("chapter %.200q: is encrypted", name))
			continue
		}
		data, err := a.read(name)
		if errors.Is(err, errNoEntry) {
			missing++
			d.Missing = append(d.Missing, fmt.Sprintf("chapter %.200q: is not in the file", name))
			continue
		}
		if err != nil {
			return err
		}
		text, err := in.decode(string(data), declaredHTML(string(data)))
		if err != nil {
			return fmt.Errorf("entry %.200q: %w", name, err)
		}
		if _, err := layOutHTML(in.ctx, closeEmpty(text), &l); err != nil {
			return err
		}
	}
	if missing > 0 && missing == len(b.chapters) {
		return fmt.Errorf("none of its %d chapters is there", missing)
	}
	if locked > 0 && locked+missing == len(b.chapters) {
		return Refuse(ErrEncrypted, "is a book whose chapters are encrypted (DRM)")
	}
	const told = 10
	if n := len(d.Missing) - told; n > 0 {
		d.Missing = append(d.Missing[:told:told], fmt.Sprintf("%d chapters more", n))
	}
	if d.Title = b.title; d.Title == "" {
		d.Title = l.title
	}
	d.Text, d.Metadata = l.out.String(), b.metadata
	in.emit(d)
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
			if len(pages) < maxEntries && isChapter(attribute(e, "media-type"), attribute(e, "href")) {
				pages[attribute(e, "id")] = path.Join(path.Dir(file), entryName(attribute(e, "href")))
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

// isChapter tells the files of a book that are pages, whatever the three versions of
// EPUB call them.
func isChapter(kind, href string) bool {
	switch kind {
	case "application/xhtml+xml", "text/html", "text/x-oeb1-document":
		return true
	}
	switch strings.ToLower(path.Ext(entryName(href))) {
	case ".xhtml", ".html", ".htm":
		return true
	}
	return false
}

// entryName is the entry that a reference means, which may have escapes, a query and a
// fragment.
func entryName(href string) string {
	href, _, _ = strings.Cut(href, "#")
	href, _, _ = strings.Cut(href, "?")
	if name, err := url.PathUnescape(href); err == nil {
		return name
	}
	return href
}

// encrypted returns the entries that META-INF/encryption.xml names (OCF 3.2, 4.2.6.3.2),
// in small letters.
func (a *archive) encrypted() (map[string]bool, error) {
	names := map[string]bool{}
	err := a.elements("META-INF/encryption.xml", func(e xml.StartElement, _ []string) {
		if e.Name.Local == "CipherReference" {
			names[strings.ToLower(path.Clean(entryName(attribute(e, "URI"))))] = true
		}
	}, ignoreText)
	if errors.Is(err, errNoEntry) {
		err = nil
	}
	return names, err
}
