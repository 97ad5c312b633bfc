package selftest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/infer/simd"
)

// recordingData holds texts and what the portable kernels make of them with
// the embedded model. After a change of the model selftest compares with the
// portable kernels as they run, until it is recorded anew:
//
//go:generate go run -tags purego .. selftest --record conformance.json
//go:embed conformance.json
var recordingData []byte

// Limits of the differences between a machine's kernels and the recorded ones.
const (
	vectorAllowed = 2e-5 // of a component of a unit vector
	scoreAllowed  = 1e-4
)

// recording is texts with their vectors, and the score of each document for each
// query.
type recording struct {
	Model     edge.Fingerprint `json:"model"`
	Queries   []recordedText   `json:"queries"`
	Documents []recordedText   `json:"documents"`
	Scores    [][]float32      `json:"scores"` // [query][document]
}

type recordedText struct {
	Text string      `json:"text"`
	IDs  []int32     `json:"ids"`  // of the tokens with a vector
	Rows []int       `json:"rows"` // a sample of them
	Some [][]float32 `json:"some"` // the vectors of Rows
	Mean []float32   `json:"mean"` // of all vectors
}

func loadRecording() (*recording, error) {
	c := new(recording)
	if err := json.Unmarshal(recordingData, c); err != nil {
		return nil, fmt.Errorf("conformance.json: %w", err)
	}
	return c, nil
}

// portable is compute with the portable kernels.
func (c *recording) portable(ctx context.Context, model *edge.Model) (*recording, error) {
	undo, err := simd.Use("generic")
	if err != nil {
		return nil, err
	}
	defer undo()
	return c.compute(ctx, model)
}

// compute runs the texts of c through a model.
func (c *recording) compute(ctx context.Context, model *edge.Model) (*recording, error) {
	now := &recording{Model: model.Info().Fingerprint}
	texts := make([]string, len(c.Documents))
	for i, d := range c.Documents {
		texts[i] = d.Text
	}
	documents, err := model.EncodeDocuments(ctx, texts)
	if err != nil {
		return nil, err
	}
	for i, d := range documents {
		now.Documents = append(now.Documents, recordText(texts[i], d))
	}
	for _, t := range c.Queries {
		q, err := model.EncodeQuery(ctx, t.Text)
		if err != nil {
			return nil, err
		}
		now.Queries = append(now.Queries, recordText(t.Text, q))
		scores := make([]float32, len(documents))
		for i, d := range documents {
			scores[i] = edge.MaxSim(q, d)
		}
		now.Scores = append(now.Scores, scores)
	}
	return now, nil
}

// vectors is what edge.Query and edge.Document have in common.
type vectors interface {
	Dim() int
	Len() int
	Vectors() []float32
	Tokens() []edge.Token
}

func recordText(text string, v vectors) recordedText {
	t := recordedText{Text: text, Mean: make([]float32, v.Dim())}
	for _, token := range v.Tokens() {
		t.IDs = append(t.IDs, token.IDs...)
	}
	n, data := v.Len(), v.Vectors()
	for _, row := range slices.Compact([]int{0, n / 2, n - 1}) {
		t.Rows = append(t.Rows, row)
		t.Some = append(t.Some, data[row*v.Dim():][:v.Dim()])
	}
	for i := range t.Mean {
		var sum float64
		for row := range n {
			sum += float64(data[row*v.Dim()+i])
		}
		t.Mean[i] = float32(sum / float64(n))
	}
	return t
}

// differences compares a run with the recording. The error is of the kind that
// no tolerance covers.
func (c *recording) differences(now *recording) (vector, score float64, err error) {
	for kind, pair := range map[string][2][]recordedText{
		"query":    {c.Queries, now.Queries},
		"document": {c.Documents, now.Documents},
	} {
		for i, want := range pair[0] {
			got := pair[1][i]
			if !slices.Equal(got.IDs, want.IDs) {
				return 0, 0, fmt.Errorf("%s %d: token ids %v, expected %v", kind, i, got.IDs, want.IDs)
			}
			vector = max(vector, farthest(got.Mean, want.Mean))
			for j := range want.Some {
				vector = max(vector, farthest(got.Some[j], want.Some[j]))
			}
		}
	}
	for i := range c.Scores {
		score = max(score, farthest(now.Scores[i], c.Scores[i]))
	}
	return vector, score, nil
}

// farthest is the largest absolute difference.
func farthest(got, want []float32) float64 {
	wide := make([]float64, len(want))
	for i, v := range want {
		wide[i] = float64(v)
	}
	if len(got) != len(want) {
		return math.Inf(1)
	}
	return difference(got, wide)
}

// save writes the recording.
func (c *recording) save(path string) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
