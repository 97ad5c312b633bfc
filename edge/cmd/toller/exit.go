package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

const (
	exitOK          = 0
	exitNothing     = 1 // as grep's: the work was done, and the answer is no
	exitFailure     = 2
	exitUsage       = 2
	exitInterrupted = 128 + 2  // SIGINT
	exitTerminated  = 128 + 15 // SIGTERM
)

// failure is an error of a command that was understood and begun. Everything
// else, such as what cobra says of an unknown flag, is a fault of the command
// line.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// nothing is an answer rather than a failure: nothing was found, or what was checked is
// not as it should be.
type nothing struct{ error }

// usageError is a fault of the command line that only the command itself can
// see.
type usageError struct{ error }

func usage(format string, values ...any) error { return usageError{fmt.Errorf(format, values...)} }

// arguments has a command take between least and most arguments; names says
// what they are.
func arguments(least, most int, names string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage("found %s, expected %s", terminal.Count(len(args), "argument"), names)
		case most >= 0 && len(args) > most:
			return usage("found %q after the last argument, expected %s", args[most], names)
		}
		return nil
	}
}

// anyNumber is the most arguments of a command that has no limit.
const anyNumber = -1

// runs adapts the body of a command to cobra and marks its errors as failures.
func runs(body func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := body(cmd, args)
		if err == nil || errors.As(err, new(usageError)) {
			return err
		}
		return failure{err}
	}
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, new(nothing)):
		return exitNothing
	case errors.As(err, new(failure)):
		return exitFailure
	default:
		return exitUsage
	}
}

// explainError is what standard error says about an error of a command.
func explainError(cmd *cobra.Command, err error) string {
	if errors.As(err, new(failure)) {
		return fmt.Sprintf("toller: %v", err)
	}
	return fmt.Sprintf("toller: %v\nSee '%s --help'.", err, cmd.CommandPath())
}
