package pdf

import (
	"strings"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

const (
	maxAnnotations = 1000 // of a page that are looked at
	maxObjects     = 200  // of a page without text among which a picture is sought
)

// page is what a page says.
type page struct {
	text    string
	picture bool // there is no text, and there are pictures
	unknown int  // characters of which the file doesn't say what they are
}

func (d *document) readPage(at requests.Page) (page, error) {
	notes, err := d.annotations(at)
	if err != nil {
		return page{}, err
	}
	loaded, err := d.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: at})
	if err != nil {
		return page{}, err
	}
	r := pageReader{document: d, text: loaded.TextPage}
	p, err := r.read()
	if err != nil {
		return page{}, err
	}
	if _, err := d.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage}); err != nil {
		return page{}, err
	}
	for _, note := range notes {
		if !strings.Contains(unspaced(p.text), unspaced(note)) {
			p.text = strings.TrimPrefix(p.text+"\n\n"+note, "\n\n")
		}
	}
	if p.text == "" {
		p.picture, err = d.hasPicture(at)
	}
	return p, err
}

// unspaced is s without white space, for comparisons.
func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

// annotations puts what fields and notes show on a page among its contents, in place,
// and returns what they say beside.
func (d *document) annotations(at requests.Page) ([]string, error) {
	count, err := d.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: at})
	if err != nil || count.Count == 0 {
		return nil, err
	}
	var notes []string
	shown := false
	for i := range min(count.Count, maxAnnotations) {
		a, err := d.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: at, Index: i})
		if err != nil {
			if stopped(err) {
				return nil, err
			}
			continue
		}
		note, visible, err := d.annotation(a.Annotation)
		if err != nil {
			return nil, err
		}
		shown = shown || visible
		if note != "" {
			notes = append(notes, note)
		}
		if _, err := d.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: a.Annotation}); err != nil {
			return nil, err
		}
	}
	if shown {
		_, err = d.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: at, Usage: requests.FPDFPage_FlattenUsageNormalDisplay})
	}
	return notes, err
}

// annotation returns what an annotation says, and whether it may show text.
func (d *document) annotation(a references.FPDF_ANNOTATION) (note string, shows bool, err error) {
	kind, err := d.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: a})
	if err != nil {
		return "", false, err
	}
	key := "Contents"
	switch kind.Subtype {
	case enums.FPDF_ANNOT_SUBTYPE_LINK, enums.FPDF_ANNOT_SUBTYPE_POPUP:
		return "", false, nil
	case enums.FPDF_ANNOT_SUBTYPE_WIDGET:
		key = "V"
	}
	value, err := d.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: a, Key: key})
	if err != nil {
		if stopped(err) {
			return "", false, err
		}
		return "", true, nil // it has none
	}
	note = strings.TrimSpace(strings.ToValidUTF8(value.Value, ""))
	if key == "V" && note == "Off" { // of a box that isn't ticked
		note = ""
	}
	return note, true, nil
}

// hasPicture reports pictures on a page without text.
func (d *document) hasPicture(at requests.Page) (bool, error) {
	count, err := d.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: at})
	if err != nil {
		return false, err
	}
	for i := range min(count.Count, maxObjects) {
		object, err := d.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: at, Index: i})
		if err != nil {
			return false, err
		}
		kind, err := d.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object.PageObject})
		if err != nil {
			return false, err
		}
		if kind.Type == enums.FPDF_PAGEOBJ_IMAGE || kind.Type == enums.FPDF_PAGEOBJ_FORM {
			return true, nil
		}
	}
	return false, nil
}
