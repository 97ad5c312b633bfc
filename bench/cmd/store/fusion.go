package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/store"
)

func fusionFlags(flags *flag.FlagSet, o *options) {
	flags.IntVar(&o.limit, "limit", 0, "use the first `n` judged queries only (default all)")
}

// An order makes one ranking of a query's documents out of two.
type order struct {
	name       string
	candidates int // of each side; 0: not a fusion
	// rank scores the candidates, which are in the order of their ids.
	rank func(list []candidate)
}

// A candidate is a document that one side has among its best.
type candidate struct {
	document     int     // its place in the collection
	maxSim, bm25 float64 // bm25 is 0 where the words don't match
	byMaxSim     int     // its rank among all documents, from 1
	byBM25       int     // 0 where the words don't match
	bounds       float64 // the largest MaxSim that there can be
	final        float64
}

// usual is how many candidates of each side a fusion has, deepest how many one
// has at most: BM25 isn't known further down, and is 0 there.
const usual, deepest = 100, 1000

// orders starts with the two rankings that the others are made of.
func orders() []order {
	list := []order{
		{name: "BM25", rank: func(list []candidate) {
			for i := range list {
				list[i].final = list[i].bm25
			}
		}},
		{name: "MaxSim", rank: func(list []candidate) {
			for i := range list {
				list[i].final = list[i].maxSim
			}
		}},
	}
	weighted := func(name string, share float64, candidates int, bm25, maxSim scaling) {
		list = append(list, order{
			name:       fmt.Sprintf("%.2f BM25 + %.2f MaxSim, %s", share, 1-share, name),
			candidates: candidates,
			rank: func(list []candidate) {
				lexical := bm25(list, candidates, func(c *candidate) (float64, int) { return c.bm25, c.byBM25 })
				late := maxSim(list, candidates, func(c *candidate) (float64, int) { return c.maxSim, c.byMaxSim })
				for i := range list {
					list[i].final = share*lexical[i] + (1-share)*late[i]
				}
			},
		})
	}
	for _, share := range []float64{.1, .2, .3, .4, .5} {
		weighted("both min to max", share, usual, minToMax, minToMax)
	}
	for _, share := range []float64{.1, .2, .3, .4, .5} {
		weighted("BM25 by its largest, 0 beyond its candidates; MaxSim min to max", share, usual, foundByLargest, minToMax)
	}
	for _, share := range []float64{.2, .3, .4} {
		weighted("BM25 by its largest; MaxSim min to max", share, usual, byLargest, minToMax)
	}
	for _, share := range []float64{.05, .1, .2, .3} {
		weighted("BM25 by its largest; MaxSim by what it can be", share, usual, byLargest, byBound)
	}
	for _, candidates := range []int{20, 50, 200, deepest} {
		weighted("both min to max", .3, candidates, minToMax, minToMax)
	}
	for _, constant := range []float64{10, 20, 60, 100} {
		list = append(list, reciprocal(constant, usual))
	}
	return append(list, reciprocal(60, deepest))
}

// reciprocal is reciprocal rank fusion of each side's candidates.
func reciprocal(constant float64, candidates int) order {
	return order{
		name:       fmt.Sprintf("reciprocal ranks, constant %.0f", constant),
		candidates: candidates,
		rank: func(list []candidate) {
			for i := range list {
				c := &list[i]
				c.final = 0
				if c.byMaxSim <= candidates {
					c.final += 1 / (constant + float64(c.byMaxSim))
				}
				if c.byBM25 > 0 && c.byBM25 <= candidates {
					c.final += 1 / (constant + float64(c.byBM25))
				}
			}
		},
	}
}

// A scaling takes one of the candidates' scores to 0…1. of gives a candidate's
// score and rank.
type scaling func(list []candidate, candidates int, of func(c *candidate) (score float64, rank int)) []float64

// minToMax takes the smallest to 0 and the largest to 1.
func minToMax(list []candidate, _ int, of func(c *candidate) (float64, int)) []float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for i := range list {
		score, _ := of(&list[i])
		low, high = min(low, score), max(high, score)
	}
	scaled := make([]float64, len(list))
	for i := range list {
		if score, _ := of(&list[i]); high > low {
			scaled[i] = (score - low) / (high - low)
		}
	}
	return scaled
}

// byLargest divides by the largest.
func byLargest(list []candidate, _ int, of func(c *candidate) (float64, int)) []float64 {
	most := 0.0
	for i := range list {
		score, _ := of(&list[i])
		most = max(most, score)
	}
	scaled := make([]float64, len(list))
	for i := range list {
		if score, _ := of(&list[i]); most > 0 {
			scaled[i] = score / most
		}
	}
	return scaled
}

// foundByLargest is byLargest where the score of a document that isn't among
// this side's own candidates isn't known, and counts as 0.
func foundByLargest(list []candidate, candidates int, of func(c *candidate) (float64, int)) []float64 {
	return byLargest(list, candidates, func(c *candidate) (float64, int) {
		score, rank := of(c)
		if rank == 0 || rank > candidates {
			return 0, 0
		}
		return score, rank
	})
}

// byBound divides MaxSim by the number of the query's vectors.
func byBound(list []candidate, _ int, of func(c *candidate) (float64, int)) []float64 {
	scaled := make([]float64, len(list))
	for i := range list {
		score, _ := of(&list[i])
		scaled[i] = score / list[i].bounds
	}
	return scaled
}

// fusion measures all orders on all collections. Scores are those of exact
// search on fp32 vectors and of full text: what differs is the fusion alone.
func (b *bench) fusion(ctx context.Context) error {
	all := orders()
	f := &fusions{}
	for _, o := range all {
		f.Rows = append(f.Rows, fusionRow{Order: o.name, Candidates: o.candidates})
	}
	for _, data := range b.data {
		if err := b.collectionFusion(ctx, data, all, f); err != nil {
			return err
		}
	}
	b.report.Fusions = f
	return nil
}

func (b *bench) collectionFusion(ctx context.Context, data string, all []order, f *fusions) error {
	l, err := b.library(ctx, data)
	if err != nil {
		return err
	}
	defer l.Close()
	keys, maxSim, err := b.lateScores(ctx, l)
	if err != nil {
		return err
	}
	bm25, err := b.lexicalScores(ctx, l, keys)
	if err != nil {
		return err
	}
	sums := make([]float64, len(all))
	dim := b.model.Info().Dim
	for i, q := range l.queries {
		list := ranked(keys, q.ID, maxSim[i], bm25[i])
		for j := range list {
			list[j].bounds = float64(len(q.Vectors) / dim)
		}
		for j, o := range all {
			sums[j] += measure.NDCG(o.first(list, keys), l.qrels[q.ID], depth)
		}
	}
	f.Collections = append(f.Collections, fusionCollection{Data: l.name, Documents: len(keys), Queries: len(l.queries)})
	for j := range all {
		f.Rows[j].NDCG10 = append(f.Rows[j].NDCG10, sums[j]/float64(len(l.queries)))
	}
	return nil
}

// ranked is all documents but the one with the query's own id, with their
// ranks on both sides.
func ranked(keys []string, query string, maxSim, bm25 []float32) []candidate {
	list := make([]candidate, 0, len(keys))
	for d, key := range keys {
		if key != query {
			list = append(list, candidate{document: d, maxSim: float64(maxSim[d]), bm25: float64(bm25[d])})
		}
	}
	places := make([]int, len(list))
	for i := range places {
		places[i] = i
	}
	sort := func(score func(c *candidate) float64) {
		slices.SortFunc(places, func(a, b int) int {
			return cmp.Or(cmp.Compare(score(&list[b]), score(&list[a])), cmp.Compare(a, b))
		})
	}
	sort(func(c *candidate) float64 { return c.maxSim })
	for rank, i := range places {
		list[i].byMaxSim = rank + 1
	}
	sort(func(c *candidate) float64 { return c.bm25 })
	for rank, i := range places {
		if list[i].bm25 > 0 {
			list[i].byBM25 = rank + 1
		}
	}
	return list
}

// first is the order's first documents.
func (o *order) first(all []candidate, keys []string) []measure.Hit {
	var list []candidate
	for _, c := range all {
		if o.candidates == 0 || c.byMaxSim <= o.candidates || c.byBM25 > 0 && c.byBM25 <= o.candidates {
			list = append(list, c)
		}
	}
	o.rank(list)
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.final, a.final), cmp.Compare(a.document, b.document))
	})
	var hits []measure.Hit
	for _, c := range list[:min(depth, len(list))] {
		if o.name == "BM25" && c.byBM25 == 0 {
			break
		}
		hits = append(hits, measure.Hit{Document: keys[c.document], Score: float32(c.final)})
	}
	return hits
}

// lateScores is the MaxSim of every document of the library for every query,
// four bytes each.
func (b *bench) lateScores(ctx context.Context, l *library) (keys []string, scores [][]float32, err error) {
	st, err := l.Stat(ctx)
	if err != nil {
		return nil, nil, err
	}
	bar := longrun.NewProgress(b.stderr, "store", "scoring "+l.name, int(st.Documents))
	defer bar.Close()
	scores = make([][]float32, len(l.queries))
	var batch [][]float32
	score := func() error {
		err := longrun.Each(ctx, b.threads, len(l.queries), func(i int) {
			for _, vectors := range batch {
				one := float32(math.Inf(-1))
				if len(vectors) > 0 {
					one = heads.MaxSim(l.queries[i].Vectors, vectors, st.Model.Dim)
				}
				scores[i] = append(scores[i], one)
			}
		})
		batch = batch[:0]
		bar.Set(len(keys))
		return err
	}
	var failure error
	err = l.Store.Documents(ctx, store.Selection{Vectors: true}, func(d *store.Document) bool {
		keys = append(keys, d.Key)
		if batch = append(batch, d.Passages[0].Vectors); len(batch) == batchDocuments {
			failure = score()
		}
		return failure == nil
	})
	if err == nil && failure == nil {
		failure = score()
	}
	return keys, scores, errors.Join(err, failure)
}

// lexicalScores is the BM25 of every query's deepest documents, and 0 for the
// others.
func (b *bench) lexicalScores(ctx context.Context, l *library, keys []string) ([][]float32, error) {
	places := make(map[string]int, len(keys))
	for i, key := range keys {
		places[key] = i
	}
	bar := longrun.NewProgress(b.stderr, "store", "words of "+l.name, len(l.queries))
	defer bar.Close()
	scores := make([][]float32, len(l.queries))
	for i, q := range l.queries {
		hits, err := l.Search(ctx, store.Query{Text: q.Text, K: deepest, Mode: store.Lexical})
		if err != nil {
			return nil, fmt.Errorf("query %q: %w", q.ID, err)
		}
		scores[i] = make([]float32, len(keys))
		for _, hit := range hits {
			scores[i][places[hit.Key]] = float32(hit.BM25)
		}
		bar.Set(i + 1)
	}
	return scores, nil
}
