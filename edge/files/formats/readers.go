package formats

import (
	"sync"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/mail"
)

// Readers returns the readers, always the same ones: what they have started they
// share.
var Readers = sync.OnceValue(func() []extract.Reader {
	return append(pdfReaders(), mail.Reader())
})

// Names lists the values that extract.Document.Format has with Readers.
func Names() []string {
	names := extract.Formats()
	for _, r := range Readers() {
		known := false
		for _, name := range names {
			known = known || name == r.Format
		}
		if !known {
			names = append(names, r.Format)
		}
	}
	return names
}
