package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/index"
)

// checkFlags are the flags of toller check.
type checkFlags struct {
	*options
	location
}

// checkReport is what toller check prints as JSON.
type checkReport struct {
	Index     string   `json:"index"`
	Clean     bool     `json:"clean"`
	Documents int64    `json:"documents"`
	Passages  int64    `json:"passages"`
	Tokens    int64    `json:"tokens"`
	Problems  []string `json:"problems"`
}

func checkCommand(o *options) *cobra.Command {
	f := &checkFlags{options: o}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check that an index is undamaged",
		Long: `Read an index from one end to the other and check all that can be checked: the
database itself, texts, passages and vectors, the candidate index, the full text.
It changes nothing. Each problem is a line of the output; with any, the exit code
is 1.`,
		Example: `  toller check
  toller check --index notes.db`,
		Args: arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) }),
	}
	f.location.add(cmd)
	return cmd
}

func (f *checkFlags) run(ctx context.Context) (err error) {
	x, err := f.openIndex(ctx, index.ReadOnly())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	bar := terminal.NewProgress("checking", !f.noProgress)
	defer bar.Close()
	found, err := x.Check(ctx, bar.Stage)
	if err != nil {
		return err
	}
	bar.Close()
	r := checkReport{f.path(), found.Clean(), found.Documents, found.Passages, found.Tokens, found.Problems}
	if r.Problems == nil {
		r.Problems = []string{}
	}
	if err := r.print(terminal.NewScreen(f.color), f.json); err != nil {
		return err
	}
	if !r.Clean {
		return nothing{fmt.Errorf("%s: found %s", r.Index, terminal.Count(len(r.Problems), "problem"))}
	}
	return nil
}

func (r checkReport) print(out *terminal.Screen, json bool) error {
	if json {
		return out.WriteJSON(r)
	}
	for _, p := range r.Problems {
		fmt.Fprintln(out, terminal.Clean(p))
	}
	if r.Clean {
		fmt.Fprintf(out, "%s: %s, %s and %s, no problem found\n", terminal.Clean(r.Index),
			terminal.Count(int(r.Documents), "document"), terminal.Count(int(r.Passages), "passage"), terminal.Count(int(r.Tokens), "vector"))
	}
	return out.Flush()
}
