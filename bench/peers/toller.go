package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// A model is the checkpoint as toller reads it.
type model struct {
	checkpoint *weights.Checkpoint
	head       *heads.Head
	parameters int
	tokens     []int32 // ids that random documents are made of
}

func openModel(name string) (*model, error) {
	c, err := weights.Open(name)
	if err != nil {
		return nil, err
	}
	m := &model{checkpoint: c}
	if err := m.load(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return m, nil
}

func (m *model) load() error {
	var err error
	if m.head, err = loadHead(m.checkpoint); err != nil {
		return err
	}
	e, err := infer.New(m.checkpoint, infer.Options{Threads: 1})
	if err != nil {
		return err
	}
	if m.head.In() != e.Hidden() {
		return fmt.Errorf("%s: expected a head for states of %d numbers, found one for %d", m.checkpoint.Name(), e.Hidden(), m.head.In())
	}
	m.parameters = e.Parameters() + m.head.Parameters()
	m.tokens, err = usedTokens(m.checkpoint)
	return err
}

// embeddings are the names that a table of token embeddings has in checkpoints.
var embeddings = []string{
	"embeddings.tok_embeddings.weight", "model.embeddings.tok_embeddings.weight", // ModernBERT
	"embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings.weight", // BERT
}

// usedTokens returns the ids whose embedding isn't zero. The checkpoints of
// testdata have most embeddings zeroed, and a document of zeros has nothing to
// be compared by.
func usedTokens(c *weights.Checkpoint) ([]int32, error) {
	tensors, err := c.Tensors("")
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(embeddings, func(name string) bool {
		table, ok := tensors[name]
		return ok && len(table.Shape) == 2 && table.Shape[0] > 0
	})
	if at < 0 {
		return nil, fmt.Errorf("%s: expected a matrix %s, found none", c.Name(), strings.Join(embeddings, " or "))
	}
	name, table := embeddings[at], tensors[embeddings[at]]
	var used []int32
	bytes := len(table.Data) / table.Shape[0] // of an embedding
	for id := range table.Shape[0] {
		row := table.Data[id*bytes:][:bytes]
		if slices.ContainsFunc(row, func(b byte) bool { return b != 0 }) {
			used = append(used, int32(id))
		}
	}
	if len(used) == 0 {
		return nil, fmt.Errorf("%s: %s: expected some embedding that isn't zero, found none", c.Name(), name)
	}
	return used, nil
}

// loadHead reads the Dense modules that modules.json lists.
func loadHead(c *weights.Checkpoint) (*heads.Head, error) {
	text, err := c.ReadFile("modules.json")
	if err != nil {
		return nil, err
	}
	var modules []struct{ Path, Type string }
	if err := json.Unmarshal(text, &modules); err != nil {
		return nil, fmt.Errorf("%s: %w", path.Join(c.Name(), "modules.json"), err)
	}
	var chain []heads.Dense
	for _, module := range modules {
		if !strings.HasSuffix(module.Type, "Dense") {
			continue
		}
		config, err := c.ReadFile(path.Join(module.Path, "config.json"))
		if err != nil {
			return nil, err
		}
		stored, err := c.Tensors(module.Path)
		if err != nil {
			return nil, err
		}
		tensors := make(map[string]heads.Tensor, len(stored))
		for name, t := range stored {
			tensors[name] = heads.Tensor{Shape: t.Shape, Data: t.Float32s()}
		}
		chain = append(chain, heads.Dense{Name: module.Path, Type: module.Type, Config: config, Tensors: tensors})
	}
	h, err := heads.FromDense(chain)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name(), err)
	}
	return h, nil
}

func (m *model) close() error { return m.checkpoint.Close() }

// start prepares toller itself.
func (m *model) start(threads int) (*toller, error) {
	e, err := infer.New(m.checkpoint, infer.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	return &toller{e, m.head}, nil
}

// toller is the runner that the others are compared with. Its time covers
// token ids to normalised vectors.
type toller struct {
	encoder *infer.Encoder
	head    *heads.Head
}

func (t *toller) run(ctx context.Context, least time.Duration, documents [][]int32) (time.Duration, []float32, error) {
	sequences := make([]infer.Sequence, len(documents))
	for i, d := range documents {
		sequences[i].IDs = d
	}
	dim := t.head.Out()
	var vectors [][]float32 // [tokens, dim] for each document
	var times []time.Duration
	for start := time.Now(); len(times) == 0 || time.Since(start) < least; {
		begin := time.Now()
		vectors = make([][]float32, len(documents))
		err := t.encoder.Encode(ctx, sequences, func(i int, states []float32) error {
			tokens := len(sequences[i].IDs)
			vectors[i] = make([]float32, tokens*dim)
			t.head.Apply(vectors[i], states, tokens)
			simd.L2Normalize(vectors[i], dim)
			return nil
		})
		if err != nil {
			return 0, nil, err
		}
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	median := (times[(len(times)-1)/2] + times[len(times)/2]) / 2
	return median, vectors[0][len(vectors[0])-dim:], nil
}

func (t *toller) close() error { return nil }
