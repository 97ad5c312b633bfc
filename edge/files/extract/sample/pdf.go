package sample

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
)

// PDF writes a document with a page for each text, a line for each line of it.
// Lines that begin with # are larger. Texts are in Windows-1252's characters.
func PDF(title, author string, pages ...string) []byte {
	const (
		catalog = 1 + iota
		tree
		font
		info
		firstPage // each page and its contents
	)
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", firstPage+2*i)
	}
	objects := []string{
		fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R >>", tree),
		fmt.Sprintf("<< /Type /Pages /Count %d /Kids [ %s] >>", len(pages), kids.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
		fmt.Sprintf("<< /Title (%s) /Author (%s) /CreationDate (D:20240501120000Z) >>", escape(title), escape(author)),
	}
	for i, text := range pages {
		contents := deflate(pageProgram(text))
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 %d 0 R >> >> /Contents %d 0 R >>",
				tree, font, firstPage+2*i+1),
			fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", len(contents), contents))
	}
	return PDFOf(objects, fmt.Sprintf("/Root %d 0 R /Info %d 0 R", catalog, info))
}

// PDFOf writes a document of objects, numbered from 1, and a trailer's entries.
func PDFOf(objects []string, trailer string) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n%\xE2\xE3\xCF\xD3\n")
	var table strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n%s", len(objects)+1, table.String())
	fmt.Fprintf(&out, "trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, start)
	return out.Bytes()
}

// pageProgram shows the lines of a text one below the other.
func pageProgram(text string) string {
	var p strings.Builder
	p.WriteString("BT\n72 770 Td\n")
	for line := range strings.SplitSeq(text, "\n") {
		size := 11
		if heading, ok := strings.CutPrefix(line, "# "); ok {
			line, size = heading, 18
		}
		fmt.Fprintf(&p, "/F1 %d Tf (%s) Tj 0 %d Td\n", size, escape(line), -size-4)
	}
	p.WriteString("ET\n")
	return p.String()
}

// escape writes a text in the bytes of a PDF string: those of Latin-1.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune(`()\`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x80:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\%03o`, byte(r))
		}
	}
	return b.String()
}

func deflate(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}
