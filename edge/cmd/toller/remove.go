package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/mirror"
)

// removeFlags are the flags of toller rm.
type removeFlags struct {
	*options
	location
}

// removal is what toller rm prints as JSON.
type removal struct {
	Index   string   `json:"index"`
	Removed int      `json:"removed"` // documents
	Keys    []string `json:"keys"`
	Unknown []string `json:"unknown"` // arguments that name nothing in the index
}

func removeCommand(o *options) *cobra.Command {
	f := &removeFlags{options: o}
	cmd := &cobra.Command{
		Use:   "rm (KEY | PATH)...",
		Short: "Take files out of an index",
		Long: `Take documents out of an index: those with a KEY, as toller search prints it, and
those of a file or of everything below a folder. The files themselves stay, and
toller index reads them again if it finds them.

What is in the index under none of the names is reported, and makes the exit
code 1; the rest is removed all the same.`,
		Example: `  toller rm notes/old
  toller rm ~/abstracts.jsonl#12`,
		Args: arguments(1, anyNumber, "KEY or PATH"),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args) }),
	}
	f.location.add(cmd)
	return cmd
}

func (f *removeFlags) run(ctx context.Context, names []string) (err error) {
	x, err := f.openIndex(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	removed, err := mirror.Remove(ctx, x, names...)
	if err != nil {
		return err
	}
	r := removal{x.Path(), removed.Removed, removed.Keys, removed.Unknown}
	out := terminal.NewScreen(f.color)
	if f.json {
		err = out.WriteJSON(r)
	} else {
		fmt.Fprintf(out, "%s removed\n", terminal.Count(r.Removed, "document"))
		err = out.Flush()
	}
	if err == nil && len(r.Unknown) > 0 {
		for _, name := range r.Unknown {
			note("%s: nothing of that name is in the index", terminal.Clean(name))
		}
		err = nothing{fmt.Errorf("%d of %s not found", len(r.Unknown), terminal.Count(len(names), "name"))}
	}
	return err
}
