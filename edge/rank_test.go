package edge

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// unit returns vectors of a model without a name, for scores worked out by hand.
func unit(dim int, data ...float32) vectors {
	return vectors{dim: dim, data: data, tokens: make([]tokenRef, len(data)/dim)}
}

// TestMaxSim covers what goes wrong elsewhere: maxima floored at 0, scores
// divided by the length of the query, comparisons of different models.
func TestMaxSim(t *testing.T) {
	q := &Query{unit(2, 1, 0, 0, 1)}
	for _, test := range []struct {
		name        string
		d           *Document
		score, mean float32
	}{
		{"both found", &Document{unit(2, 0, 1, 1, 0)}, 2, 1},
		{"one found", &Document{unit(2, 1, 0)}, 1, 0.5},
		{"opposite", &Document{unit(2, -1, 0)}, -1, -0.5},
		{"both negative", &Document{unit(2, -0.75, -0.5)}, -1.25, -0.625},
		{"no vectors", &Document{unit(2)}, -2, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := MaxSim(q, test.d); got != test.score {
				t.Errorf("expected %v, found %v", test.score, got)
			}
			if got := MeanMaxSim(q, test.d); got != test.mean {
				t.Errorf("expected a mean of %v, found %v", test.mean, got)
			}
		})
	}
	other := unit(2, 1, 0)
	other.model[0] = 1
	for name, d := range map[string]*Document{"other model": {other}, "other dim": {unit(1, 1)}, "zero value": {}} {
		if got := MaxSim(q, d); got == got {
			t.Errorf("%s: expected NaN, found %v", name, got)
		}
		if e := Explain(q, d); e.Score == e.Score || len(e.Matches) != 0 {
			t.Errorf("%s: expected NaN and no matches, found %+v", name, e)
		}
	}
}

// TestOrder checks that every ranking is total: ties by index, what can't be
// compared last.
func TestOrder(t *testing.T) {
	q := &Query{unit(1, 1)}
	foreign := unit(1, 1)
	foreign.model[0] = 1
	docs := []*Document{{foreign}, {unit(1, 0.5)}, {unit(1, -1)}, {unit(1, 0.5)}, {foreign}, {unit(1, 1)}, {unit(1)}}
	indices := func(hits []Hit) (list []int) {
		for _, hit := range hits {
			list = append(list, hit.Index)
		}
		return list
	}
	if got, want := indices(Rank(q, docs, 0)), []int{5, 1, 3, 2, 6, 0, 4}; !slices.Equal(got, want) {
		t.Errorf("expected %v, found %v", want, got)
	}
	for k, want := range [][]int{nil, {5}, {5, 1}, {5, 1, 3}} {
		if k == 0 {
			continue
		}
		if got := indices(Rank(q, docs, k)); !slices.Equal(got, want) {
			t.Errorf("top %d: expected %v, found %v", k, want, got)
		}
	}
	if got := Rank(q, docs, 100); len(got) != len(docs) {
		t.Errorf("top 100: expected all %d, found %d", len(docs), len(got))
	}
	if got := Rank(q, nil, 0); len(got) != 0 {
		t.Errorf("no documents: expected no hits, found %v", got)
	}
}

// TestRankOptions compares Model.Rank with ranking what EncodeDocuments gives.
func TestRankOptions(t *testing.T) {
	m := open(t, tiny.New(t))
	ctx := context.Background()
	q := encodeQuery(t, m, "the cat")
	for _, opts := range [][]EncodeOption{nil, {MaxTokens(6)}, {PoolFactor(3)}, {MaxTokens(30), PoolFactor(2)}} {
		docs, err := m.EncodeDocuments(ctx, tiny.Texts, opts...)
		if err != nil {
			t.Fatal(err)
		}
		rankOpts := []RankOption{TopK(5)}
		for _, opt := range opts {
			rankOpts = append(rankOpts, opt)
		}
		hits, err := m.Rank(ctx, "the cat", tiny.Texts, rankOpts...)
		if err != nil {
			t.Fatal(err)
		}
		if want := Rank(q, docs, 5); !slices.Equal(hits, want) {
			t.Errorf("expected %v, found %v", want, hits)
		}
	}
	if hits, err := m.Rank(ctx, "", nil); err != nil || len(hits) != 0 {
		t.Errorf("no documents: expected no hits, found %v, %v", hits, err)
	}
}

// TestEmptyDocument checks that an empty text still ranks, by the vectors of
// the tokens that the model adds.
func TestEmptyDocument(t *testing.T) {
	m := open(t, tiny.New(t))
	for _, text := range []string{"", " \n\u001f\u3000", "..."} {
		d := encodeOne(t, m, text)
		if got := strings.Join(names(&d.vectors, text), "|"); got != "[CLS]|[D] |[SEP]" {
			t.Errorf("%q: expected the added tokens, found %s", text, got)
		}
	}
	// A skiplist can name even those.
	none := open(t, tiny.New(t), WithSkiplist([]string{"[CLS]", "[D] ", "[SEP]"}))
	hits, err := none.Rank(context.Background(), "the cat", []string{"", "cat"})
	if err != nil {
		t.Fatal(err)
	}
	if hits[0].Index != 1 || hits[1].Mean != -1 {
		t.Errorf("expected the document without vectors last, with a mean of -1, found %v", hits)
	}
	if e := Explain(encodeQuery(t, none, "cat"), encodeOne(t, none, "")); len(e.Matches) != 0 {
		t.Errorf("expected no matches, found %v", e.Matches)
	}
}
