// Package manual writes the manual pages of a command line: troff with the man
// macros, one page for each command that isn't hidden, as man(7) describes them.
package manual

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Write writes a page for root and for each command below it into a folder, as
// NAME.1 or NAME-COMMAND.1. date and source stand in the footer of each.
func Write(root *cobra.Command, folder, date, source string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, cmd := range below(root) {
		path := filepath.Join(folder, name(cmd)+".1")
		if err := os.WriteFile(path, []byte(page(root, cmd, date, source)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// below are a command and all that are reached through it.
func below(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() && child.Name() != "help" {
			all = append(all, below(child)...)
		}
	}
	return all
}

func name(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func page(root, cmd *cobra.Command, date, source string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 %s %s\n", quote(strings.ToUpper(name(cmd))), quote(date), quote(source))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escape(name(cmd)), escape(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n%s\n", escape(cmd.UseLine()))
	b.WriteString(".SH DESCRIPTION\n")
	paragraphs(&b, cmd.Long)
	options(&b, "OPTIONS", cmd.NonInheritedFlags())
	options(&b, "OPTIONS OF ALL COMMANDS", cmd.InheritedFlags())
	if cmd.HasAvailableSubCommands() {
		b.WriteString(".SH COMMANDS\n")
		for _, child := range below(cmd)[1:] {
			fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", escape(name(child)), escape(child.Short))
		}
	}
	if cmd.Example != "" {
		b.WriteString(".SH EXAMPLES\n")
		verbatim(&b, cmd.Example)
	}
	if cmd != root {
		fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", escape(name(root)))
	}
	return b.String()
}

// paragraphs writes text in which an empty line ends a paragraph. One with
// indented lines, such as a list or an example, keeps its lines.
func paragraphs(b *strings.Builder, text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(paragraph, " ") || strings.Contains(paragraph, "\n ") {
			verbatim(b, paragraph)
			continue
		}
		fmt.Fprintln(b, escape(paragraph))
	}
}

func verbatim(b *strings.Builder, text string) {
	fmt.Fprintf(b, ".nf\n%s\n.fi\n", escape(strings.Trim(text, "\n")))
}

func options(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", quote(title))
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden || flag.Deprecated != "" {
			return
		}
		kind, usage := pflag.UnquoteUsage(flag)
		names := "\\fB" + escape("--"+flag.Name) + "\\fR"
		if flag.Shorthand != "" {
			names = "\\fB" + escape("-"+flag.Shorthand) + "\\fR, " + names
		}
		if kind != "" {
			names += " \\fI" + escape(kind) + "\\fR"
		}
		fmt.Fprintf(b, ".TP\n%s\n%s\n", names, escape(usage))
	})
}

// escape has troff print text as it is: a backslash or hyphen means something
// else to it anywhere, a full stop or an apostrophe where a line begins.
func escape(text string) string {
	lines := strings.Split(strings.NewReplacer(`\`, `\e`, `-`, `\-`).Replace(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// quote is an argument of a macro, which spaces don't end.
func quote(text string) string { return `"` + strings.ReplaceAll(escape(text), `"`, `\(dq`) + `"` }
