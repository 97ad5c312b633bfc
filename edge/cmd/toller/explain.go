package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/evidence"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
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
	Query     string           `json:"query"`
	Document  string           `json:"document"` // its name
	Model     string           `json:"model"`
	Score     float32          `json:"score"`
	Mean      float32          `json:"mean"`
	Truncated bool             `json:"truncated"`
	Matches   []evidence.Match `json:"matches"`

	text string // of the document, as far as it was read
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
	out := terminal.NewScreen(f.color)
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
	return f.choose(found)
}

func (f *explainFlags) choose(found *files.Collection) (files.Document, error) {
	all := found.Documents
	if f.name != "" {
		for _, d := range all {
			if d.Name == f.name {
				return d, nil
			}
		}
		return files.Document{}, fmt.Errorf("none of %s is called %q", terminal.Count(len(all), "document"), f.name)
	}
	switch len(all) {
	case 0:
		return files.Document{}, noDocuments(found)
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
	explained := edge.Explain(q, encoded[0])
	return &explanation{
		Query:     query,
		Document:  d.Name,
		Model:     model.Info().Name,
		Score:     explained.Score,
		Mean:      explained.Mean,
		Truncated: encoded[0].Truncated(),
		Matches:   evidence.Matches(explained.Matches, query, "", d.Text),
		text:      d.Text[:readEnd(encoded[0], d.Text)],
	}, nil
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

func (e *explanation) print(out *terminal.Screen, json bool) error {
	switch {
	case json:
		return out.WriteJSON(e)
	case out.Terminal:
		e.table(out)
	default:
		e.lines(out)
	}
	return out.Flush()
}

// table shows a line for each token of the query, then the document.
func (e *explanation) table(out *terminal.Screen) {
	title := fmt.Sprintf("score %s, mean %s  ", evidence.FormatScore(e.Score), evidence.FormatMean(e.Mean))
	out.Line(terminal.Cut(append(terminal.ASCII(title, terminal.Plain), terminal.Styled(e.Document, terminal.Strong)...), out.Width))
	out.Line(nil)
	evidence.Table(out, e.Matches, "", e.text, false)
	out.Line(nil)
	for _, line := range terminal.Wrap(evidence.Contributions(e.text, e.Matches), out.Width) {
		out.Line(line)
	}
	if e.Truncated {
		out.Line(terminal.Styled("the document goes on; it was cut at the length limit (--max-tokens)", terminal.Faint))
	}
}

// lines prints each match as tab-separated fields.
func (e *explanation) lines(out *terminal.Screen) {
	for _, m := range e.Matches {
		fmt.Fprintf(out, "%s\t%s\t%.4f\t%.4f\t", m.Query.Label(), m.Document.Label(), m.Similarity, m.Share)
		if len(m.Document.Spans) > 0 {
			fmt.Fprintf(out, "%d\t%d\n", m.Document.Spans[0].Start, m.Document.Spans[0].End)
		} else {
			out.WriteString("\t\n")
		}
	}
}
