package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/store"
)

// shareRound is how many entries are added before the same are encoded alone.
// Taking turns lets other work on the machine slow both.
const shareRound = 64

// share measures which part of index.Index.Add is encoding: the collection's
// documents are added to an index, cut into passages as is usual there, and the
// same passages are encoded without an index.
func (b *bench) share(ctx context.Context, l *library, f form, folder string) (*share, error) {
	path := filepath.Join(folder, "index.db")
	x, err := index.Open(ctx, path, b.model, index.WithCodec(f.kind.String()), index.WithPooling(f.pool))
	if err != nil {
		return nil, err
	}
	defer x.Close()
	// The same file, to see the passages.
	s, err := store.Open(ctx, path, store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer s.Close()

	bar := longrun.NewProgress(b.stderr, "store", "indexing "+l.name, b.entries)
	defer bar.Close()
	r := &share{}
	var adding, encoding time.Duration
	var ratios []float64
	round := func(entries []index.Entry) error {
		start := time.Now()
		if err := x.Add(ctx, entries); err != nil {
			return err
		}
		added := time.Since(start)
		var texts []string
		for _, e := range entries {
			passages, err := passageTexts(ctx, s, e.Key)
			if err != nil {
				return err
			}
			texts = append(texts, passages...)
		}
		start = time.Now()
		if _, err := b.model.EncodeDocuments(ctx, texts, edge.PoolFactor(f.pool)); err != nil {
			return err
		}
		encoded := time.Since(start)
		adding, encoding = adding+added, encoding+encoded
		ratios = append(ratios, encoded.Seconds()/added.Seconds())
		r.Entries, r.Passages = r.Entries+len(entries), r.Passages+len(texts)
		bar.Set(r.Entries)
		return nil
	}
	var entries []index.Entry
	for d, err := range beir.Documents(l.set.Corpus) {
		if err != nil {
			return nil, err
		}
		if r.Entries+len(entries) == b.entries {
			break
		}
		entries = append(entries, index.Entry{Key: d.ID, Title: d.Title, Text: d.Text})
		if len(entries) == shareRound {
			if err := round(entries); err != nil {
				return nil, err
			}
			entries = entries[:0]
		}
	}
	if len(entries) > 0 {
		if err := round(entries); err != nil {
			return nil, err
		}
	}
	st, err := x.Stat(ctx)
	if err != nil {
		return nil, err
	}
	if st.Trouble != nil {
		return nil, st.Trouble
	}
	r.AddingSeconds, r.EncodingSeconds = adding.Seconds(), encoding.Seconds()
	slices.Sort(ratios)
	r.Median = ratios[len(ratios)/2]
	return r, nil
}

// passageTexts is what was encoded for a document: its title before each
// passage of the text.
func passageTexts(ctx context.Context, s *store.Store, key string) ([]string, error) {
	d, err := s.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(d.Passages))
	for i, p := range d.Passages {
		texts[i] = strings.TrimSpace(d.Title + " " + d.Text[p.Start:p.End])
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("document %q has no passages", key)
	}
	return texts, nil
}
