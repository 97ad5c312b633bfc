package mirror

import (
	"context"
	"path/filepath"
	"strings"
	"sync"

	"github.com/toller-search/toller/edge/index"
)

// Files are handed to the index in batches, each of whole files and as soon as
// it has this many entries or bytes of text. While one is encoded the next is
// read.
const (
	batchEntries = 1024
	batchText    = 4 << 20
)

// update reads files and stores what is in them.
func (m *Mirror) update(ctx context.Context, r *Report, outdated []sourceFile, skipped *rejects) error {
	u := &update{Mirror: m, report: r, skipped: skipped, progress: Progress{Total: len(outdated)}}

	ctx, stop := context.WithCancel(ctx)
	batches := make(chan []readFile)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(batches)
		readBatches(ctx, outdated, m.options.Extract, batches)
	})
	defer reading.Wait()
	defer stop()
	for batch := range batches {
		if err := u.store(ctx, batch); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// update is the storing of what was read, in one round.
type update struct {
	*Mirror
	report   *Report
	skipped  *rejects
	progress Progress // but for the batch under way
}

func (u *update) tell(stored, passages int) {
	if u.options.Progress != nil {
		p := u.progress
		u.options.Progress(Progress{p.Documents + stored, p.Total, p.Passages + passages})
	}
}

// store stores the entries of a batch and counts its files.
func (u *update) store(ctx context.Context, batch []readFile) error {
	var entries []index.Entry
	var stale []string
	skipped := map[string]Skipped{}
	for _, f := range batch {
		if !f.same {
			skipped[f.key] = f.skipped()
		}
		entries = append(entries, f.entries...)
		stale = append(stale, f.stale...)
		u.progress.Total += len(f.entries) - 1
	}
	u.tell(0, 0)
	// First, because of a file that is stored nothing would be said any more.
	if err := u.skipped.change(ctx, skipped); err != nil {
		return err
	}
	if len(entries) > 0 {
		var last index.WriteProgress
		err := u.index.Put(ctx, entries, index.Progress(func(p index.WriteProgress) {
			last = p
			u.tell(p.Stored, p.Passages)
		}))
		if err != nil {
			return err
		}
		u.progress.Passages += last.Passages
	}
	u.progress.Documents += len(entries)
	if err := u.remove(ctx, stale); err != nil {
		return err
	}
	for _, f := range batch {
		u.count(f)
	}
	return nil
}

// count counts a file in the report.
func (u *update) count(f readFile) {
	r := u.report
	for _, err := range f.missing {
		u.fail(r, f.path, err)
	}
	switch {
	case f.failed:
		r.Failed++
		u.tried[f.key] = failedFile{f.state, f.missing}
		return
	case f.unsupported:
		r.Unsupported[kindOf(f.path)]++
	case f.empty:
		r.Empty++
	}
	if len(f.missing) > 0 {
		r.Partial++
	}
	switch {
	case len(f.stored) == 0 && len(f.entries) > 0:
		r.Added++
	case len(f.stored) > 0 && len(f.stale) == len(f.stored) && len(f.entries) == 0:
		r.Removed++
	case len(f.entries)+len(f.stale) > 0:
		r.Updated++
	case len(f.stored) > 0:
		r.Unchanged++
	}
}

// kindOf is what a file's name says about its kind: the end of the name.
func kindOf(path string) string { return strings.ToLower(filepath.Ext(path)) }
