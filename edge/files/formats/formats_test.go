package formats

import (
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/extract/sample"
)

// TestPDF reads a PDF, or is told that this program can't.
func TestPDF(t *testing.T) {
	with := slices.ContainsFunc(Readers(), func(r extract.Reader) bool { return r.Format == "pdf" })
	data := string(sample.PDF("", "", "some text"))
	for d, err := range extract.Extract(t.Context(), "a.pdf", strings.NewReader(data), int64(len(data)), extract.Options{Readers: Readers()}) {
		switch {
		case with && (err != nil || d.Text != "some text"):
			t.Errorf("%+v, %v", d, err)
		case !with && (err == nil || !strings.Contains(err.Error(), "is a PDF, which this program was built without a reader for")):
			t.Errorf("%+v, %v", d, err)
		}
	}
}

// TestNames has each format once.
func TestNames(t *testing.T) {
	names := Names()
	slices.Sort(names)
	if n := len(slices.Compact(slices.Clone(names))); n != len(names) || !slices.Contains(names, "pdf") || !slices.Contains(names, "mail") {
		t.Errorf("%q", names)
	}
}
