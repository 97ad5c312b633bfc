package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/toller-search/toller/edge"
)

const (
	mostTexts  = 500
	textLength = 100_000 // characters of a text
)

type rerankArguments struct {
	Query string   `json:"query" jsonschema:"What the texts should answer: a question or statement in plain words."`
	Texts []string `json:"texts" jsonschema:"The texts to order."`
	Top   int      `json:"top,omitempty" jsonschema:"How many of the best to return; all if left out."`
}

type rerankResult struct {
	Ranking []ranked `json:"ranking" jsonschema:"best first"`
}

// ranked is a text in its place.
type ranked struct {
	Text      int     `json:"text" jsonschema:"which of the texts this is, counted from 0"`
	Score     float64 `json:"score" jsonschema:"from -1 to 1, larger is better"`
	Truncated bool    `json:"truncated,omitempty" jsonschema:"only the beginning of the text was read: it is longer than the model takes"`
}

func (s *Server) addRerank() error {
	return add(s, tool[rerankArguments, rerankResult]{
		name: "rerank", title: "Order texts by relevance",
		description: "Orders texts that you have, such as results of another tool, by how well they answer a query, comparing meanings. " +
			"Returns positions in the list of texts and scores, not the texts. For the user's indexed documents use search, which orders already.",
		bound: func(p *properties) {
			p.text("query", 1, queryLength)
			length := textLength
			p.list("texts", 1, mostTexts).MaxLength = &length
			p.number("top", 0, mostTexts, 0)
		},
		call: s.rerank,
	})
}

func (s *Server) rerank(ctx context.Context, report *progress, a rerankArguments) (*rerankResult, string, error) {
	if strings.TrimSpace(a.Query) == "" {
		return nil, "", errors.New("the query is blank: say what the texts should answer")
	}
	hits, err := s.model.Rank(ctx, a.Query, a.Texts, edge.TopK(a.Top), edge.Progress(func(done, total int) { report.update(done, total, "reading texts") }))
	if err != nil {
		return nil, "", err
	}
	result := &rerankResult{Ranking: make([]ranked, len(hits))}
	var b strings.Builder
	for i, h := range hits {
		r := ranked{Text: h.Index, Score: math.Round(float64(h.Mean)*1e4) / 1e4, Truncated: h.Truncated}
		result.Ranking[i] = r
		fmt.Fprintf(&b, "%d. text %d | score %.4f | %s\n", i+1, r.Text, r.Score, beginning(a.Texts[r.Text]))
	}
	return result, b.String(), nil
}

// beginningBytes is enough of a text to recognise it by.
const beginningBytes = 60

// beginning is how a text begins.
func beginning(text string) string {
	// Four times as much, in case of white space.
	line := oneLine(text[:runeStart(text, min(len(text), 4*beginningBytes))])
	return line[:runeStart(line, min(len(line), beginningBytes))]
}
