//go:build !nopdf

package formats

import (
	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/pdf"
)

func pdfReaders() []extract.Reader { return []extract.Reader{pdf.Reader()} }
