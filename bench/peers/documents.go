package main

import (
	"fmt"
	"math/rand/v2"
	"path"

	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/infer/token"
)

// Lengths of the throughput mode's documents, in tokens.
const shortest, longest = 50, 500

// randomDocument returns length random token ids, always the same ones for a
// seed and length.
func (m *model) randomDocument(seed uint64, length int) []int32 {
	return m.randomIDs(rand.New(rand.NewPCG(seed, uint64(length))), length)
}

func (m *model) randomIDs(r *rand.Rand, length int) []int32 {
	ids := make([]int32, length)
	for i := range ids {
		ids[i] = m.tokens[r.IntN(len(m.tokens))]
	}
	return ids
}

// documents returns those of the throughput mode.
func (m *model) documents(o options) ([][]int32, error) {
	if o.data != "" {
		return m.collection(o.data, o.documents)
	}
	r := rand.New(rand.NewPCG(o.seed, 0))
	documents := make([][]int32, o.documents)
	for i := range documents {
		documents[i] = m.randomIDs(r, shortest+r.IntN(longest-shortest+1))
	}
	return documents, nil
}

// collection returns the first count documents of a BEIR collection that have
// between shortest and longest tokens.
func (m *model) collection(dir string, count int) ([][]int32, error) {
	const file = "tokenizer.json"
	text, err := m.checkpoint.ReadFile(file)
	if err != nil {
		return nil, err
	}
	t, err := token.Load(path.Join(m.checkpoint.Name(), file), text)
	if err != nil {
		return nil, err
	}
	set, err := beir.Find(dir, "", "")
	if err != nil {
		return nil, err
	}
	prefix, suffix := t.Template()
	var documents [][]int32
	for d, err := range beir.Documents(set.Corpus) {
		if err != nil {
			return nil, err
		}
		ids := append(append(prefix[:len(prefix):len(prefix)], t.Encode(d.Content(), token.Options{Strip: true}).IDs...), suffix...)
		if len(ids) < shortest || len(ids) > longest {
			continue
		}
		if documents = append(documents, ids); len(documents) == count {
			return documents, nil
		}
	}
	return nil, fmt.Errorf("%s: expected %d documents of %d to %d tokens, found %d", set.Corpus, count, shortest, longest, len(documents))
}
