package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
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
	Skipped    []mirror.Skipped   `json:"skipped"`
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
		LeftOut:    newIndexLeftOut(round),
		Skipped:    append([]mirror.Skipped{}, round.Skipped...),
		Unreadable: round.Unreadable, Seconds: round.Duration.Seconds(), round: round,
	}
	return r, nil
}

// indexLeftOut counts files that are not in the index, or not all of them.
type indexLeftOut struct {
	Unreadable  int            `json:"unreadable"`
	TooLarge    int            `json:"too_large"`
	Encrypted   int            `json:"encrypted"`
	Scanned     int            `json:"scanned"`
	Generated   int            `json:"generated"`
	Partial     int            `json:"partial"`
	Unsupported int            `json:"unsupported"`
	Kinds       map[string]int `json:"kinds"` // of unsupported files, by the end of their names
	Empty       int            `json:"empty"`
	Hidden      int            `json:"hidden"`
	Ignored     int            `json:"ignored"`
	Excluded    int            `json:"excluded"`
	Linked      int            `json:"linked"`
	Outside     int            `json:"linked_outside"`
	Special     int            `json:"special"`
}

func newIndexLeftOut(round *mirror.Report) indexLeftOut {
	l := indexLeftOut{Kinds: map[string]int{}, Hidden: round.Hidden, Ignored: round.Ignored, Excluded: round.Excluded}
	counts := map[mirror.Why]*int{
		mirror.Unreadable: &l.Unreadable, mirror.TooLarge: &l.TooLarge, mirror.Encrypted: &l.Encrypted, mirror.Scanned: &l.Scanned, mirror.Generated: &l.Generated,
		mirror.Partial: &l.Partial, mirror.Unsupported: &l.Unsupported, mirror.Empty: &l.Empty, mirror.Linked: &l.Linked, mirror.Outside: &l.Outside, mirror.Special: &l.Special,
	}
	for _, s := range round.Skipped {
		if n := counts[s.Why]; n != nil { // a later version may know more reasons
			*n++
		}
		if s.Why == mirror.Unsupported {
			l.Kinds[strings.ToLower(filepath.Ext(s.Path))]++
		}
	}
	return l
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
	if f.skipped && !f.json {
		printSkipped(out, r.Skipped)
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
	noteUnmatched(r.round.Unmatched)
	for _, path := range r.round.NotIncluded {
		note("--include leaves nothing of %s: what the index has of it stays; toller rm takes that out", terminal.Clean(path))
	}
	if left := r.LeftOut.String(); left != "" {
		hint := ""
		if len(r.Skipped) > 0 {
			hint = "; --skipped lists them"
		}
		note("left out: %s%s", left, hint)
	}
}

// String lists what was left out, as in "12 of no kind that toller reads (9 .png, 3 .zip), 3 empty".
func (l indexLeftOut) String() string {
	var parts []string
	for _, reason := range []struct {
		n    int
		what string
	}{
		{l.Unreadable, "unreadable"}, {l.TooLarge, "too large"}, {l.Encrypted, "encrypted"}, {l.Scanned, "scanned"}, {l.Generated, "generated"}, {l.Partial, "in part"},
		{l.Unsupported, fmt.Sprintf("of no kind that toller reads (%s)", l.kinds())}, {l.Empty, "empty"},
		{l.Hidden, "hidden"}, {l.Ignored, "ignored"}, {l.Excluded, "excluded"}, {l.Special, "special"},
	} {
		if reason.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", reason.n, reason.what))
		}
	}
	if l.Linked > 0 {
		parts = append(parts, terminal.Count(l.Linked, "linked folder"))
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
