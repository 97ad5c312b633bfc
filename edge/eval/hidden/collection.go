package hidden

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/toller-search/toller/edge/eval/beir"
)

// How many there are of a length, as in LongEmbed.
const (
	Documents = 100
	Queries   = 50 // the first of the documents have one
)

// A Collection is made, and not yet written anywhere.
type Collection struct {
	Documents []beir.Document
	Queries   []beir.Query
	Qrels     beir.Qrels
}

// add adds a document, with its query if it has one.
func (c *Collection) add(text, query string) {
	id := fmt.Sprint("d", len(c.Documents))
	c.Documents = append(c.Documents, beir.Document{ID: id, Text: text})
	if query == "" {
		return
	}
	asked := fmt.Sprint("q", len(c.Queries))
	c.Queries = append(c.Queries, beir.Query{ID: asked, Text: query})
	if c.Qrels == nil {
		c.Qrels = make(beir.Qrels)
	}
	c.Qrels[asked] = map[string]int{id: 1}
}

// Write writes the collection into a folder, which is made if need be, in BEIR's
// layout. A file that is there already is an error.
func (c *Collection) Write(dir string) (beir.Set, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return beir.Set{}, fmt.Errorf("hidden: %w", err)
	}
	set := beir.Set{
		Corpus:  filepath.Join(dir, "corpus.jsonl"),
		Queries: filepath.Join(dir, "queries.jsonl"),
		Qrels:   filepath.Join(dir, "qrels.tsv"),
	}
	corpus := func(w io.Writer) error {
		for _, d := range c.Documents {
			if err := json.NewEncoder(w).Encode(map[string]string{"_id": d.ID, "text": d.Text}); err != nil {
				return err
			}
		}
		return nil
	}
	queries := func(w io.Writer) error {
		for _, q := range c.Queries {
			if err := json.NewEncoder(w).Encode(map[string]string{"_id": q.ID, "text": q.Text}); err != nil {
				return err
			}
		}
		return nil
	}
	qrels := func(w io.Writer) error {
		var text strings.Builder
		text.WriteString("query-id\tcorpus-id\tscore\n")
		for _, q := range c.Queries {
			for document, grade := range c.Qrels[q.ID] {
				fmt.Fprintf(&text, "%s\t%s\t%d\n", q.ID, document, grade)
			}
		}
		_, err := io.WriteString(w, text.String())
		return err
	}
	return set, errors.Join(create(set.Corpus, corpus), create(set.Queries, queries), create(set.Qrels, qrels))
}

func create(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("hidden: %w", err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("hidden: %s: %w", path, err)
	}
	return nil
}
