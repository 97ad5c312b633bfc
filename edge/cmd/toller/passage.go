package main

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/files"
)

// passageBatch is how many documents' vectors are held at a time.
const passageBatch = 8

// minShare is the least share of the score that makes a word worth
// highlighting.
const minShare = 0.02

// passage is the part of a document that answers the query best.
type passage struct {
	Text       string      `json:"text"`
	Start      int         `json:"start"` // bytes of the document's text
	End        int         `json:"end"`
	Highlights []highlight `json:"highlights"`

	first, last bool // nothing comes before it, nothing after
}

// highlight is a word that answers a word of the query.
type highlight struct {
	Start  int     `json:"start"` // bytes of the passage's text
	End    int     `json:"end"`
	Weight float32 `json:"weight"` // share of the score
}

// findPassages encodes the documents of hits once more, this time unpooled,
// because ranking keeps scores and no vectors.
func (f *rankFlags) findPassages(ctx context.Context, model *edge.Model, r *ranking, from []files.Document, bytes int) error {
	bar := newProgress("finding passages", !f.noProgress)
	defer bar.close()
	for done := 0; done < len(r.Hits); done += passageBatch {
		bar.update(done, len(r.Hits))
		batch := r.Hits[done:min(done+passageBatch, len(r.Hits))]
		texts := make([]string, len(batch))
		for i, h := range batch {
			texts[i] = from[h.Index].Text
		}
		documents, err := model.EncodeDocuments(ctx, texts, f.unpooled()...)
		if err != nil {
			return err
		}
		for i, d := range documents {
			batch[i].Passage = newPassage(edge.Explain(r.query, d), texts[i], bytes)
		}
	}
	return nil
}

func newPassage(evidence edge.Evidence, text string, bytes int) *passage {
	span := evidence.BestPassage(text, bytes)
	p := &passage{
		Text: span.Of(text), Start: span.Start, End: span.End, Highlights: []highlight{},
		first: strings.TrimSpace(text[:span.Start]) == "",
		last:  strings.TrimSpace(text[span.End:]) == "",
	}
	for _, h := range evidence.Highlights(text, minShare) {
		start, end := max(h.Start, span.Start)-span.Start, min(h.End, span.End)-span.Start
		if start < end {
			p.Highlights = append(p.Highlights, highlight{start, end, h.Weight})
		}
	}
	return p
}

// cells shows the passage with the words that hold its highlights in color,
// and with an ellipsis wherever the document goes on.
func (p *passage) cells() []cell {
	var marks []mark
	for _, h := range p.Highlights {
		start, end := wholeWords(p.Text, h.Start, h.End)
		if strings.ContainsFunc(p.Text[start:end], isLetterOrDigit) {
			marks = append(marks, mark{start, end, matched})
		}
	}
	shown := cells(p.Text, marks)
	if !p.first {
		shown = append([]cell{ellipsis}, shown...)
	}
	if !p.last && !endsSentence(p.Text) {
		shown = append(shown, ellipsis)
	}
	return shown
}

func endsSentence(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune(".!?。！？", last)
}

// wholeWords grows a range of text to the ends of the words it begins and
// ends in: tokens are often parts of words.
func wholeWords(text string, start, end int) (int, int) {
	before := strings.TrimRightFunc(text[:start], isWordRune)
	after := strings.TrimLeftFunc(text[end:], isWordRune)
	if r, _ := utf8.DecodeRuneInString(text[start:]); isWordRune(r) {
		start = len(before)
	}
	if r, _ := utf8.DecodeLastRuneInString(text[:end]); isWordRune(r) {
		end = len(text) - len(after)
	}
	return start, end
}

// isWordRune reports whether r is part of a word in a script that puts spaces
// between words; in others, a token is as good as a word.
func isWordRune(r rune) bool {
	return (isLetterOrDigit(r) || unicode.IsMark(r)) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer)
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
