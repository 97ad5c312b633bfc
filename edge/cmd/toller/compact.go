package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/index"
)

// compactFlags are the flags of toller compact.
type compactFlags struct {
	*options
	location
}

// compaction is what toller compact prints as JSON.
type compaction struct {
	Index  string `json:"index"`
	Before int64  `json:"bytes_before"`
	After  int64  `json:"bytes_after"`
}

func compactCommand(o *options) *cobra.Command {
	f := &compactFlags{options: o}
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "Make the file of an index as small as it can be",
		Long: `Write the file of an index anew, without the room that removed documents took. It
needs as much free space on the disk as the file has; interrupted, it leaves the
index as it was.`,
		Example: `  toller compact`,
		Args:    arguments(0, 0, "none"),
		RunE:    runs(func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) }),
	}
	f.location.add(cmd)
	return cmd
}

func (f *compactFlags) run(ctx context.Context) (err error) {
	x, err := f.openIndex(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	c := compaction{Index: f.path()}
	if c.Before, err = fileBytes(ctx, x); err != nil {
		return err
	}
	bar := terminal.NewProgress("compacting", !f.noProgress)
	defer bar.Close()
	if err := x.Compact(ctx, bar.Stage); err != nil {
		return err
	}
	bar.Close()
	if c.After, err = fileBytes(ctx, x); err != nil {
		return err
	}
	out := terminal.NewScreen(f.color)
	if f.json {
		return out.WriteJSON(c)
	}
	fmt.Fprintf(out, "%s: %s, was %s\n", terminal.Clean(c.Index), terminal.Megabytes(uint64(c.After)), terminal.Megabytes(uint64(c.Before)))
	return out.Flush()
}

// fileBytes is the size of an index and its log.
func fileBytes(ctx context.Context, x *index.Index) (int64, error) {
	stat, err := x.Stat(ctx)
	return stat.FileBytes + stat.LogBytes, err
}
