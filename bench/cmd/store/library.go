package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/bench/synthetic"
	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/store"
	"github.com/toller-search/toller/store/codec"
)

// A batch of documents is encoded and stored at once. Its limits bound the
// memory for vectors, as in bench/cmd/quality.
const (
	batchDocuments = 256
	batchBytes     = 4 << 20
)

// A library is an encoded collection: a store of fp32 vectors that every other
// store is filled from. Each document is one passage, the key is its id and the
// hash that of its content.
type library struct {
	*store.Store
	name    string
	set     beir.Set
	queries []query
	qrels   beir.Qrels
}

// query is an encoded query.
type query struct {
	ID      string
	Text    string
	Vectors []float32
}

// extent is a document's metadata in a library: how many bytes of its content
// were encoded.
type extent struct {
	Encoded int `json:"encoded"`
}

// identity is the model in the store's words.
func (b *bench) identity() store.Model {
	info := b.model.Info()
	return store.Model{Name: info.Name, Fingerprint: info.Fingerprint, Dim: info.Dim}
}

// cut is the number of tokens at which documents are cut.
func (b *bench) cut() int {
	if b.maxTokens > 0 {
		return b.maxTokens
	}
	return b.model.Info().Document.Length
}

// library encodes a collection as far as the folder doesn't have it yet.
func (b *bench) library(ctx context.Context, data string) (*library, error) {
	set, err := beir.Find(data, "", "")
	if err != nil {
		return nil, err
	}
	full, err := filepath.Abs(data)
	if err != nil {
		return nil, err
	}
	l := &library{name: filepath.Base(full), set: set}
	if err := l.encodeQueries(ctx, b); err != nil {
		return nil, err
	}
	model := b.identity()
	name := fmt.Sprintf("%s-%x-%d.db", l.name, model.Fingerprint[:4], b.cut())
	l.Store, err = store.Open(ctx, filepath.Join(b.folder, name), store.Options{
		Model:       model,
		Codec:       codec.FP32,
		Threads:     b.threads,
		TrainTokens: math.MaxInt64, // it is only read in order
	})
	if err != nil {
		return nil, err
	}
	if err := l.encodeCorpus(ctx, b); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *library) encodeQueries(ctx context.Context, b *bench) error {
	judged, qrels, err := l.set.Judged()
	if err != nil {
		return err
	}
	if b.limit > 0 {
		judged = judged[:min(b.limit, len(judged))]
	}
	l.qrels = qrels
	for _, q := range judged {
		encoded, err := b.model.EncodeQuery(ctx, q.Text)
		if err != nil {
			return fmt.Errorf("query %q: %w", q.ID, err)
		}
		l.queries = append(l.queries, query{q.ID, q.Text, encoded.Vectors()})
	}
	return nil
}

func (l *library) encodeCorpus(ctx context.Context, b *bench) error {
	known, err := l.Hashes(ctx)
	if err != nil {
		return err
	}
	var missing []beir.Document
	size := 0
	flush := func() error {
		err := l.encode(ctx, b, missing)
		missing, size = missing[:0], 0
		return err
	}
	total := 0
	for _, err := range beir.Documents(l.set.Corpus) {
		if err != nil {
			return err
		}
		total++
	}
	bar := longrun.NewProgress(b.stderr, "store", "encoding "+l.name, total)
	defer bar.Close()
	done := 0
	for d, err := range beir.Documents(l.set.Corpus) {
		if err != nil {
			return err
		}
		done++
		content := d.Content()
		hash, there := known[d.ID]
		delete(known, d.ID)
		if there && hash == sha256.Sum256([]byte(content)) {
			continue
		}
		if len(missing) == batchDocuments || size > 0 && size+len(content) > batchBytes {
			if err := flush(); err != nil {
				return err
			}
			bar.Set(done)
		}
		missing, size = append(missing, d), size+len(content)
	}
	if err := flush(); err != nil {
		return err
	}
	gone := make([]string, 0, len(known))
	for key := range known {
		gone = append(gone, key)
	}
	_, err = l.Delete(ctx, gone...)
	return err
}

func (l *library) encode(ctx context.Context, b *bench, documents []beir.Document) error {
	texts := make([]string, len(documents))
	for i, d := range documents {
		texts[i] = d.Content()
	}
	encoded, err := b.model.EncodeDocuments(ctx, texts, edge.MaxTokens(b.maxTokens))
	if err != nil {
		return err
	}
	stored := make([]store.Document, len(documents))
	for i, d := range documents {
		metadata, err := json.Marshal(extent{encodedBytes(encoded[i], texts[i])})
		if err != nil {
			return err
		}
		stored[i] = store.Document{
			Key:      d.ID,
			Title:    d.Title,
			Text:     d.Text,
			Metadata: metadata,
			Hash:     sha256.Sum256([]byte(texts[i])),
			Passages: []store.Passage{{End: len(d.Text), Vectors: encoded[i].Vectors()}},
		}
	}
	_, err = l.Put(ctx, stored)
	return err
}

// encodedBytes is where a text was cut.
func encodedBytes(d *edge.Document, text string) int {
	if !d.Truncated() {
		return len(text)
	}
	end := 0
	for _, token := range d.Tokens() {
		for _, span := range token.Spans {
			end = max(end, span.End)
		}
	}
	return end
}

// source is the library as what synthetic passages are made of.
func (l *library) source(ctx context.Context) (*synthetic.Source, error) {
	st, err := l.Stat(ctx)
	if err != nil {
		return nil, err
	}
	s := synthetic.NewSource(st.Model.Dim)
	var failure error
	err = l.Documents(ctx, store.Selection{Vectors: true}, func(d *store.Document) bool {
		var e extent
		if failure = json.Unmarshal(d.Metadata, &e); failure != nil {
			failure = fmt.Errorf("%s: document %q: %w", st.Path, d.Key, failure)
			return false
		}
		content := beir.Document{Title: d.Title, Text: d.Text}.Content()
		failure = s.Add(content[:min(e.Encoded, len(content))], d.Passages[0].Vectors)
		return failure == nil
	})
	if err == nil {
		err = failure
	}
	return s, err
}

// fill copies the library into a store of a form, as it would have been
// indexed, and has it trained.
func (l *library) fill(ctx context.Context, b *bench, into *store.Store, f form) error {
	st, err := l.Stat(ctx)
	if err != nil {
		return err
	}
	bar := longrun.NewProgress(b.stderr, "store", fmt.Sprintf("storing %s as %s", l.name, f), int(st.Documents))
	defer bar.Close()
	var batch []store.Document
	done := 0
	add := func() error {
		if err := f.pooled(ctx, batch, st.Model.Dim, b.threads); err != nil {
			return err
		}
		_, err := into.Add(ctx, batch)
		done += len(batch)
		bar.Set(done)
		batch = batch[:0]
		return err
	}
	var failure error
	if err := l.Documents(ctx, store.Selection{Vectors: true}, func(d *store.Document) bool {
		batch = append(batch, store.Document{Key: d.Key, Title: d.Title, Text: d.Text, Passages: d.Passages})
		if len(batch) == batchDocuments {
			failure = add()
		}
		return failure == nil
	}); err != nil {
		return err
	}
	if failure != nil {
		return failure
	}
	if err := add(); err != nil {
		return err
	}
	return trained(ctx, into)
}

// trained trains a store that is too small to have done it by itself, so that
// its codes have the form that is measured.
func trained(ctx context.Context, s *store.Store) error {
	st, err := s.Stat(ctx)
	if err != nil {
		return err
	}
	if st.Trouble != nil {
		return st.Trouble
	}
	if st.Trained {
		return nil
	}
	return s.Train(ctx, nil)
}
