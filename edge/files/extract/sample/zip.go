package sample

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// File is an entry of an archive.
type File struct {
	Name, Text string
	Stored     bool // not compressed
}

// ZIP writes an archive.
func ZIP(files ...File) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		method := zip.Deflate
		if f.Stored {
			method = zip.Store
		}
		// Writing to memory can't fail.
		entry, _ := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: method})
		entry.Write([]byte(f.Text))
	}
	w.Close()
	return out.Bytes()
}

// DOCX writes a document with a paragraph for each line of a text: a heading for
// "# " to "### ", an item of a list for "- ".
func DOCX(title, author, text string) []byte {
	var body strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		properties := ""
		for level := 3; level > 0; level-- {
			if rest, ok := strings.CutPrefix(line, strings.Repeat("#", level)+" "); ok {
				line, properties = rest, fmt.Sprintf(`<w:pPr><w:pStyle w:val="H%d"/></w:pPr>`, level)
			}
		}
		if rest, ok := strings.CutPrefix(line, "- "); ok {
			line, properties = rest, `<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>`
		}
		fmt.Fprintf(&body, `<w:p>%s<w:r><w:t xml:space="preserve">%s</w:t></w:r></w:p>`, properties, escapeXML(line))
	}
	const (
		header = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
		word   = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
	)
	styles := ""
	for level := 1; level <= 3; level++ {
		styles += fmt.Sprintf(`<w:style w:type="paragraph" w:styleId="H%d"><w:name w:val="heading %[1]d"/></w:style>`, level)
	}
	return ZIP(
		File{Name: "[Content_Types].xml", Text: header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
			`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
			`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`},
		File{Name: "_rels/.rels", Text: header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>` +
			`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`},
		File{Name: "word/_rels/document.xml.rels", Text: header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
		File{Name: "word/styles.xml", Text: header + `<w:styles ` + word + `>` + styles + `</w:styles>`},
		File{Name: "word/document.xml", Text: header + `<w:document ` + word + `><w:body>` + body.String() + `</w:body></w:document>`},
		File{Name: "docProps/core.xml", Text: header + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" ` +
			`xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>` + escapeXML(title) + `</dc:title><dc:creator>` + escapeXML(author) + `</dc:creator></cp:coreProperties>`},
	)
}

// EPUB writes a book of chapters, each the body of a page of XHTML. They are
// stored in the opposite order.
func EPUB(title, author string, chapters ...string) []byte {
	var manifest, spine strings.Builder
	var pages []File
	for i, chapter := range chapters {
		fmt.Fprintf(&manifest, `<item id="c%d" href="text/c%[1]d.xhtml" media-type="application/xhtml+xml"/>`, i+1)
		fmt.Fprintf(&spine, `<itemref idref="c%d"/>`, i+1)
		page := File{Name: fmt.Sprintf("OEBPS/text/c%d.xhtml", i+1), Text: `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
			`<html xmlns="http://www.w3.org/1999/xhtml"><head><title>` + escapeXML(title) + `</title></head><body>` + chapter + `</body></html>`}
		pages = append([]File{page}, pages...)
	}
	files := []File{
		{Name: "mimetype", Text: "application/epub+zip", Stored: true},
		{Name: "META-INF/container.xml", Text: `<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">` +
			`<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`},
		{Name: "OEBPS/book.opf", Text: `<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">` +
			`<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">` + escapeXML(title) + `</dc:identifier><dc:title>` + escapeXML(title) +
			`</dc:title><dc:creator>` + escapeXML(author) + `</dc:creator><dc:language>en</dc:language></metadata>` +
			`<manifest>` + manifest.String() + `</manifest><spine>` + spine.String() + `</spine></package>`},
	}
	return ZIP(append(files, pages...)...)
}

func escapeXML(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // writing to memory can't fail
	return b.String()
}
