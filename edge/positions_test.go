package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// newTinyBERT is a tiny checkpoint with a BERT backbone of so many positions.
func newTinyBERT(tb testing.TB, positions int) tiny.Checkpoint {
	tb.Helper()
	c := tiny.New(tb)
	vocab := tensorShapes(tb, c["model.safetensors"])["embeddings.tok_embeddings.weight"][0]
	shapes := map[string][]int{
		"embeddings.word_embeddings.weight":       {vocab, tiny.Hidden},
		"embeddings.position_embeddings.weight":   {positions, tiny.Hidden},
		"embeddings.token_type_embeddings.weight": {2, tiny.Hidden},
	}
	norms := []string{"embeddings"}
	for _, layer := range []string{"encoder.layer.0.", "encoder.layer.1."} {
		for name, size := range map[string][2]int{
			"attention.self.query": {tiny.Hidden, tiny.Hidden}, "attention.self.key": {tiny.Hidden, tiny.Hidden},
			"attention.self.value": {tiny.Hidden, tiny.Hidden}, "attention.output.dense": {tiny.Hidden, tiny.Hidden},
			"intermediate.dense": {tiny.Intermediate, tiny.Hidden}, "output.dense": {tiny.Hidden, tiny.Intermediate},
		} {
			shapes[layer+name+".weight"], shapes[layer+name+".bias"] = size[:], size[:1]
		}
		norms = append(norms, layer+"attention.output", layer+"output")
	}
	for _, name := range norms {
		shapes[name+".LayerNorm.weight"], shapes[name+".LayerNorm.bias"] = []int{tiny.Hidden}, []int{tiny.Hidden}
	}
	c["model.safetensors"] = tiny.Safetensors(tb, rand.New(rand.NewPCG(5, 6)), shapes)
	c[tokenizerConfigFile] = tiny.JSON(tb, map[string]any{"tokenizer_class": "PreTrainedTokenizerFast"})
	c["config.json"] = tiny.JSON(tb, map[string]any{
		"model_type": "bert", "hidden_size": tiny.Hidden, "intermediate_size": tiny.Intermediate,
		"num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": vocab, "max_position_embeddings": positions,
	})
	return c
}

// TestPositions opens a model of fewer positions than its texts have tokens:
// lengths of the checkpoint are lowered, those of the caller refused.
func TestPositions(t *testing.T) {
	ctx := context.Background()
	text := strings.Repeat("the cat sat on the mat ", 100)
	c := newTinyBERT(t, 12)
	for _, test := range []struct {
		name            string
		query, document any // of the checkpoint, nil for none
		opts            []Option
		lengths         [2]int
		warnings        []string
	}{
		{"both longer", 16, 64, nil, [2]int{12, 12}, []string{
			"query_length 16 is more than the 12 positions of the model: texts are cut at 12 tokens",
			"document_length 64 is more than the 12 positions of the model: texts are cut at 12 tokens",
		}},
		{"defaults longer", nil, nil, nil, [2]int{12, 12}, []string{
			"query_length 32 is more than the 12 positions of the model: texts are cut at 12 tokens",
			"document_length 180 is more than the 12 positions of the model: texts are cut at 12 tokens",
		}},
		{"as long", 12, 12, nil, [2]int{12, 12}, nil},
		{"shorter", 8, 11, nil, [2]int{8, 11}, nil},
		{"options", 16, 64, []Option{WithQueryLength(12), WithDocumentLength(10)}, [2]int{12, 10}, nil},
		{"filled up", 16, 12, []Option{WithExpansion(true)}, [2]int{12, 12}, []string{
			"query_length 16 is more than the 12 positions of the model: texts are cut at 12 tokens",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.Set(t, colbertFile, "query_length", test.query)
			c.Set(t, colbertFile, "document_length", test.document)
			m := open(t, c, test.opts...)
			info := m.Info()
			if got := [2]int{info.Query.Length, info.Document.Length}; got != test.lengths {
				t.Errorf("expected lengths %v, found %v", test.lengths, got)
			}
			if !slices.Equal(info.Warnings, test.warnings) {
				t.Errorf("expected warnings %q, found %q", test.warnings, info.Warnings)
			}
			q, d := encodeQuery(t, m, text), encodeOne(t, m, text)
			if q.Len() != test.lengths[0] || d.Len() != test.lengths[1] || !d.Truncated() {
				t.Errorf("expected %v vectors, found %d and %d", test.lengths, q.Len(), d.Len())
			}
		})
	}

	c.Set(t, colbertFile, "query_length", 12)
	c.Set(t, colbertFile, "document_length", 12)
	for name, opt := range map[string]Option{"query_length": WithQueryLength(13), "document_length": WithDocumentLength(13)} {
		want := fmt.Sprintf("%s: expected at most 12 tokens, the positions that the model has, found 13", name)
		if got := openError(t, c, opt); !strings.Contains(got, want) {
			t.Errorf("expected an error with %q, found %s", want, got)
		}
	}
	m := open(t, c)
	if n := encodeOne(t, m, text, MaxTokens(12)).Len(); n != 12 {
		t.Errorf("MaxTokens(12): expected 12 vectors, found %d", n)
	}
	_, err := m.EncodeDocuments(ctx, []string{text}, MaxTokens(13))
	if want := "MaxTokens: expected at most 12 tokens, the positions that the model has, found 13"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("expected an error with %q, found %v", want, err)
	}
	// Passages ask for more than there may be.
	s, err := m.documents.prepare(text, 1000)
	if err != nil || len(s.IDs) != 12 || !s.truncated || s.IDs[11] != m.documents.tail[0] {
		t.Errorf("expected 12 tokens with the last one added, found %d (%v)", len(s.IDs), err)
	}

	short := newTinyBERT(t, 3)
	if got := openError(t, short); !strings.Contains(got, "query_length: expected 4 to 8192 tokens, found 3") {
		t.Errorf("expected an error about a model that has no room for a text, found %s", got)
	}
}

// TestBackboneInfo describes both architectures, each without the other's terms.
func TestBackboneInfo(t *testing.T) {
	for _, test := range []struct {
		c    tiny.Checkpoint
		want string
	}{
		{newTinyBERT(t, 90), `{"architecture":"bert","hidden":32,"layers":2,"heads":2,"intermediate":48,"embeddings":289,"attention":"every layer sees the whole text","positions":90}`},
		{tiny.New(t), `{"architecture":"modernbert","hidden":32,"layers":2,"heads":2,"intermediate":48,"embeddings":289,"attention":"layer 0 sees the whole text, the others 4 tokens to each side","global_layers":[0],"window":8,"global_rope_theta":160000,"local_rope_theta":10000}`},
	} {
		got, err := json.Marshal(open(t, test.c).Info().Backbone)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != test.want {
			t.Errorf("expected\n%s, found\n%s", test.want, got)
		}
	}
}
