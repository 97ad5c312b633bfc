package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/files/formats"
)

// collect reads documents and says on standard error what can't be read.
func (o *options) collect(ctx context.Context, r *reading, paths []string) (*files.Collection, error) {
	bar := terminal.NewProgress("reading", !o.noProgress)
	defer bar.Close()
	reading := files.Options{
		List:      r.listing.options(),
		TextField: r.textField,
		Readers:   formats.Readers(),
		Progress:  func(documents int) { bar.Update(documents, -1) },
		Unreadable: func(u files.Unreadable) {
			bar.Close()
			note("%s: %s", terminal.Clean(u.Name), terminal.Clean(u.Error))
		},
	}
	if r.format != formatAuto {
		reading.Format = r.format
	}
	return files.Read(ctx, paths, reading)
}

// note says something on standard error.
func note(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "toller: "+format+"\n", values...)
}

// summarize says on standard error what did not become a document, and why.
func summarize(c *files.Collection) {
	if c.BadInputs > 0 {
		note("%d of %s could not be read", c.BadInputs, terminal.Count(c.Inputs, "input"))
	}
	if c.BadRecords > 0 {
		note("%s could not be read", terminal.Count(c.BadRecords, "record"))
	}
	if c.LeftOut.Unread > 0 {
		note("%s not read: the texts before fill the limit of %d MB", terminal.Count(c.LeftOut.Unread, "input"), files.Limit>>20)
	}
	if c.Repaired > 0 {
		note("%s with characters that can't be read, each now U+FFFD", terminal.Count(c.Repaired, "document"))
	}
	noteUnmatched(c.Unmatched)
	if left := leftOut(c.LeftOut); left != "" {
		note("left out: %s", left)
	}
}

// noteUnmatched says which patterns of --include and --exclude had no effect.
func noteUnmatched(patterns []string) {
	for _, p := range patterns {
		note("the pattern %q matches nothing", p)
	}
}

// leftOut lists what was left out, as in "3 hidden, 1 binary".
func leftOut(l files.LeftOut) string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(l.Hidden, "hidden")
	add(l.Ignored, "ignored")
	add(l.Excluded, "excluded")
	add(l.Binary, "binary")
	add(l.Empty, "empty")
	add(l.Special, "special")
	if l.Linked > 0 {
		parts = append(parts, terminal.Count(l.Linked, "linked folder"))
	}
	return strings.Join(parts, ", ")
}
