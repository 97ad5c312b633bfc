package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/mirror"
)

// indexReport is what toller index prints as JSON.
type indexReport struct {
	Index      string             `json:"index"`
	Model      string             `json:"model"`
	Files      int                `json:"files"` // found under the paths
	Added      int                `json:"added"` // of them
	Updated    int                `json:"updated"`
	Unchanged  int                `json:"unchanged"`
	Removed    int                `json:"removed"` // vanished since they were indexed, or left out now
	Moved      int                `json:"moved"`   // of those added and updated, renamed and not encoded anew
	Reread     int                `json:"reread"`  // by other options than before
	Linked     int                `json:"linked"`  // further names of files
	Kept       []mirror.Kept      `json:"kept"`    // not there, and in the index all the same
	Documents  int64              `json:"documents"`
	Passages   int64              `json:"passages"`
	Bytes      int64              `json:"bytes"`
	LeftOut    indexLeftOut       `json:"left_out"`
	Unreadable []files.Unreadable `json:"unreadable"`
	Seconds    float64            `json:"seconds"`

	round *mirror.Report
}

func newIndexReport(ctx context.Context, x *index.Index, model *edge.Model, round *mirror.Report) (*indexReport, error) {
	stat, err := x.Stat(ctx)
	if err != nil {
		return nil, err
	}
	if stat.Trouble != nil {
		note("training the index failed, and is tried again with the next change: %v", stat.Trouble)
	}
	r := &indexReport{
		Index: x.Path(), Model: model.Info().Name,
		Files: round.Files, Added: round.Added, Updated: round.Updated, Unchanged: round.Unchanged, Removed: round.Removed,
		Moved: round.Moved, Reread: round.Reread, Linked: round.Linked, Kept: round.Kept,
		Documents: stat.Documents, Passages: stat.Passages, Bytes: stat.FileBytes + stat.LogBytes,
		LeftOut:    indexLeftOut{Empty: round.Empty, Kinds: round.Unsupported},
		Unreadable: round.Unreadable, Seconds: round.Duration.Seconds(), round: round,
	}
	for _, n := range round.Unsupported {
		r.LeftOut.Unsupported += n
	}
	return r, nil
}

// indexLeftOut counts files in which there is nothing to index.
type indexLeftOut struct {
	Empty       int            `json:"empty"`
	Unsupported int            `json:"unsupported"`
	Kinds       map[string]int `json:"kinds"` // of unsupported files, by the end of their names
}

func (f *indexFlags) print(r *indexReport) error {
	r.summarize()
	out := terminal.NewScreen(f.color)
	switch {
	case f.json && f.watch:
		if err := out.WriteJSONLine(r); err != nil {
			return err
		}
	case f.json:
		return out.WriteJSON(r)
	case f.watch:
		fmt.Fprintf(out, "%s  %s\n", time.Now().Format(time.TimeOnly), r.line())
	default:
		fmt.Fprintln(out, r.line())
	}
	return out.Flush()
}

// line says what a round did, as in "12 files: 10 added, 2 unchanged; ...".
func (r *indexReport) line() string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{r.Added, "added"}, {r.Updated, "updated"}, {r.Removed, "removed"}, {r.Unchanged, "unchanged"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing to index"}
	}
	if r.Moved > 0 {
		parts[len(parts)-1] += fmt.Sprintf(" (%d moved)", r.Moved)
	}
	return fmt.Sprintf("%s: %s in %s; the index has %s in %s, %s", terminal.Count(r.Files, "file"), strings.Join(parts, ", "),
		duration(r.Seconds), terminal.Count(int(r.Documents), "document"), terminal.Count(int(r.Passages), "passage"), terminal.Megabytes(uint64(r.Bytes)))
}

// summarize says on standard error what did not get into the index, and why.
func (r *indexReport) summarize() {
	if r.round.Unfollowed > 0 {
		note("changes in %s can't be followed: %v", terminal.Count(r.round.Unfollowed, "folder"), r.round.WhyUnfollowed)
	}
	for _, k := range r.Kept {
		note("%s %s; the index keeps %s that it had of it, until --prune says otherwise", terminal.Clean(k.Folder), k.Why, terminal.Count(k.Files, "file"))
	}
	if r.Reread > 0 {
		note("%s read again, which had not changed, because of other options", terminal.Count(r.Reread, "file"))
	}
	if r.Linked > 0 {
		note("%s left out: links to files that are read already", terminal.Count(r.Linked, "name"))
	}
	if r.round.Failed > 0 {
		note("%d of %s could not be read", r.round.Failed, terminal.Count(r.Files, "file"))
	}
	if r.round.Partial > 0 {
		note("%s could not be read to the end, or not all of the records", terminal.Count(r.round.Partial, "file"))
	}
	if left := r.LeftOut.String(); left != "" {
		note("left out: %s", left)
	}
}

// String lists what was left out, as in "3 empty, 12 of unknown kind (9 .png, 3 .zip)".
func (l indexLeftOut) String() string {
	var parts []string
	if l.Empty > 0 {
		parts = append(parts, fmt.Sprintf("%d empty", l.Empty))
	}
	if l.Unsupported > 0 {
		parts = append(parts, fmt.Sprintf("%d of no kind that toller reads (%s)", l.Unsupported, l.kinds()))
	}
	return strings.Join(parts, ", ")
}

// manyKinds is how many kinds of files are named.
const manyKinds = 6

// kinds lists the most frequent kinds.
func (l indexLeftOut) kinds() string {
	kinds := slices.SortedFunc(maps.Keys(l.Kinds), func(a, b string) int {
		if l.Kinds[a] != l.Kinds[b] {
			return l.Kinds[b] - l.Kinds[a]
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for i, kind := range kinds {
		if i == manyKinds {
			parts = append(parts, "…")
			break
		}
		name := kind
		if name == "" {
			name = "without an ending"
		}
		parts = append(parts, fmt.Sprintf("%d %s", l.Kinds[kind], terminal.Clean(name)))
	}
	return strings.Join(parts, ", ")
}

// duration is a time as people say it.
func duration(seconds float64) string {
	switch {
	case seconds < 1:
		return fmt.Sprintf("%.2f s", seconds)
	case seconds < 60:
		return fmt.Sprintf("%.1f s", seconds)
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}
