package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/files"
)

// explainFlags are the flags of toller explain.
type explainFlags struct {
	*options
	reading
	maxTokens int
	text      string
	name      string
}

// explanation is what toller explain prints as JSON.
type explanation struct {
	Query     string  `json:"query"`
	Document  string  `json:"document"` // its name
	Model     string  `json:"model"`
	Score     float32 `json:"score"`
	Mean      float32 `json:"mean"`
	Truncated bool    `json:"truncated"`
	Matches   []match `json:"matches"`

	text string // of the document, as far as it was read
}

// match is a query token and the document token most like it.
type match struct {
	Query      token   `json:"query"`
	Document   token   `json:"document"`
	Similarity float32 `json:"similarity"`
	Share      float32 `json:"share"` // of the score
}

// token is a token with its text; what the model adds has a name instead.
type token struct {
	edge.Token
	Text string `json:"text,omitempty"`
}

func newToken(t edge.Token, text string) token {
	parts := make([]string, len(t.Spans))
	for i, span := range t.Spans {
		parts[i] = span.Of(text)
	}
	return token{t, strings.Join(parts, " ")}
}

func explainCommand(o *options) *cobra.Command {
	f := &explainFlags{options: o}
	cmd := &cobra.Command{
		Use:   "explain QUERY [PATH]",
		Short: "Show which words of a document answer which words of the query",
		Long: `Show where the score of one document comes from: for each token of the query,
the token of the document that is most like it, in its context, their
similarity and its share of the score. Below, the text of the document, the
warmer the more a token contributes.

The document is a file, standard input (- or no PATH) or --text. Of a file with
many documents, --name chooses the one that toller rank calls so.

A pipe gets a line for each token of the query, its fields separated by tabs:
query token, document token, similarity, share, and the document token's first
and last byte (exclusive). What the model adds to a text, such as [CLS], has no
place in it: these two are empty. With --json it is an object with "query",
"document", "model", "score", "mean", "truncated" and "matches", each with the
tokens "query" and "document", "similarity" and "share".`,
		Example: `  toller explain "what slows bone loss?" notes/calcium.txt
  toller explain "what slows bone loss?" abstracts.jsonl --name 4983
  toller explain "capital of France" --text "Paris is the capital of France."`,
		Args: arguments(1, 2, "QUERY [PATH]"),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0], args[1:]) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.text, "text", "", "the document itself")
	flags.StringVar(&f.name, "name", "", "name of the document among several")
	flags.IntVar(&f.maxTokens, "max-tokens", 0, "tokens at which the document is cut (default: the model's)")
	f.reading.add(cmd)
	return cmd
}

func (f *explainFlags) run(cmd *cobra.Command, query string, paths []string) error {
	if err := f.check(cmd, query, paths); err != nil {
		return err
	}
	d, err := f.document(cmd, paths)
	if err != nil {
		return err
	}
	model, err := f.open()
	if err != nil {
		return err
	}
	defer model.Close()
	e, err := f.explain(cmd.Context(), model, query, d)
	if err != nil {
		return err
	}
	out := newScreen(f.color)
	return e.print(out, f.json)
}

func (f *explainFlags) check(cmd *cobra.Command, query string, paths []string) error {
	if err := checkText("query", query); err != nil {
		return err
	}
	if cmd.Flags().Changed("text") && (len(paths) > 0 || f.name != "") {
		return usage("--text is the document; it goes with neither PATH nor --name")
	}
	if f.maxTokens < 0 {
		return usage("--max-tokens is %d, expected 0 or more", f.maxTokens)
	}
	return f.reading.check()
}

// document reads the one document to explain.
func (f *explainFlags) document(cmd *cobra.Command, paths []string) (files.Document, error) {
	if cmd.Flags().Changed("text") {
		return files.Document{Name: "text", Text: f.text}, checkText("document", f.text)
	}
	paths, err := inputs(paths)
	if err != nil {
		return files.Document{}, err
	}
	r := f.reading
	if r.format == formatAuto && paths[0] == files.Stdin && f.name == "" {
		r.format = "text"
	}
	found, err := f.collect(cmd.Context(), &r, paths)
	if err != nil {
		return files.Document{}, err
	}
	summarize(found)
	return f.choose(found.Documents)
}

func (f *explainFlags) choose(all []files.Document) (files.Document, error) {
	if f.name != "" {
		for _, d := range all {
			if d.Name == f.name {
				return d, nil
			}
		}
		return files.Document{}, fmt.Errorf("none of %s is called %q", count(len(all), "document"), f.name)
	}
	switch len(all) {
	case 0:
		return files.Document{}, errNoDocuments
	case 1:
		return all[0], nil
	default:
		return files.Document{}, usage("found %d documents; choose one with --name, such as --name %q", len(all), all[0].Name)
	}
}

func (f *explainFlags) explain(ctx context.Context, model *edge.Model, query string, d files.Document) (*explanation, error) {
	q, err := model.EncodeQuery(ctx, query)
	if err != nil {
		return nil, err
	}
	encoded, err := model.EncodeDocuments(ctx, []string{d.Text}, edge.MaxTokens(f.maxTokens))
	if err != nil {
		return nil, err
	}
	evidence := edge.Explain(q, encoded[0])
	e := &explanation{
		Query:     query,
		Document:  d.Name,
		Model:     model.Info().Name,
		Score:     evidence.Score,
		Mean:      evidence.Mean,
		Truncated: encoded[0].Truncated(),
		Matches:   make([]match, len(evidence.Matches)),
		text:      d.Text[:readEnd(encoded[0], d.Text)],
	}
	for i, m := range evidence.Matches {
		e.Matches[i] = match{newToken(m.Query, query), newToken(m.Document, d.Text), m.Similarity, m.Share}
	}
	return e, nil
}

// readEnd is where the part of text ends that d was made from.
func readEnd(d *edge.Document, text string) int {
	if !d.Truncated() {
		return len(text)
	}
	end := 0
	for _, t := range d.Tokens() {
		for _, span := range t.Spans {
			end = max(end, span.End)
		}
	}
	return end
}
