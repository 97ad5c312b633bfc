package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/newfile"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/eval"
	"github.com/toller-search/toller/edge/eval/hidden"
	"github.com/toller-search/toller/edge/eval/measure"
)

// hiddenFlags are the flags of toller eval passkey and needle.
type hiddenFlags struct {
	*options
	reading
	lengths   []int
	seed      uint64
	rankings  []string
	maxTokens int
	write     string
	haystack  string // of needle
}

// hiddenReport is what they print as JSON.
type hiddenReport struct {
	Model   string         `json:"model"`
	Task    string         `json:"task"`
	Lengths []hiddenLength `json:"lengths"`
	ranks   []eval.Ranking
}

// hiddenLength is the share of right answers at one length of the documents.
type hiddenLength struct {
	Tokens   int                      `json:"tokens"`
	Cut      int                      `json:"cut"` // documents that were, in the ranking full
	Accuracy map[eval.Ranking]float64 `json:"accuracy"`
}

const (
	// shortestDocument has room for what is hidden in it, and for a sentence beside.
	shortestDocument = 64
	// longestDocument is the most tokens that edge.MaxTokens takes.
	longestDocument = 1 << 20
)

// hiddenLengths are those of LongEmbed.
var hiddenLengths = []int{256, 512, 1024, 2048, 4096, 8192, 16384, 32768}

func evalPasskeyCommand(o *options) *cobra.Command {
	f := &hiddenFlags{options: o}
	cmd := &cobra.Command{
		Use:   "passkey",
		Short: "Measure whether a sentence in a long document is found, by length",
		Long: `Measure whether a sentence in a long document is found, by the documents' length.

Of each length, 100 documents are made that hide a person's pass key somewhere in
sentences that repeat, and 50 queries ask for one. Shown is how many find the right
document first: bm25 by words alone, full with each document encoded whole, as far as
the model goes (or --max-tokens), and search with an index, which cuts documents into
passages. After the task in LongEmbed (arXiv 2404.12096).`,
		Example: `  toller eval passkey
  toller eval passkey --lengths 512,2048 --write collections/`,
		Args: arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), "passkey", func(r *rand.Rand, tokens int, count func(string) int) (*hidden.Collection, error) {
				return hidden.Passkey(r, tokens, count), nil
			})
		}),
	}
	f.add(cmd)
	return cmd
}

func evalNeedleCommand(o *options) *cobra.Command {
	f := &hiddenFlags{options: o}
	cmd := &cobra.Command{
		Use:   "needle --haystack PATH",
		Short: "Measure whether a fact in running text is found, by length",
		Long: `Measure whether a fact in running text is found, by the documents' length.

Of each length, 100 documents are made of parts of the haystack, which is a file or a
folder with running text of any kind that toller reads; 50 of them have a fact put in
somewhere, and a query asks for each in other words. Shown is how many find the right
document first, as toller eval passkey does.`,
		Example: `  toller eval needle --haystack books/walden.txt --lengths 1024,8192`,
		Args:    arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error {
			if f.haystack == "" {
				return usage("--haystack is missing, expected a file or folder with running text")
			}
			return f.needle(cmd.Context())
		}),
	}
	f.add(cmd)
	f.reading.add(cmd)
	cmd.Flags().StringVar(&f.haystack, "haystack", "", "file or folder with running text")
	return cmd
}

func (f *hiddenFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntSliceVar(&f.lengths, "lengths", hiddenLengths, "lengths of documents, in tokens of the model")
	flags.Uint64Var(&f.seed, "seed", 1, "what the texts are drawn from")
	flags.StringSliceVar(&f.rankings, "rank", []string{"bm25", "full", "search"}, "rankings to measure: bm25, full, search")
	flags.IntVar(&f.maxTokens, "max-tokens", 0, "tokens at which full cuts a document (default: the model's)")
	flags.StringVar(&f.write, "write", "", "keep the collections in this folder, one for each length, in BEIR's layout")
	completes(cmd, "rank", []string{"bm25", "full", "search"})
}

func (f *hiddenFlags) needle(ctx context.Context) error {
	if err := f.reading.check(); err != nil {
		return err
	}
	found, err := f.collect(ctx, &f.reading, []string{f.haystack})
	if err != nil {
		return err
	}
	var texts []string
	for _, d := range found.Documents {
		texts = append(texts, d.Text)
	}
	haystack := strings.Join(texts, "\n")
	return f.run(ctx, "needle", func(r *rand.Rand, tokens int, count func(string) int) (*hidden.Collection, error) {
		return hidden.Needle(r, tokens, count, haystack)
	})
}

func (f *hiddenFlags) run(ctx context.Context, task string, make func(*rand.Rand, int, func(string) int) (*hidden.Collection, error)) (err error) {
	o, err := f.settings()
	if err != nil {
		return err
	}
	model, err := f.open()
	if err != nil {
		return err
	}
	defer model.Close()
	temporary, remove, err := newfile.TemporaryFolder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	o.Folder = temporary
	dir := cmp.Or(f.write, temporary)
	count := func(text string) int { return model.CountTokens(text, longestDocument) }
	report := &hiddenReport{Model: model.Info().Name, Task: task, ranks: o.Rankings}
	for _, tokens := range f.lengths {
		collection, err := make(rand.New(rand.NewPCG(f.seed, uint64(tokens))), tokens, count)
		if err != nil {
			return err
		}
		set, err := collection.Write(filepath.Join(dir, fmt.Sprintf("%s-%d", task, tokens)))
		if err != nil {
			return err
		}
		bar := terminal.NewProgress(fmt.Sprintf("%s tokens", terminal.Grouped(tokens)), !f.noProgress)
		o.Progress = bar.Stage
		e, err := eval.Evaluate(ctx, model, set, o)
		bar.Close()
		if err != nil {
			return err
		}
		report.add(tokens, e)
	}
	out := terminal.NewScreen(f.color)
	if f.json {
		return out.WriteJSON(report)
	}
	report.print(out)
	return out.Flush()
}

func (f *hiddenFlags) settings() (eval.Options, error) {
	o := eval.Options{MaxTokens: f.maxTokens}
	if f.maxTokens < 0 {
		return o, usage("--max-tokens is %d, expected 0 or more", f.maxTokens)
	}
	if len(f.lengths) == 0 {
		return o, usage("--lengths is empty, expected numbers of tokens")
	}
	for _, n := range f.lengths {
		if n < shortestDocument || n > longestDocument {
			return o, usage("--lengths has %d, expected %d to %d", n, shortestDocument, longestDocument)
		}
	}
	for _, name := range f.rankings {
		if err := oneOf("rank", name, []string{"bm25", "full", "search"}); err != nil {
			return o, err
		}
		o.Rankings = append(o.Rankings, eval.Ranking(name))
	}
	return o, nil
}

func (r *hiddenReport) add(tokens int, e *eval.Evaluation) {
	first, err := measure.Parse("Success@1")
	if err != nil {
		panic(err) // it is a measure
	}
	row := hiddenLength{Tokens: tokens, Cut: e.Cost.Truncated, Accuracy: make(map[eval.Ranking]float64)}
	for ranking, run := range e.Runs {
		row.Accuracy[ranking] = mean(e.Values(run, first))
	}
	r.Lengths = append(r.Lengths, row)
}

func (r *hiddenReport) print(out *terminal.Screen) {
	fmt.Fprintf(out, "%s, right answers in %%, %s\n\n%8s", r.Task, terminal.Clean(r.Model), "tokens")
	for _, ranking := range r.ranks {
		fmt.Fprintf(out, "  %6s", ranking)
	}
	fmt.Fprintf(out, "  %8s\n", "cut")
	for _, row := range r.Lengths {
		fmt.Fprintf(out, "%8s", strconv.Itoa(row.Tokens))
		for _, ranking := range r.ranks {
			fmt.Fprintf(out, "  %6.0f", 100*row.Accuracy[ranking])
		}
		fmt.Fprintf(out, "  %8d\n", row.Cut)
	}
}
