package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/toller-search/toller/edge/files"
)

// collect reads documents and says on standard error what can't be read.
func (o *options) collect(ctx context.Context, r *reading, paths []string) (*collection, error) {
	bar := newProgress("reading", !o.noProgress)
	defer bar.close()
	c := &collector{
		format:    r.format,
		textField: r.textField,
		progress:  func(documents int) { bar.update(documents, -1) },
		report: func(u files.Unreadable) {
			bar.close()
			note("%s: %s", clean(u.Name), clean(u.Error))
		},
	}
	return c.collect(ctx, paths)
}

// note says something on standard error.
func note(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "toller: "+format+"\n", values...)
}

// summarize says on standard error what did not become a document, and why.
func (c *collection) summarize() {
	if c.badInputs > 0 {
		note("%d of %s could not be read", c.badInputs, count(c.inputs, "input"))
	}
	if c.badLines > 0 {
		note("%s could not be read", count(c.badLines, "line"))
	}
	if c.leftOut.Unread > 0 {
		note("%s not read: the texts before fill the limit of %d MB", count(c.leftOut.Unread, "input"), maxTotal>>20)
	}
	if c.repaired > 0 {
		note("%s with invalid UTF-8, each bad sequence read as U+FFFD", count(c.repaired, "document"))
	}
	if left := c.leftOut.String(); left != "" {
		note("left out: %s", left)
	}
}

// String lists what was left out, as in "3 hidden, 1 binary".
func (l leftOut) String() string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(l.Hidden, "hidden")
	add(l.Binary, "binary")
	add(l.Empty, "empty")
	add(l.Special, "special")
	if l.Linked > 0 {
		parts = append(parts, count(l.Linked, "linked folder"))
	}
	return strings.Join(parts, ", ")
}

// count is a number with its noun, in the plural where it needs one.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
