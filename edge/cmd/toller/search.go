package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/evidence"
	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/index"
)

// searchModes and fusions are the values of --mode and --fusion.
var (
	searchModes = []string{"auto", "exact", "pruned", "lexical", "hybrid"}
	fusions     = []string{"maxsim", "weighted", "rrf"}

	modeNamed = map[string]index.Mode{
		"auto": index.Auto, "exact": index.Exact, "pruned": index.Pruned,
		"lexical": index.Lexical, "hybrid": index.Hybrid,
	}
	fusionNamed = map[string]index.Fusion{"maxsim": index.ByMaxSim, "weighted": index.Weighted, "rrf": index.RRF}
)

// searchFlags are the flags of toller search.
type searchFlags struct {
	*options
	location
	remote
	top      int
	filter   string
	mode     string
	fusion   string
	passages bool
	explain  bool
	html     string
	force    bool
}

// findings is what toller search prints as JSON.
type findings struct {
	Query string `json:"query"`
	Index string `json:"index"`
	// Engine is the collection that was searched in place of an index.
	Engine string    `json:"engine,omitempty"`
	Model  string    `json:"model,omitempty"` // none was needed in mode lexical
	Mode   string    `json:"mode"`
	HTML   string    `json:"html,omitempty"` // file written
	Hits   []finding `json:"hits"`
}

// finding is a passage that was found.
type finding struct {
	Rank    int     `json:"rank"` // from 1
	Score   float64 `json:"score"`
	MaxSim  float64 `json:"maxsim"`
	BM25    float64 `json:"bm25"`
	Key     string  `json:"key"`
	Path    string  `json:"path"` // file that it is from
	Title   string  `json:"title,omitempty"`
	Heading string  `json:"heading,omitempty"`
	Start   int     `json:"start"` // of the passage, in bytes of the document's text
	End     int     `json:"end"`
	// Snippet is the part of the passage that is shown, by bytes of the
	// document's text.
	Snippet *evidence.Passage `json:"snippet"`
	Text    string            `json:"text,omitempty"` // of the passage, with --explain
	Matches []evidence.Match  `json:"matches,omitempty"`
}

func searchCommand(o *options) *cobra.Command {
	f := &searchFlags{options: o}
	cmd := &cobra.Command{
		Use:   "search QUERY",
		Short: "Search the files that toller index has read",
		Long: `Search an index that toller index has made, and show the best passage of each
document.

A terminal gets, for each hit, its rank, its score, its file, title and heading,
and below them the part that answers the query, the words that do highlighted.
A pipe gets a line for each hit, its fields separated by tabs: rank, score, key
(the file, with #number for a record of one), heading, snippet. With --json it is
an object with "query", "index", "model", "mode" and "hits"; a hit has "rank",
"score", "maxsim", "bm25", "key", "path", "title", "heading", "start", "end" and
"snippet", which has "text", "start", "end" and "highlights" as a passage of
toller rank does.

--explain shows where each score comes from, word by word, as toller explain
does: for each token of the query the token most like it, their similarity and
its share of the score, then the passage, the warmer the more alike a token is to
the one that it answers. A pipe gets these as lines that begin with a tab after
the line of their hit, in JSON a hit has "text" and "matches". --html writes the
same as a page of its own, to look at in a browser.

--filter takes an expression over key, title, source (the file), time (of its last
change), page (of a PDF; a passage may be on several) and the fields of a document's
metadata:

  source ~ '*/notes/*' and time >= 2026-01-01
  author = "Ada" or tags has "draft"
  year in (2024, 2025) and not title ~ '*old*'
  source ~ '*/manual.pdf' and page >= 3 and page < 10

A field that no document has is named in a note, with those that there are.

With --engine the search is in a collection that 'toller push' has filled. The
query is encoded here, and scores are MaxSim; --mode exact has the engine score
every passage, auto what its own index finds. --filter is translated; what the
engine can't do of it is an error.

The exit code is 0 if anything was found, 1 if nothing was, and 2 for an error.`,
		Example: `  toller search "what slows bone loss?"
  toller search "refunds" --filter "source ~ '*.pdf'" -k 3
  toller search "what slows bone loss?" --html found.html
  toller search "refunds" --engine qdrant --url http://localhost:6333`,
		Args: arguments(1, 1, "QUERY"),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args[0]) }),
	}
	flags := cmd.Flags()
	f.location.add(cmd)
	flags.StringVar(&f.engine, "engine", "", "search a collection of this engine: qdrant or opensearch")
	f.remote.add(cmd, engines)
	flags.IntVarP(&f.top, "top", "k", 10, "hits to show")
	flags.StringVar(&f.filter, "filter", "", "search only what this expression is true for")
	flags.StringVar(&f.mode, "mode", "auto", "how to search: exact (every passage), pruned (those near the query),\nlexical (words alone), hybrid (both); auto is hybrid")
	flags.StringVar(&f.fusion, "fusion", "weighted", "order of a hybrid search: weighted (0.7 MaxSim + 0.3 BM25, scaled),\nrrf (reciprocal ranks) or maxsim")
	flags.BoolVar(&f.passages, "passages", false, "show every passage, not the best of each document")
	flags.BoolVar(&f.explain, "explain", false, "show word by word where the scores come from")
	flags.StringVar(&f.html, "html", "", "write what --explain shows into this file, as a web page")
	flags.BoolVar(&f.force, "force", false, "overwrite the file of --html")
	completes(cmd, "mode", searchModes)
	completes(cmd, "fusion", fusions)
	return cmd
}

func (f *searchFlags) check(query string) error {
	if err := checkText("query", query); err != nil {
		return err
	}
	if f.top < 1 || f.top > index.MaxTopK {
		return usage("--top is %d, expected 1 to %d", f.top, index.MaxTopK)
	}
	if err := checkFilter(f.filter); err != nil {
		return err
	}
	if err := oneOf("mode", f.mode, searchModes); err != nil {
		return err
	}
	if err := oneOf("fusion", f.fusion, fusions); err != nil {
		return err
	}
	if f.fusion != "weighted" && f.mode != "hybrid" && f.mode != "auto" {
		return usage("--fusion %s goes with --mode hybrid", f.fusion)
	}
	return f.checkEngine()
}

// checkEngine looks at what goes with --engine.
func (f *searchFlags) checkEngine() error {
	if f.engine == "" {
		if f.url != "" {
			return usage("--url goes with --engine")
		}
		return nil
	}
	if f.mode != "auto" && f.mode != "exact" {
		return usage("--mode %s doesn't go with --engine, expected auto or exact", f.mode)
	}
	if f.fusion != "weighted" {
		return usage("--fusion doesn't go with --engine, which orders by MaxSim")
	}
	return f.remote.check(engines)
}

func (f *searchFlags) explains() bool { return f.explain || f.html != "" }

func (f *searchFlags) run(ctx context.Context, query string) (err error) {
	if err := f.check(query); err != nil {
		return err
	}
	if f.engine != "" {
		return f.runEngine(ctx, query)
	}
	path, err := f.existing()
	if err != nil {
		return err
	}
	found := &findings{Query: query, Index: path, Mode: f.mode, HTML: f.html, Hits: []finding{}}
	var model *edge.Model
	if f.mode != "lexical" || f.explains() {
		if model, err = f.open(); err != nil {
			return err
		}
		defer model.Close()
		found.Model = model.Info().Name
	}
	x, err := openIndexFor(ctx, path, model, index.ReadOnly())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	if err := noteFields(ctx, x, f.filter); err != nil {
		return err
	}
	results, err := x.Search(ctx, query, f.searchOptions()...)
	if err != nil {
		return err
	}
	if err := f.show(found, results); err != nil || len(found.Hits) > 0 {
		return err
	}
	return f.nothingFound(ctx, x)
}

// runEngine searches a collection of an engine.
func (f *searchFlags) runEngine(ctx context.Context, query string) error {
	e, err := f.connect(making{replicas: -1})
	if err != nil {
		return usageError{err}
	}
	model, err := f.open()
	if err != nil {
		return err
	}
	defer model.Close()
	found := &findings{Query: query, Index: f.collection, Engine: f.name(), Model: model.Info().Name, Mode: f.mode, HTML: f.html, Hits: []finding{}}
	results, err := engine.Search(ctx, e, model, query, engine.Options{
		TopK: f.top, Filter: f.filter, Exact: f.mode == "exact", Passages: f.passages, Evidence: f.explains(),
	})
	if err != nil {
		return err
	}
	if err := f.show(found, results); err != nil || len(found.Hits) > 0 {
		return err
	}
	return nothing{errors.New("nothing was found")}
}

// show prints results, and writes them as a page if asked to.
func (f *searchFlags) show(found *findings, results []index.Result) error {
	for i, r := range results {
		found.Hits = append(found.Hits, newFinding(i+1, found.Query, r))
	}
	if f.html != "" {
		if err := f.writePage(found); err != nil {
			return err
		}
	}
	return f.print(found)
}

// nothingFound tells a filter that no document meets from a query without an answer.
func (f *searchFlags) nothingFound(ctx context.Context, x *index.Index) error {
	if f.filter == "" {
		return nothing{errors.New("nothing was found")}
	}
	met := false
	err := x.Entries(ctx, f.filter, func(*index.Entry) bool {
		met = true
		return false
	})
	switch {
	case err != nil:
		return err
	case !met:
		return nothing{errors.New("nothing was found: no document meets the filter")}
	}
	return nothing{errors.New("nothing was found")}
}

func (f *searchFlags) searchOptions() []index.SearchOption {
	settings := []index.SearchOption{
		index.TopK(f.top), index.Where(f.filter), index.In(modeNamed[f.mode]), index.Fuse(fusionNamed[f.fusion]),
		index.PerDocument(!f.passages),
	}
	if f.explains() {
		settings = append(settings, index.WithEvidence())
	}
	return settings
}
