package mail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/extract/sample"
)

const samples = "../../../testdata/formats/mail"

func extracted(t testing.TB, name string, data []byte) (documents []extract.Document, errs []error) {
	t.Helper()
	o := extract.Options{Readers: []extract.Reader{Reader()}, Time: 5 * time.Second}
	for d, err := range extract.Extract(t.Context(), name, bytes.NewReader(data), int64(len(data)), o) {
		if err != nil {
			errs = append(errs, err)
		} else {
			documents = append(documents, d)
		}
	}
	return documents, errs
}

func one(t testing.TB, name string, data []byte) extract.Document {
	t.Helper()
	documents, errs := extracted(t, name, data)
	if len(errs) > 0 || len(documents) != 1 {
		t.Fatalf("%d documents, errors %v", len(documents), errs)
	}
	return documents[0]
}

func TestMessages(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(samples, "b64.eml"))
	if err != nil {
		t.Fatal(err)
	}
	if d := one(t, "b64.eml", data); d.Title != "Crane" || !strings.Contains(d.Text, "crane inspection is postponed") || d.Format != "mail" {
		t.Errorf("%+v", d)
	}
	if data, err = os.ReadFile(filepath.Join(samples, "berth.eml")); err != nil {
		t.Fatal(err)
	}
	d := one(t, "berth.eml", data)
	if d.Title != "Liegeplatz für die Möwe" || !strings.HasPrefix(d.Text, "Grüße! Der Liegeplatz für die Möwe") || !strings.Contains(d.Text, "die Gebühren überweist") {
		t.Errorf("%+v", d)
	}
	if len(d.Missing) != 3 || !strings.HasPrefix(d.Missing[1], "quay.jpg: is a") { // the file is cut off within the picture
		t.Errorf("missing %q", d.Missing)
	}
	if from, ok := d.Metadata["from"].([]any); !ok || len(from) != 1 || from[0] != "Ada <ada@example.org>" || d.Metadata["date"] != "2026-03-03T10:00:00+01:00" {
		t.Errorf("metadata %v", d.Metadata)
	}
}

func TestParts(t *testing.T) {
	docx := base64.StdEncoding.EncodeToString(sample.DOCX("", "", "The gangway is steep."))
	message := strings.ReplaceAll(`Subject: =?koi8-r?B?7sHTz9M=?=
From: "A; b" <a@b.c>, d@e.f
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=windows-1251

`+"\xcd\xe0\xf1\xee\xf1"+`
--a
Content-Type: text/html

<p>said again</p>
--a--
--m
Content-Type: application/octet-stream; name="plan.docx"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="plan.docx"

`+docx+`
--m
Content-Type: message/rfc822

Subject: inner
Content-Type: text/html; charset=utf-8

<p>forwarded <b>words</b></p>
--m--
`, "\n", "\r\n")
	d := one(t, "a.eml", []byte(message))
	if want := "Насос\n\n[plan.docx]\n\nThe gangway is steep.\n\nforwarded words"; d.Title != "Насос" || d.Text != want || len(d.Missing) > 0 {
		t.Errorf("title %q, text %q, missing %q", d.Title, d.Text, d.Missing)
	}
	if from := d.Metadata["from"].([]any); !slices.Equal(from, []any{"A; b <a@b.c>", "<d@e.f>"}) {
		t.Errorf("from %q", from)
	}
	// Cut at 200 places it is read in part or refused, and what is read stays the same.
	for i := range 200 {
		cut := message[:1+i*(len(message)-1)/200]
		documents, errs := extracted(t, "a.eml", []byte(cut))
		if len(documents)+len(errs) != 1 {
			t.Errorf("%d bytes: %d documents, %v", len(cut), len(documents), errs)
		}
	}
	deep := ""
	for i := range 500 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=m%d\n\n--m%[1]d\n", i)
	}
	if _, errs := extracted(t, "a.eml", []byte(deep)); len(errs) != 1 || !strings.Contains(errs[0].Error(), "nested") {
		t.Error(errs)
	}
}

func TestMailbox(t *testing.T) {
	box := "From a@b Mon Jan  1 00:00:00 2026\nSubject: one\n\nfirst\n>From here on\n\nFrom a@b Mon Jan  1 00:00:00 2026\nSubject: two\n\nsecond\nFrom within\n"
	documents, errs := extracted(t, "a.mbox", []byte(box))
	if len(errs) > 0 || len(documents) != 2 {
		t.Fatal(documents, errs)
	}
	if d := documents[0]; d.Title != "one" || d.Text != "first\nFrom here on" || d.Part != "message 1" || d.Record != 1 {
		t.Errorf("%+v", d)
	}
	if d := documents[1]; d.Title != "two" || d.Text != "second\nFrom within" || d.Part != "message 2" {
		t.Errorf("%+v", d)
	}
	if _, errs := extracted(t, "a.mbox", []byte("no box")); len(errs) != 1 || !strings.Contains(errs[0].Error(), "is no mailbox") {
		t.Error(errs)
	}
}
