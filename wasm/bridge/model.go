//go:build js

package bridge

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/toller-search/toller/edge"
)

// handleModel adds the methods of an open model.
func (s *Session) handleModel() {
	s.Handle("model.open", s.openModel)
	s.Handle("model.info", s.describe)
	s.Handle("model.score", s.score)
	s.Handle("model.encode", s.encode)
	s.Handle("model.explain", s.explain)
	s.Handle("model.marshal", s.marshal)
}

// openModel opens the files that were loaded as a model of that {name}: one that
// is {packed}, or those of a checkpoint. Lengths of {queryLength} and
// {documentLength} tokens take the place of the model's own. The answer is the
// description of the model.
func (s *Session) openModel(ctx context.Context, a js.Value) (any, error) {
	options := []edge.Option{edge.WithThreads(1)}
	if n := integer(a, "queryLength"); n != 0 {
		options = append(options, edge.WithQueryLength(n))
	}
	if n := integer(a, "documentLength"); n != 0 {
		options = append(options, edge.WithDocumentLength(n))
	}
	m, err := s.open(a, options)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	old := s.model
	s.model = m
	s.mu.Unlock()
	s.queries.clear()
	if old != nil {
		if err := old.Close(); err != nil {
			return nil, err
		}
	}
	collectOften()
	return s.describe(ctx, a)
}

func (s *Session) open(a js.Value, options []edge.Option) (*edge.Model, error) {
	name := a.Get("name").String()
	if !a.Get("packed").Truthy() {
		return edge.OpenFiles(name, s.files.contents(), options...)
	}
	content, err := s.files.only()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return edge.OpenBytes(name, content, options...)
}

// describe returns the model's description, as JSON.
func (s *Session) describe(context.Context, js.Value) (any, error) {
	m, err := s.Model()
	if err != nil {
		return nil, err
	}
	return jsonToJS(m.Info())
}

// call has what the calls that encode documents have in common.
type call struct {
	model   *edge.Model
	options []edge.EncodeOption
}

// newCall reads {maxTokens} and {poolFactor}.
func (s *Session) newCall(a js.Value) (call, error) {
	m, err := s.Model()
	return call{m, []edge.EncodeOption{edge.MaxTokens(integer(a, "maxTokens")), edge.PoolFactor(integer(a, "poolFactor"))}}, err
}

// score scores {documents} by a {query}: {scores, means, truncated}, each in the
// order of the documents. With {explain} there is {evidence} too, as JSON, one
// string a document.
func (s *Session) score(ctx context.Context, a js.Value) (any, error) {
	c, err := s.newCall(a)
	if err != nil {
		return nil, err
	}
	query := a.Get("query").String()
	q, err := s.queries.encode(ctx, c.model, query)
	if err != nil {
		return nil, err
	}
	texts := stringsOf(a.Get("documents"))
	var (
		scores    = make([]float32, len(texts))
		means     = make([]float32, len(texts))
		truncated = make([]any, len(texts))
		evidence  []any
	)
	explain := a.Get("explain").Truthy()
	if explain {
		evidence = make([]any, len(texts))
	}
	// emit is called by one goroutine at a time: there is one processor.
	err = c.model.EncodeEach(ctx, texts, func(i int, d *edge.Document) (err error) {
		scores[i] = edge.MaxSim(q, d)
		means[i] = edge.MeanMaxSim(q, d)
		truncated[i] = d.Truncated()
		if explain {
			evidence[i], err = explanation(query, texts[i], q, d, integer(a, "passage"))
		}
		return err
	}, c.options...)
	if err != nil {
		return nil, err
	}
	return map[string]any{"scores": floatsToJS(scores), "means": floatsToJS(means), "truncated": truncated, "evidence": evidence}, nil
}

// encode encodes {texts}, queries if {query} is true and otherwise documents:
// {vectors, dim, tokens, truncated} for each, tokens as JSON.
func (s *Session) encode(ctx context.Context, a js.Value) (any, error) {
	c, err := s.newCall(a)
	if err != nil {
		return nil, err
	}
	texts := stringsOf(a.Get("texts"))
	list := make([]any, len(texts))
	if a.Get("query").Truthy() {
		for i, text := range texts {
			q, err := s.queries.encode(ctx, c.model, text)
			if err != nil {
				return nil, err
			}
			if list[i], err = encodedText(text, q); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	err = c.model.EncodeEach(ctx, texts, func(i int, d *edge.Document) (err error) {
		list[i], err = encodedText(texts[i], d)
		return err
	}, c.options...)
	return list, err
}

// vectors is what queries and documents have in common.
type vectors interface {
	Dim() int
	Vectors() []float32
	Tokens() []edge.Token
	Truncated() bool
}

func encodedText(text string, v vectors) (map[string]any, error) {
	places := PlacesIn(text)
	tokens := v.Tokens()
	for i, t := range tokens {
		tokens[i] = places.Token(t)
	}
	list, err := jsonToJS(tokens)
	return map[string]any{"vectors": floatsToJS(v.Vectors()), "dim": v.Dim(), "tokens": list, "truncated": v.Truncated()}, err
}

// explain explains the score of a {document} by a {query}: evidence as JSON.
func (s *Session) explain(ctx context.Context, a js.Value) (any, error) {
	c, err := s.newCall(a)
	if err != nil {
		return nil, err
	}
	query, text := a.Get("query").String(), a.Get("document").String()
	q, err := s.queries.encode(ctx, c.model, query)
	if err != nil {
		return nil, err
	}
	documents, err := c.model.EncodeDocuments(ctx, []string{text}, c.options...)
	if err != nil {
		return nil, err
	}
	return explanation(query, text, q, documents[0], integer(a, "passage"))
}

// defaultPassage is how many bytes the best passage has at most.
const defaultPassage = 240

// explanation writes the evidence for a document, its highlights and its best
// passage as JSON.
func explanation(query, text string, q *edge.Query, d *edge.Document, passageBytes int) (string, error) {
	if passageBytes < 0 {
		return "", errors.New("passage: expected 0 or more bytes")
	}
	if passageBytes == 0 {
		passageBytes = defaultPassage
	}
	e := edge.Explain(q, d)
	highlights := e.Highlights(text, 0)
	passage := edge.BestPassage(text, highlights, passageBytes)

	inQuery, inText := PlacesIn(query), PlacesIn(text)
	for i, m := range e.Matches {
		e.Matches[i].Query, e.Matches[i].Document = inQuery.Token(m.Query), inText.Token(m.Document)
	}
	for i, h := range highlights {
		highlights[i].Span = inText.Span(h.Span)
	}
	return jsonToJS(struct {
		edge.Evidence
		Highlights []edge.Highlight `json:"highlights"`
		Passage    edge.Span        `json:"passage"`
	}{e, highlights, inText.Span(passage)})
}
