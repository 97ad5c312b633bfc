package files_test

import (
	"context"
	"fmt"
	"log"
	"path/filepath"

	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/files/walk"
)

func ExampleRead() {
	found, err := files.Read(context.Background(), []string{library}, files.Options{
		List: walk.Options{Include: []string{"*.md", "*.jsonl"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range found.Documents {
		fmt.Println(filepath.Base(d.Path), d.Line, d.Title)
	}
	fmt.Println(found.LeftOut.Excluded, "others")
	// Output:
	// recipes.jsonl 1 Lentil soup
	// recipes.jsonl 2 Shakshuka
	// recipes.jsonl 3 Apple crumble
	// recipes.jsonl 4 Basil pesto
	// sourdough.md 0 Sourdough Bread
	// 8 others
}
