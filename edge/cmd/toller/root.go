package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/files"
)

// options are the flags that every command has.
type options struct {
	model      string
	threads    int
	json       bool
	color      string
	noProgress bool
}

func newRoot() *cobra.Command {
	o := new(options)
	root := &cobra.Command{
		Use:   "toller",
		Short: "Rank and search text by meaning, on this machine",
		Long: `Rank and search text by meaning, on this machine, with a late-interaction model.

Every word of the query is matched with the word of a document that is most
like it in its context; the sum of these similarities is the score.

Nothing leaves the machine unless it is asked to: pull fetches from a hub, push and
--engine speak to an engine at an address, and serve and mcp --listen answer those
who may reach them. No other command opens a connection.

Exit codes are grep's: 0 if all is well and something was found, 1 if nothing was
found or what was checked is not as it should be, 2 for an error, of the command line
or any other. Ctrl-C makes it 130. Files that can't be read are named and counted, and
are an error only where nothing else could be read.`,
		Example: `  toller rank "what slows bone loss?" notes/
  git log --format=%s | toller rank "fixes a data race" -k 5
  toller explain "what slows bone loss?" notes/calcium.txt
  toller index notes/
  toller search "what slows bone loss?"`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: o.check,
	}
	root.SetVersionTemplate("toller {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true

	flags := root.PersistentFlags()
	flags.StringVar(&o.model, "model", "", "checkpoint folder, packed file or id of a pulled model;\n\"builtin\" is the embedded one (default $TOLLER_MODEL, else builtin)")
	flags.IntVar(&o.threads, "threads", 0, "threads to compute with (default: all processors)")
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.StringVar(&o.color, "color", terminal.ColorAuto, "color the output: auto, always or never")
	flags.BoolVar(&o.noProgress, "no-progress", false, "show no progress bar")
	completes(root, "color", terminal.ColorModes)

	root.AddCommand(
		rankCommand(o), explainCommand(o), encodeCommand(o), infoCommand(o), packCommand(o), selftestCommand(o), benchCommand(o),
		pullCommand(o), modelsCommand(o),
		indexCommand(o), searchCommand(o), statusCommand(o), removeCommand(o), checkCommand(o), compactCommand(o),
		exportCommand(o), importCommand(o), pushCommand(o), evalCommand(o),
		serveCommand(o), mcpCommand(o),
	)
	root.AddCommand(manualCommand())
	checkHelpTopics(root)
	return root
}

// checkHelpTopics makes an error of "toller help" with the name of no command,
// where cobra prints a hint and succeeds.
func checkHelpTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" {
			cmd.Args = func(_ *cobra.Command, args []string) error {
				_, rest, err := root.Find(args)
				if err == nil && len(rest) > 0 {
					err = usage("there is no command %q", strings.Join(args, " "))
				}
				return err
			}
		}
	}
}

// check looks at the values of the common flags.
func (o *options) check(*cobra.Command, []string) error {
	if o.threads < 0 {
		return usage("--threads is %d, expected 0 or more", o.threads)
	}
	return oneOf("color", o.color, terminal.ColorModes)
}

func oneOf(flag, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return usage("--%s is %q, expected one of: %s", flag, value, strings.Join(allowed, ", "))
}

// completes has the shell complete the values of a flag.
func completes(cmd *cobra.Command, flag string, values []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // there is no such flag: a slip in this file
	}
}

// inputs returns the paths to read: those given, or standard input if
// something is piped into it.
func inputs(paths []string) ([]string, error) {
	if len(paths) > 0 {
		return paths, nil
	}
	if terminal.IsTerminal(os.Stdin) {
		return nil, usage("nothing to read: name files or folders, or pipe text into standard input")
	}
	return []string{files.Stdin}, nil
}

// checkText refuses a text of the command line that can't mean anything.
func checkText(what, text string) error {
	if strings.TrimSpace(text) == "" {
		return usage("the %s is empty", what)
	}
	return checkUTF8(what, text)
}

func checkUTF8(what, text string) error {
	if !utf8.ValidString(text) {
		return usage("the %s is not valid UTF-8: %q", what, text)
	}
	return nil
}

// version tells what this binary was built from.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := build.Main.Version
	if version == "" {
		version = "(devel)"
	}
	return fmt.Sprintf("%s (%s, %s/%s)", version, build.GoVersion, runtime.GOOS, runtime.GOARCH)
}

// noDocuments is for a command that found nothing to work on: a failure only if nothing
// could be read.
func noDocuments(c *files.Collection) error {
	err := errors.New("found no text to work on")
	if c.BadInputs > 0 && c.BadInputs == c.Inputs {
		return err
	}
	return nothing{err}
}
