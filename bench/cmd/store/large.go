package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/bench/synthetic"
	"github.com/toller-search/toller/store"
)

// synthesize makes n documents of one synthetic passage each. Document i
// depends on i and the seed alone.
func (b *bench) synthesize(ctx context.Context, source *synthetic.Source, f form, first, n int) ([]store.Document, error) {
	documents := make([]store.Document, n)
	errs := make([]error, n)
	if err := longrun.Each(ctx, b.threads, n, func(i int) {
		r := rand.New(rand.NewPCG(b.seed, uint64(first+i)))
		text, vectors, err := source.Passage(r, b.tokens)
		errs[i] = err
		documents[i] = store.Document{
			Key:      fmt.Sprint(first + i),
			Text:     text,
			Passages: []store.Passage{{End: len(text), Vectors: vectors}},
		}
	}); err != nil {
		return nil, err
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return documents, f.pooled(ctx, documents, b.model.Info().Dim, b.threads)
}

// building is how a large store was built.
type building struct {
	AddingSeconds      float64 `json:"adding_seconds"` // trainings included
	LongestAddSeconds  float64 `json:"longest_add_seconds"`
	PassagesPerSecond  float64 `json:"passages_per_second"`
	PerturbingSeconds  float64 `json:"perturbing_seconds"` // not part of the above
	DocumentsPerAdding int     `json:"documents_per_adding"`
}

// large builds a store of synthetic passages, or finds the one that an earlier
// run left in the folder: there is no building then.
func (b *bench) large(ctx context.Context, l *library, source *synthetic.Source, f form) (path string, how *building, err error) {
	model := b.identity()
	name := fmt.Sprintf("large-%s-%x-%d-%d-%d-%s-%d-%d.db", l.name, model.Fingerprint[:4], b.cut(), b.passages, b.tokens, f.kind, f.pool, b.seed)
	path = filepath.Join(b.folder, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil, nil
	}
	// It gets its name when it is complete.
	unfinished := path + ".unfinished"
	if err := removeStore(unfinished); err != nil {
		return "", nil, err
	}
	s, err := f.create(ctx, b, unfinished)
	if err != nil {
		return "", nil, err
	}
	defer s.Close()
	how = &building{DocumentsPerAdding: batchDocuments}
	var adding, longest, perturbing time.Duration
	bar := longrun.NewProgress(b.stderr, "store", "storing synthetic passages", b.passages)
	defer bar.Close()
	for first := 0; first < b.passages; first += batchDocuments {
		start := time.Now()
		documents, err := b.synthesize(ctx, source, f, first, min(batchDocuments, b.passages-first))
		if err != nil {
			return "", nil, err
		}
		perturbing += time.Since(start)
		start = time.Now()
		if _, err := s.Add(ctx, documents); err != nil {
			return "", nil, err
		}
		took := time.Since(start)
		adding, longest = adding+took, max(longest, took)
		bar.Set(first + len(documents))
	}
	st, err := s.Stat(ctx)
	if err != nil {
		return "", nil, err
	}
	if st.Trouble != nil {
		return "", nil, st.Trouble
	}
	if err := s.Close(); err != nil {
		return "", nil, err
	}
	how.AddingSeconds = adding.Seconds()
	how.LongestAddSeconds = longest.Seconds()
	how.PassagesPerSecond = float64(b.passages) / adding.Seconds()
	how.PerturbingSeconds = perturbing.Seconds()
	return path, how, os.Rename(unfinished, path)
}

// removeStore removes a store's files as far as there are any.
func removeStore(path string) error {
	for _, ending := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + ending); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}
