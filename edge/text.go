package edge

import (
	"fmt"
	"math"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/token"
)

// preparer turns texts of one kind, queries or documents, into sequences of
// token ids, as PyLate's ColBERT.tokenize does, or the preprocess of
// sentence-transformers' Transformer.
type preparer struct {
	tokenizer *token.Tokenizer
	prompt    string
	strip     bool // white space at both ends
	lower     bool

	// Every sequence is head, the text's tokens, tail, and then pad up to fill.
	head, tail []int32
	length     int
	positions  int // that the model has: no sequence is longer; 0 for any number
	fill       int
	pad        int32
	attend     bool // pad may be attended to
	scored     bool // pad gives vectors

	skip map[int32]bool // ids that give no vector; nil where all do
}

// sequence is a text's tokens.
type sequence struct {
	infer.Sequence
	tokens    []tokenRef // one an id
	keep      []bool     // which of them give a vector
	truncated bool
}

// newPreparer checks a kind's settings against the tokenizer. what is "query"
// or "document", for messages.
func newPreparer(t *token.Tokenizer, k kind, what string, maxLength, positions int, strip bool) (*preparer, error) {
	before, after := t.Template()
	if len(before) == 0 {
		return nil, fmt.Errorf("%s: post_processor: expected a template that puts a token such as [CLS] before a text, found none", tokenizerFile)
	}
	p := &preparer{tokenizer: t, prompt: k.prompt, strip: strip, length: k.length, positions: positions, tail: after}
	p.head = append(p.head, before[0])
	if k.prefix != "" {
		id, ok := t.ID(k.prefix)
		if !ok {
			return nil, fmt.Errorf("%s_prefix: expected a token of %s that the model was trained with, found %q", what, tokenizerFile, k.prefix)
		}
		p.head = append(p.head, id)
	}
	p.head = append(p.head, before[1:]...)
	if err := p.checkLength(k.length, maxLength); err != nil {
		return nil, fmt.Errorf("%s_length: %w", what, err)
	}
	return p, nil
}

// checkLength refuses a length that leaves no room for the text, is absurd, or
// is more than the model has positions.
func (p *preparer) checkLength(length, most int) error {
	if p.positions > 0 && length > p.positions {
		return fmt.Errorf("expected at most %d tokens, the positions that the model has, found %d", p.positions, length)
	}
	if least := len(p.head) + len(p.tail) + 1; length < least || length > most {
		return fmt.Errorf("expected %d to %d tokens, found %d", least, most, length)
	}
	return nil
}

// within is the length nearest to n that the model has positions for.
func (p *preparer) within(n int) int {
	if p.positions > 0 {
		return min(n, p.positions)
	}
	return n
}

// prepare tokenises a text and cuts it so that the sequence has at most length
// tokens, and no more than the model has positions.
func (p *preparer) prepare(text string, length int) (*sequence, error) {
	if len(p.prompt)+len(text) > math.MaxInt32 {
		return nil, fmt.Errorf("text of %d bytes: expected at most %d", len(text), math.MaxInt32-len(p.prompt))
	}
	length = p.within(length)
	room := length - len(p.head) - len(p.tail)
	content := p.encode(p.prompt+text, room)
	n := len(p.head) + len(content.IDs) + len(p.tail)
	size := max(n, p.fill)
	s := &sequence{truncated: content.Truncated}
	s.IDs = make([]int32, 0, size)
	s.IDs = append(s.IDs, p.head...)
	s.IDs = append(s.IDs, content.IDs...)
	s.IDs = append(s.IDs, p.tail...)
	for len(s.IDs) < size {
		s.IDs = append(s.IDs, p.pad)
	}
	if !p.attend {
		s.Keys = n
	}
	s.tokens = make([]tokenRef, size)
	for i, id := range s.IDs {
		s.tokens[i].id = id
	}
	for i, span := range content.Spans {
		// A token that is in the prompt, or part of it, starts at the text's start.
		ref := &s.tokens[len(p.head)+i]
		ref.start = int32(max(span.Start-len(p.prompt), 0))
		ref.end = int32(max(span.End-len(p.prompt), 0))
	}
	s.keep = heads.KeepQuery(size, n, p.scored)
	for i, kept := range heads.KeepDocument(s.IDs, p.skip) {
		s.keep[i] = s.keep[i] && kept
	}
	return s, nil
}

// encode returns a text's own tokens, no more than limit.
func (p *preparer) encode(text string, limit int) token.Encoding {
	return p.tokenizer.Encode(text, token.Options{Strip: p.strip, Lower: p.lower, Limit: limit})
}
