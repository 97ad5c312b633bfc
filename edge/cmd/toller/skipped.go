package main

import (
	"fmt"
	"strings"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/mirror"
)

// printSkipped lists skipped files, one on a line, its fields separated by tabs.
func printSkipped(out *terminal.Screen, all []mirror.Skipped) {
	for _, s := range all {
		fmt.Fprintf(out, "%s\t%s\t%s\n", s.Why, terminal.Clean(s.Path), terminal.Clean(s.Reason))
	}
}

// whyOrder is the order in which reasons are told.
var whyOrder = []mirror.Why{
	mirror.Unreadable, mirror.TooLarge, mirror.Encrypted, mirror.Scanned, mirror.Generated, mirror.Partial,
	mirror.Unsupported, mirror.Empty, mirror.Linked, mirror.Outside, mirror.Special,
}

// countSkipped counts reasons.
func countSkipped(all []mirror.Skipped) map[mirror.Why]int {
	counts := map[mirror.Why]int{}
	for _, s := range all {
		counts[s.Why]++
	}
	return counts
}

// describeSkipped lists counts, as in "2 encrypted, 1 empty".
func describeSkipped(counts map[mirror.Why]int) string {
	var parts []string
	for _, why := range whyOrder {
		if n := counts[why]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, why))
		}
	}
	return strings.Join(parts, ", ")
}
