package edge_test

import (
	"context"
	"fmt"
	"log"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
)

var docs = []string{
	"Berlin is the capital of Germany.",
	"Paris is the capital of France.",
	"The franc was the currency of France.",
}

func ExampleModel_Rank() {
	m, err := builtin.Open() // or edge.Open("path/to/checkpoint")
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	hits, err := m.Rank(context.Background(), "What is the capital of France?", docs, edge.TopK(1))
	if err != nil {
		log.Fatal(err)
	}
	for _, hit := range hits {
		fmt.Println(docs[hit.Index])
	}
	// Output: Paris is the capital of France.
}

func ExampleExplain() {
	m, err := builtin.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	ctx := context.Background()
	q, err := m.EncodeQuery(ctx, "capital of France")
	if err != nil {
		log.Fatal(err)
	}
	text := "Bananas are yellow. Paris, a city on the Seine, is the capital of France."
	encoded, err := m.EncodeDocuments(ctx, []string{text})
	if err != nil {
		log.Fatal(err)
	}
	evidence := edge.Explain(q, encoded[0])
	fmt.Println(evidence.BestPassage(text, 60).Of(text))
	// Output: Paris, a city on the Seine, is the capital of France.
}
