package mirror_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/extract/sample"
	"github.com/toller-search/toller/edge/files/formats"
	"github.com/toller-search/toller/edge/files/walk"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/mirror"
)

// scan is a PDF with a page that is a picture.
func scan() string {
	return string(sample.PDFOf([]string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /XObject << /P 5 0 R >> >> /Contents 4 0 R >>",
		"<< /Length 30 >>\nstream\nq 500 0 0 700 50 50 cm /P Do Q\nendstream",
		"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\nstream\nx\nendstream",
	}, "/Root 1 0 R"))
}

// skipped shows what is skipped below the folder, "name why: reason" each.
func (f folder) skipped(all []mirror.Skipped) []string {
	shown := []string{}
	for _, s := range all {
		shown = append(shown, filepath.ToSlash(strings.TrimPrefix(s.Path, string(f)+string(filepath.Separator)))+" "+string(s.Why)+": "+s.Reason)
	}
	return shown
}

func (f folder) wantSkipped(t *testing.T, x *index.Index, r *mirror.Report, want ...string) {
	t.Helper()
	if r != nil {
		if got := f.skipped(r.Skipped); !slices.Equal(got, want) {
			t.Errorf("the report has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	kept, err := mirror.SkippedFiles(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.skipped(kept); !slices.Equal(got, want) {
		t.Errorf("the index has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSkipped has each file that is not in the index, or not all of it, with its reason
// in the report and in the index: in this round, and in later ones in which it isn't
// read.
func TestSkipped(t *testing.T) {
	f := folder(filepath.Join(t.TempDir(), "in"))
	for name, from := range map[string]string{"locked.pdf": "pdf/user_password.pdf", "drm.epub": "epub/drm.epub"} {
		data, err := os.ReadFile(filepath.Join("../../testdata/formats", from))
		if err != nil {
			t.Fatal(err)
		}
		f.write(t, name, string(data))
	}
	f.write(t, "cat.txt", "the cat")
	f.write(t, "picture.png", "\x89PNG\r\n\x1a\n\x00\x00")
	f.write(t, "program", "\x7fELF\x00\x01")
	f.write(t, "empty.md", "\n")
	f.write(t, "large.txt", strings.Repeat("the cat ", 20_000))
	f.write(t, "damaged.docx", "no archive")
	f.write(t, "scan.pdf", scan())
	f.write(t, "app.js", "let a\n"+strings.Repeat("x", 3000)+"\n")
	f.write(t, "part.jsonl", `{"text":"the dog"}`+"\n"+`{"text":7}`+"\n{\"text\":\"the \xff\xc3\xa9\xc3\xa9 mat\"}\n")
	f.write(t, ".hidden", "x")
	f.write(t, ".gitignore", "ignored*\n")
	f.write(t, "ignored.txt", "x")
	f.write(t, "excluded.txt", "x")
	os.Symlink(t.TempDir(), f.in("linked"))
	os.Symlink(f.in("none"), f.in("broken link"))
	o := mirror.Options{List: walk.Options{Exclude: []string{"excl*"}}, Extract: extract.Options{Readers: formats.Readers(), MaxFile: 100_000}}
	x := newIndex(t)
	want := []string{
		"app.js generated: line 2: is generated code, of 3001 bytes",
		"broken link unreadable: no such file or directory",
		"damaged.docx unreadable: doesn't begin as DOCX files do",
		"drm.epub encrypted: is a book whose chapters are encrypted (DRM)",
		"empty.md empty: has no text",
		"large.txt too large: has 160000 bytes, the limit is 100000",
		"linked linked folder: is a link to a folder, which is not followed",
		"locked.pdf encrypted: is a PDF that opens with a password only",
		`part.jsonl partial: line 2: field "text" is a number, expected a string; records with characters that can't be read, each now U+FFFD: 1`,
		"picture.png unsupported: is a picture",
		"program unsupported: is a binary file",
		"scan.pdf scanned: has no text: page 1: scans, pictures without text",
	}
	for range 3 {
		r := update(t, mirror.New(x, o), string(f))
		f.wantSkipped(t, x, r, want...)
		if r.Hidden != 2 || r.Ignored != 1 || r.Excluded != 1 || len(r.Unmatched) > 0 {
			t.Errorf("%d hidden, %d ignored, %d excluded, unmatched %q", r.Hidden, r.Ignored, r.Excluded, r.Unmatched)
		}
	}
	// One file alone is news of that file alone.
	m := mirror.New(x, o)
	if r := update(t, m, f.in("part.jsonl")); len(r.Skipped) != 1 {
		t.Errorf("one file: %q", f.skipped(r.Skipped))
	}
	f.wantSkipped(t, x, nil, want...)
	// What is mended, gone, or left out by a rule now, isn't skipped any more.
	f.write(t, "damaged.docx", string(sample.DOCX("", "", "the moon")))
	f.write(t, "part.jsonl", `{"text":"the dog"}`+"\n")
	f.write(t, "cat.txt", "\x00\x01")
	os.Remove(f.in("linked"))
	os.Remove(f.in("scan.pdf"))
	o.List.Exclude = append(o.List.Exclude, "*.epub", "/no/such")
	m = mirror.New(x, o)
	r := update(t, m, string(f))
	f.wantSkipped(t, x, r, want[0], want[1], "cat.txt unsupported: is a binary file", want[4], want[5], want[7], want[9], want[10])
	if !slices.Equal(r.Unmatched, []string{"/no/such"}) {
		t.Errorf("unmatched: %q", r.Unmatched)
	}
	if _, err := mirror.Remove(t.Context(), x, f.in("locked.pdf"), f.in("program")); err != nil {
		t.Error(err)
	}
	f.wantSkipped(t, x, nil, want[0], want[1], "cat.txt unsupported: is a binary file", want[4], want[5], want[9])
	if _, err := mirror.Remove(t.Context(), x, string(f)); err != nil {
		t.Error(err)
	}
	f.wantSkipped(t, x, nil)
	clean(t, x)
}

// TestSkippedMoves has a file that is there in part get another name, and a link that
// leads out of the folder.
func TestSkippedMoves(t *testing.T) {
	f := folder(filepath.Join(t.TempDir(), "in"))
	outside := filepath.Join(t.TempDir(), "outside.txt")
	if err := os.WriteFile(outside, []byte("the fox"), 0o666); err != nil {
		t.Fatal(err)
	}
	f.write(t, "app.js", "let a\n"+strings.Repeat("x", 3000)+"\n")
	if err := os.Symlink(outside, f.in("link.txt")); err != nil {
		t.Fatal(err)
	}
	x := newIndex(t)
	m := mirror.New(x, mirror.Options{})
	update(t, m, string(f))
	if err := os.Rename(f.in("app.js"), f.in("site.js")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := update(t, m, string(f))
		f.wantSkipped(t, x, r,
			"link.txt linked from outside: is a link to a file outside the folder, which is not followed",
			"site.js generated: line 2: is generated code, of 3001 bytes")
	}
}

// TestNothingIncluded has include patterns that leave nothing of a folder.
func TestNothingIncluded(t *testing.T) {
	f := notes(t)
	x := newIndex(t)
	update(t, mirror.New(x, mirror.Options{}), string(f))
	keys := f.keys(t, x)
	for _, pattern := range []string{"nots/", "*.doc"} {
		r := update(t, mirror.New(x, mirror.Options{List: walk.Options{Include: []string{pattern}}}), string(f))
		if r.Changed() || r.Files != 0 || !slices.Equal(r.NotIncluded, []string{string(f)}) || !slices.Equal(r.Unmatched, []string{pattern}) || r.Excluded == 0 {
			t.Errorf("%s: %+v", pattern, r)
		}
		f.wantKeys(t, x, keys...)
	}
	// Those that leave something hold.
	r := update(t, mirror.New(x, mirror.Options{List: walk.Options{Include: []string{"animals/"}}}), string(f))
	if r.Removed != 3 || len(r.NotIncluded)+len(r.Unmatched) > 0 {
		t.Errorf("%+v", r)
	}
	f.wantKeys(t, x, "animals/bird.txt", "animals/dog.txt")
}
