package files_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/formats"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/edge/mirror"
)

const library = "../../testdata/library"

// What is ranked and what is indexed is the same text: every file of a folder of
// all kinds, and every record.
func TestReadAgreesWithMirror(t *testing.T) {
	ctx := t.Context()
	c, err := files.Read(ctx, []string{library}, files.Options{Readers: formats.Readers()})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Unreadable)+c.BadInputs+c.Repaired > 0 || c.LeftOut != (files.LeftOut{Hidden: 1}) {
		t.Errorf("found %+v", c)
	}
	read := map[string]files.Document{} // by file, # and id or line
	for _, d := range c.Documents {
		path, err := filepath.Abs(d.Path)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case d.ID != "":
			path += "#" + d.ID
		case d.Line > 0:
			path += "#" + strings.Replace(d.Name[len(d.Path):], ":", "row ", 1)
		}
		read[path] = d
	}

	m, err := edge.Open(tiny.New(t).Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	x, err := index.Open(ctx, filepath.Join(t.TempDir(), "index.db"), m)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	report, err := mirror.New(x, mirror.Options{Extract: extract.Options{Readers: formats.Readers()}}).Update(ctx, library)
	if err != nil {
		t.Fatal(err)
	}
	if report.Files != c.Inputs || report.Added != c.Inputs || len(report.Unreadable) > 0 {
		t.Errorf("read %d files, indexed %+v", c.Inputs, report)
	}
	formats := map[any]int{}
	err = x.Entries(ctx, "", func(e *index.Entry) bool {
		d, ok := read[e.Key]
		delete(read, e.Key)
		text := e.Text
		if d.Text != text { // the title comes from elsewhere than the text
			text = e.Title + " " + text
		}
		if !ok || d.Text != text || d.Title != e.Title || len(strings.TrimSpace(text)) < 50 {
			t.Errorf("%s is indexed as %q, %.80q, read as %q, %.80q", e.Key, e.Title, e.Text, d.Title, d.Text)
		}
		formats[e.Metadata["format"]]++
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(read) > 0 {
		t.Errorf("only read, not indexed: %q", slices.Sorted(maps.Keys(read)))
	}
	want := map[any]int{"markdown": 1, "html": 1, "text": 2, "code": 1, "pdf": 1, "docx": 1, "epub": 1, "jsonl": 4, "csv": 6}
	if !maps.Equal(formats, want) {
		t.Errorf("indexed %v, want %v", formats, want)
	}
}
