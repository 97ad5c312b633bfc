package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/evidence"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/index/split"
)

// passageBatch is how many documents' vectors are held at a time.
const passageBatch = 8

// minShare is the least share of the score that makes a word worth
// highlighting.
const minShare = 0.02

// rankFlags are the flags of toller rank.
type rankFlags struct {
	*options
	reading
	encoding
	top       int
	noPassage bool
}

// ranking is what toller rank prints as JSON.
type ranking struct {
	Query          string             `json:"query"`
	QueryTruncated bool               `json:"query_truncated"`
	Model          string             `json:"model"`
	Documents      int                `json:"documents"` // that were ranked
	Truncated      int                `json:"truncated"` // of these, how many were cut
	Hits           []hit              `json:"hits"`
	LeftOut        files.LeftOut      `json:"left_out"`
	Unreadable     []files.Unreadable `json:"unreadable"`

	query *edge.Query
}

// hit is one line of a ranking.
type hit struct {
	Rank      int               `json:"rank"`  // from 1
	Index     int               `json:"index"` // place among the documents read, from 0
	Score     float32           `json:"score"`
	Mean      float32           `json:"mean"`
	Name      string            `json:"name"`
	Path      string            `json:"path"`
	Line      int               `json:"line,omitempty"`
	ID        string            `json:"id,omitempty"`
	Title     string            `json:"title,omitempty"`
	Heading   string            `json:"heading,omitempty"` // path of the headings above the passage, or its pages
	Truncated bool              `json:"truncated"`
	Passage   *evidence.Passage `json:"passage,omitempty"`
}

func rankCommand(o *options) *cobra.Command {
	f := &rankFlags{options: o}
	cmd := &cobra.Command{
		Use:   "rank QUERY [PATH...]",
		Short: "Order documents by how well they answer a query",
		Long: `Order documents by how well they answer a query.

A PATH is a file, a folder with all that is in it, or - for standard input, which
is also read if there is no PATH. Files are read as toller index reads them: plain
text, Markdown, HTML, source code, PDF, office documents, EPUB, RTF, mail, notebooks
and subtitles are one document each; JSONL ("text", and if there are any "title" and
"id" or "_id"), CSV and mbox have one a record.
Standard input is one document a line, JSONL if its first line begins a JSON
object, and HTML, PDF or another of these if it begins so. --format says how to read all
files and standard input instead: text makes one document of each, lines one of
each line.

Of a folder, what .gitignore files name, hidden files and what --include and
--exclude say are left out and counted, as are binary files. A document longer
than the model takes is cut; a note says how many were.

A terminal gets a table with the best passage of each document, the words that
answer the query highlighted. A pipe gets a line for each hit, its fields
separated by tabs: rank, score, mean, name, passage, and the path of the headings
above the passage, of a PDF "page 3" or "pages 3-4". With --json it is an object
with "query", "query_truncated", "model", "documents" (their number), "truncated"
(how many of them were cut), "hits", "left_out" and "unreadable"; a hit has
"rank", "index", "score", "mean", "name", "path", "line", "id", "title",
"heading", "truncated" and "passage", and that has "text", "start", "end" (bytes of
the document) and "highlights" (bytes of the passage).

A file that can't be read is reported and counted. The exit code is 0 if anything was
ranked, 1 if no text was found, and 2 if nothing could be read.`,
		Example: `  toller rank "what slows bone loss?" notes/ reports/*.txt
  toller rank "what slows bone loss?" abstracts.jsonl -k 3 --json
  git log --format=%s | toller rank "fixes a data race"`,
		Args: arguments(1, anyNumber, "QUERY [PATH...]"),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0], args[1:]) }),
	}
	flags := cmd.Flags()
	flags.IntVarP(&f.top, "top", "k", 10, "documents to show, 0 for all")
	flags.BoolVar(&f.noPassage, "no-passage", false, "look for no passages, which takes encoding what is shown again")
	f.reading.add(cmd)
	f.encoding.add(cmd)
	return cmd
}

func (f *rankFlags) run(cmd *cobra.Command, query string, paths []string) error {
	paths, err := f.check(query, paths)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	model, err := f.open()
	if err != nil {
		return err
	}
	defer model.Close()
	found, err := f.collect(ctx, &f.reading, paths)
	if err != nil {
		return err
	}
	if len(found.Documents) == 0 {
		summarize(found)
		return noDocuments(found)
	}
	result, err := f.rank(ctx, model, query, found)
	if err != nil {
		return err
	}
	out := terminal.NewScreen(f.color)
	if !f.noPassage {
		if err := f.findPassages(ctx, model, result, found.Documents, passageLength(out, f.json)); err != nil {
			return err
		}
	}
	if err := result.print(out, f.json); err != nil {
		return err
	}
	summarize(found)
	result.noteTruncation()
	return nil
}

func (f *rankFlags) check(query string, paths []string) ([]string, error) {
	if err := checkText("query", query); err != nil {
		return nil, err
	}
	if f.top < 0 {
		return nil, usage("--top is %d, expected 0 or more", f.top)
	}
	if err := f.reading.check(); err != nil {
		return nil, err
	}
	if err := f.encoding.check(); err != nil {
		return nil, err
	}
	return inputs(paths)
}

func (f *rankFlags) rank(ctx context.Context, model *edge.Model, query string, found *files.Collection) (*ranking, error) {
	encoded, err := model.EncodeQuery(ctx, query)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(found.Documents))
	for i, d := range found.Documents {
		texts[i] = d.Text
	}
	bar := terminal.NewProgress("ranking", !f.noProgress)
	defer bar.Close()
	settings := []edge.RankOption{edge.Progress(bar.Update)}
	for _, option := range f.encoding.options() {
		settings = append(settings, option)
	}
	order, err := model.Rank(ctx, query, texts, settings...)
	if err != nil {
		return nil, err
	}
	cut := 0
	for _, h := range order {
		if h.Truncated {
			cut++
		}
	}
	if f.top > 0 {
		order = order[:min(f.top, len(order))]
	}
	result := &ranking{
		Query:          query,
		QueryTruncated: encoded.Truncated(),
		Model:          model.Info().Name,
		Documents:      len(texts),
		Truncated:      cut,
		Hits:           make([]hit, len(order)),
		LeftOut:        found.LeftOut,
		Unreadable:     found.Unreadable,
		query:          encoded,
	}
	for i, h := range order {
		d := found.Documents[h.Index]
		result.Hits[i] = hit{
			Rank: i + 1, Index: h.Index, Score: h.Score, Mean: h.Mean,
			Name: d.Name, Path: d.Path, Line: d.Line, ID: d.ID, Title: d.Title, Truncated: h.Truncated,
		}
	}
	return result, nil
}

// findPassages encodes the documents of hits once more, this time unpooled,
// because ranking keeps scores and no vectors.
func (f *rankFlags) findPassages(ctx context.Context, model *edge.Model, r *ranking, from []files.Document, bytes int) error {
	bar := terminal.NewProgress("finding passages", !f.noProgress)
	defer bar.Close()
	for done := 0; done < len(r.Hits); done += passageBatch {
		bar.Update(done, len(r.Hits))
		batch := r.Hits[done:min(done+passageBatch, len(r.Hits))]
		texts := make([]string, len(batch))
		for i, h := range batch {
			texts[i] = from[h.Index].Text
		}
		documents, err := model.EncodeDocuments(ctx, texts, f.unpooled()...)
		if err != nil {
			return err
		}
		for i, d := range documents {
			e, text := edge.Explain(r.query, d), texts[i]
			best := e.BestPassage(text, bytes)
			batch[i].Passage = evidence.NewPassage(text, 0, best, e.Highlights(text, minShare))
			batch[i].Heading = headingOf(from[batch[i].Index], best)
		}
	}
	return nil
}

// headingOf is where in a document a part of its text stands, as it is in an index.
func headingOf(d files.Document, s edge.Span) string {
	return split.Where(d.Text[d.Start:], max(s.Start-d.Start, 0), max(s.End-d.Start, 0), !d.Headings)
}

// noteTruncation says on standard error that not all of a text was read.
func (r *ranking) noteTruncation() {
	if r.QueryTruncated {
		note("the query is longer than the model takes; its end was left out")
	}
	if r.Truncated > 0 {
		note("cut at the length limit (--max-tokens): %d of %s", r.Truncated, terminal.Count(r.Documents, "document"))
	}
}
