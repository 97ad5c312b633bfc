package main

import (
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/manual"
)

// manualCommand is for those who package toller.
func manualCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "manual DIR",
		Short:  "Write manual pages",
		Long:   `Write the manual pages of toller and of its commands into a folder.`,
		Hidden: true,
		Args:   arguments(1, 1, "one folder"),
		RunE: runs(func(cmd *cobra.Command, args []string) error {
			return manual.Write(cmd.Root(), args[0], commitDate(), "toller")
		}),
	}
}

// commitDate is the day of the commit that this binary was built from, if that is
// known: a date that doesn't depend on when it was built.
func commitDate() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range build.Settings {
		if setting.Key == "vcs.time" {
			if t, err := time.Parse(time.RFC3339, setting.Value); err == nil {
				return t.UTC().Format(time.DateOnly)
			}
		}
	}
	return ""
}
