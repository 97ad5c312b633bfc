package index_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/index"
)

func Example() {
	m, err := builtin.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	ctx := context.Background()
	x, err := index.Open(ctx, filepath.Join(folder, "cities.db"), m)
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()
	docs := []string{
		"Berlin is the capital of Germany.",
		"Paris is the capital of France.",
		"The franc was the currency of France.",
	}
	var entries []index.Entry
	for i, text := range docs {
		entries = append(entries, index.Entry{Key: fmt.Sprint(i), Text: text, Metadata: map[string]any{"page": i + 1}})
	}
	if err := x.Put(ctx, entries); err != nil {
		log.Fatal(err)
	}
	found, err := x.Search(ctx, "What is the capital of France?", index.Where("page >= 2"), index.TopK(1))
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range found {
		fmt.Println(r.Key, r.Snippet.Of(r.Text))
	}
	// Output: 1 Paris is the capital of France.
}
