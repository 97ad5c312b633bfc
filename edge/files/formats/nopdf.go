//go:build nopdf

package formats

import "github.com/toller-search/toller/edge/files/extract"

func pdfReaders() []extract.Reader { return nil }
