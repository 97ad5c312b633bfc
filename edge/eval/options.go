package eval

import (
	"fmt"
	"slices"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/eval/trec"
)

// Options say what [Evaluate] does. The zero value ranks in every way, all queries,
// with documents as long as the model takes.
type Options struct {
	Rankings []Ranking // none: all
	// Candidates are what is reranked, by query: a first stage's run. Without them it
	// is BM25's.
	Candidates *trec.Run
	Top        int // best candidates that are reranked, 0 for 100
	Depth      int // results of a query that are kept, 0 for 100
	Queries    int // judged queries that are asked, the first of the file; 0 for all

	MaxTokens  int // at which documents are cut, 0 for the model's length
	PoolFactor int // of document vectors, 0 for the model's

	// Folder is where Search puts its index; empty is a folder of its own among those of
	// the system for temporary files. The index is removed in any case.
	Folder string

	// Progress is told how much of a stage is done: "encoding", "indexing" or
	// "searching".
	Progress func(stage string, done, total int)
}

// defaultDepth is what BEIR looks at: 100 results a query.
const defaultDepth = 100

func (o Options) wants(r Ranking) bool { return slices.Contains(o.Rankings, r) }

// complete fills in defaults and checks the rest.
func (o Options) complete() (Options, error) {
	if len(o.Rankings) == 0 {
		o.Rankings = Rankings
	}
	for _, r := range o.Rankings {
		if !slices.Contains(Rankings, r) {
			return o, fmt.Errorf("eval: ranking: expected one of %v, found %q", Rankings, r)
		}
	}
	for name, value := range map[string]int{"Top": o.Top, "Depth": o.Depth, "Queries": o.Queries, "MaxTokens": o.MaxTokens, "PoolFactor": o.PoolFactor} {
		if value < 0 {
			return o, fmt.Errorf("eval: %s: expected 0 or more, found %d", name, value)
		}
	}
	if o.Top == 0 {
		o.Top = defaultDepth
	}
	if o.Depth == 0 {
		o.Depth = defaultDepth
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	return o, nil
}

func (o Options) encoding() []edge.EncodeOption {
	return []edge.EncodeOption{edge.MaxTokens(o.MaxTokens), edge.PoolFactor(o.PoolFactor)}
}
