package mirror_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/files/walk"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/mirror"
)

// A folder is indexed, changes, and is indexed again.
func Example() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	write("paris.md", "# Paris\n\nParis is the capital of France.")
	write("franc.txt", "The franc was the currency of France.")

	m, err := builtin.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	ctx := context.Background()
	x, err := index.Open(ctx, filepath.Join(folder, "index.db"), m) // may lie in the folder itself
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()

	mirrored := mirror.New(x, mirror.Options{List: walk.Options{Exclude: []string{"drafts"}}})
	round := func() {
		r, err := mirrored.Update(ctx, folder)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d files: %d added, %d updated, %d removed\n", r.Files, r.Added, r.Updated, r.Removed)
	}
	round()
	write("paris.md", "# Paris\n\nParis lies on the Seine and is the capital of France.")
	write("rome.txt", "Rome is the capital of Italy.")
	if err := os.Remove(filepath.Join(folder, "franc.txt")); err != nil {
		log.Fatal(err)
	}
	round()

	found, err := x.Search(ctx, "What is the capital of France?", index.TopK(1))
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range found {
		fmt.Println(filepath.Base(r.Source), r.Title)
	}
	// Output:
	// 2 files: 2 added, 0 updated, 0 removed
	// 2 files: 1 added, 1 updated, 1 removed
	// paris.md Paris
}
