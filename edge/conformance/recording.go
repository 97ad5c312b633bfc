package conformance

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/toller-search/toller/edge"
)

// recorded holds texts and what the portable kernels make of them with the
// embedded model, as toller selftest --record writes it:
//
//go:generate go run -tags purego ../cmd/toller selftest --record recording.json
//go:embed recording.json
var recorded []byte

// A Recording is what a machine made of some texts: their vectors, and the score
// of each document for each query.
type Recording struct {
	Model     edge.Fingerprint `json:"model"`
	Queries   []Text           `json:"queries"`
	Documents []Text           `json:"documents"`
	Scores    [][]float32      `json:"scores"` // [query][document]
}

// A Text is a recorded text. Of its vectors, a few are kept and the mean of
// all.
type Text struct {
	Text string      `json:"text"`
	IDs  []int32     `json:"ids"`  // of the tokens with a vector
	Rows []int       `json:"rows"` // a sample of them
	Some [][]float32 `json:"some"` // the vectors of Rows
	Mean []float32   `json:"mean"` // of all vectors
}

// Recorded returns the recording that comes with this package. It is of the
// model in edge/builtin.
func Recorded() (*Recording, error) {
	r := new(Recording)
	if err := json.Unmarshal(recorded, r); err != nil {
		return nil, fmt.Errorf("conformance: recording.json: %w", err)
	}
	return r, nil
}

// Compute runs the texts of r through a model here and now.
func (r *Recording) Compute(ctx context.Context, model *edge.Model) (*Recording, error) {
	now := &Recording{Model: model.Info().Fingerprint}
	texts := make([]string, len(r.Documents))
	for i, d := range r.Documents {
		texts[i] = d.Text
	}
	documents, err := model.EncodeDocuments(ctx, texts)
	if err != nil {
		return nil, err
	}
	for i, d := range documents {
		now.Documents = append(now.Documents, recordText(texts[i], d))
	}
	for _, t := range r.Queries {
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

// vectors are those of an [edge.Query] or [edge.Document].
type vectors interface {
	Dim() int
	Len() int
	Vectors() []float32
	Tokens() []edge.Token
}

func recordText(text string, v vectors) Text {
	t := Text{Text: text, Mean: make([]float32, v.Dim())}
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
func (r *Recording) differences(now *Recording) (vector, score float64, err error) {
	for kind, pair := range map[string][2][]Text{
		"query":    {r.Queries, now.Queries},
		"document": {r.Documents, now.Documents},
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
	for i := range r.Scores {
		score = max(score, farthest(now.Scores[i], r.Scores[i]))
	}
	return vector, score, nil
}

// farthest is the largest absolute difference; NaN is infinitely far from
// anything, and so is what has another length.
func farthest(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var worst float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		worst = max(worst, d)
	}
	return worst
}
