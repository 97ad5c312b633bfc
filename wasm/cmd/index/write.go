//go:build js

package main

import (
	"context"
	"fmt"
	"syscall/js"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
)

// writing is a batch of documents to store, and how: "add", "update" or "put".
type writing struct {
	How       string     `json:"how"`
	Documents []document `json:"documents"`
	Counts    []int      `json:"counts"` // encoded passages of each; nil: none are encoded
}

func (w *writing) entries() []index.Entry {
	entries := make([]index.Entry, len(w.Documents))
	for i := range w.Documents {
		entries[i] = w.Documents[i].entry()
	}
	return entries
}

// sheets are the texts to encode for some documents.
type sheets struct {
	Texts     [][]string `json:"texts"`
	MaxTokens int        `json:"maxTokens"`
}

func (s *shelf) texts(ctx context.Context, a writing) (any, error) {
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	texts, most, err := x.Texts(ctx, a.entries())
	for i := range texts {
		texts[i] = append([]string{}, texts[i]...) // none is [], not null
	}
	return sheets{Texts: texts, MaxTokens: most}, err
}

// write stores documents. {encoded} are the passages that other workers have
// encoded, one after another; where counts are missing they are encoded here.
func (s *shelf) write(ctx context.Context, a js.Value) (any, error) {
	w, err := argumentsOf[writing](a)
	if err != nil {
		return nil, err
	}
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	var options []index.WriteOption
	if w.Counts != nil {
		encoded, err := encodedOf(a.Get("encoded"), w.Counts)
		if err != nil {
			return nil, err
		}
		options = append(options, index.Encoded(encoded))
	}
	switch w.How {
	case "add":
		return nil, x.Add(ctx, w.entries(), options...)
	case "update":
		return nil, x.Update(ctx, w.entries(), options...)
	case "put":
		return nil, x.Put(ctx, w.entries(), options...)
	}
	return nil, fmt.Errorf("write: expected add, update or put, found %q", w.How)
}

// encodedOf reads what other workers have encoded.
func encodedOf(list js.Value, counts []int) ([][]*edge.Document, error) {
	encoded := make([][]*edge.Document, len(counts))
	next, length := 0, list.Length()
	var data []byte
	for i, n := range counts {
		for range n {
			if next == length {
				return nil, fmt.Errorf("expected more than %d encoded passages", length)
			}
			array := list.Index(next)
			data = append(data[:0], make([]byte, array.Length())...)
			js.CopyBytesToGo(data, array)
			d := new(edge.Document)
			if err := d.UnmarshalBinary(data); err != nil {
				return nil, err
			}
			encoded[i] = append(encoded[i], d)
			next++
		}
	}
	return encoded, nil
}
