package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/store"
)

func passagesFlags(flags *flag.FlagSet, o *options) {
	formsFlag(flags, o, "4bit")
	flags.IntVar(&o.limit, "limit", 0, "use the first `n` judged queries only (default all)")
}

// passagesQuality measures what the documents that index.Search finds are worth, with
// long ones cut into passages as an index cuts them.
func (b *bench) passagesQuality(ctx context.Context) error {
	for _, data := range b.data {
		set, err := beir.Find(data, "", "")
		if err != nil {
			return err
		}
		full, err := filepath.Abs(data)
		if err != nil {
			return err
		}
		l := &library{name: filepath.Base(full), set: set}
		if err := l.encodeQueries(ctx, b); err != nil {
			return err
		}
		for _, f := range b.forms {
			row, err := b.formPassages(ctx, l, f)
			if err != nil {
				return fmt.Errorf("%s as %s: %w", l.name, f, err)
			}
			b.report.Passages = append(b.report.Passages, row)
		}
	}
	return nil
}

func (b *bench) formPassages(ctx context.Context, l *library, f form) (*passagesRow, error) {
	path, err := b.indexed(ctx, l, f)
	if err != nil {
		return nil, err
	}
	x, err := index.Open(ctx, path, b.model, index.ReadOnly())
	if err != nil {
		return nil, err
	}
	defer x.Close()
	st, err := x.Stat(ctx)
	if err != nil {
		return nil, err
	}
	row := &passagesRow{Data: l.name, Stored: f.String(), title: f.title(), Documents: st.Documents, Passages: st.Passages, Queries: len(l.queries)}
	for _, w := range ways {
		if w.mode == store.Exact {
			continue // of a large index it would take hours, and finds hardly more than the next
		}
		found, err := b.findDocuments(ctx, x, l, w)
		if err != nil {
			return nil, err
		}
		row.Found = append(row.Found, passagesFound{w.name, l.ndcg(found)})
	}
	return row, nil
}

// findDocuments returns each query's best documents, which are as good as
// their best passages.
func (b *bench) findDocuments(ctx context.Context, x *index.Index, l *library, w way) ([][]measure.Hit, error) {
	bar := longrun.NewProgress(b.stderr, "store", l.name+", "+w.name, len(l.queries))
	defer bar.Close()
	found := make([][]measure.Hit, len(l.queries))
	for i, q := range l.queries {
		results, err := x.Search(ctx, q.Text, index.In(w.mode), index.Fuse(w.fusion), index.TopK(depth+1),
			index.PerDocument(true), index.WithoutSnippets())
		if err != nil {
			return nil, fmt.Errorf("query %q: %w", q.ID, err)
		}
		for _, r := range results {
			if r.Key != q.ID && len(found[i]) < depth {
				found[i] = append(found[i], measure.Hit{Document: r.Key, Score: float32(r.Score)})
			}
		}
		bar.Set(i + 1)
	}
	return found, nil
}

// passagesRow is what passages measures of a collection in one form.
type passagesRow struct {
	Data      string          `json:"data"`
	Stored    string          `json:"stored"`
	Documents int64           `json:"documents"`
	Passages  int64           `json:"passages"`
	Queries   int             `json:"queries"` // with a relevant document
	Found     []passagesFound `json:"found"`
	title     string
}

type passagesFound struct {
	Way    string  `json:"way"`
	NDCG10 float64 `json:"ndcg_at_10"`
}

func (r *report) passagesTable(text *strings.Builder) {
	if len(r.Passages) == 0 {
		return
	}
	fmt.Fprint(text, "\nnDCG@10 of documents in the order of their best passages.\n\n| collection | documents | passages | queries | stored as |")
	for _, f := range r.Passages[0].Found {
		fmt.Fprintf(text, " %s |", f.Way)
	}
	fmt.Fprintf(text, "\n|%s\n", strings.Repeat("---|", 5+len(r.Passages[0].Found)))
	for _, row := range r.Passages {
		fmt.Fprintf(text, "| %s | %d | %d | %d | %s |", row.Data, row.Documents, row.Passages, row.Queries, row.title)
		for _, f := range row.Found {
			fmt.Fprintf(text, " %s |", fraction(f.NDCG10))
		}
		fmt.Fprintln(text)
	}
}
