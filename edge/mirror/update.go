package mirror

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/toller-search/toller/edge/index"
)

// Files are handed to the index in batches, as soon as one has this many entries or
// bytes of text and metadata. While one is encoded the next is read. A file with more
// records than that comes in parts.
const (
	batchEntries = 1024
	batchSize    = 4 << 20
)

// round is one round of a mirror.
type round struct {
	*Mirror
	report    *Report
	rules     ruleSet
	gone      map[string]storedFile // what the index has of files that vanished
	records   donors                // records of these
	taken     map[string]bool       // keys of entries of these that others have now
	glances   map[string]glance
	forgotten map[string]string // notes of glances that hold no more
	skipped   *rejects
	progress  Progress // but for the batch under way
}

// forget removes the glance at a file, if there is one.
func (r *round) forget(file string) {
	if _, ok := r.glances[file]; ok {
		r.forgotten[glancePrefix+file] = ""
	}
}

// removeGone removes what the index has of files that vanished, but records where
// others may still be made of them.
func (r *round) removeGone(ctx context.Context, reading bool) error {
	var keys []string
	r.records = donors{}
	for file, entries := range r.gone {
		left := entries[:0:0]
		for _, e := range entries {
			switch {
			case r.taken[e.key]:
			case reading && e.records > 0:
				r.records.add(e)
				left = append(left, e)
			default:
				keys = append(keys, e.key)
			}
		}
		r.gone[file] = left
	}
	r.records.settle()
	return r.remove(ctx, keys)
}

// update reads files and stores what is in them.
func (r *round) update(ctx context.Context, outdated []sourceFile) error {
	r.progress.Total = len(outdated)
	ctx, stop := context.WithCancel(ctx)
	batches := make(chan []readFile)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(batches)
		r.readBatches(ctx, outdated, batches)
	})
	defer reading.Wait()
	defer stop()
	for batch := range batches {
		if err := r.store(ctx, batch); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.index.SetNotes(ctx, r.forgotten)
}

func (r *round) tell(stored, passages int) {
	if r.options.Progress != nil {
		p := r.progress
		r.options.Progress(Progress{p.Documents + stored, p.Total, p.Passages + passages})
	}
}

// store stores the entries of a batch and counts its files.
func (r *round) store(ctx context.Context, batch []readFile) error {
	var entries []index.Entry
	var amended []index.Amendment
	var stale []string
	notes := map[string]string{}
	skipped := map[string]Skipped{}
	for i := range batch {
		f := &batch[i]
		entries = append(entries, f.entries...)
		amended = append(amended, f.amended...)
		stale = append(stale, f.stale...)
		if r.progress.Total += len(f.entries); !f.more {
			r.progress.Total--
			skipped[f.key] = f.skipped()
			if g, ok := newGlance(f, r.rules); ok {
				notes[glancePrefix+f.key] = g.note()
			} else {
				r.forget(f.key)
			}
		}
	}
	r.tell(0, 0)
	// First, because of a file that is stored nothing would be said any more.
	if err := r.skipped.change(ctx, skipped); err != nil {
		return err
	}
	if _, err := r.index.Amend(ctx, amended); err != nil {
		return err
	}
	if len(entries) > 0 {
		var last index.WriteProgress
		err := r.index.Put(ctx, entries, index.Progress(func(p index.WriteProgress) {
			last = p
			r.tell(p.Stored, p.Passages)
		}))
		if err != nil {
			return err
		}
		r.progress.Passages += last.Passages
	}
	r.progress.Documents += len(entries)
	if err := r.remove(ctx, stale); err != nil {
		return err
	}
	if err := r.index.SetNotes(ctx, notes); err != nil {
		return err
	}
	for i := range batch {
		if f := &batch[i]; !f.more {
			r.count(f)
		}
	}
	return nil
}

// count counts a file in the report.
func (r *round) count(f *readFile) {
	report := r.report
	for _, err := range f.missing {
		r.fail(report, f.path, err)
	}
	if f.reread {
		report.Reread++
	}
	switch {
	case f.failed:
		report.Failed++
		return
	case f.unsupported:
		report.Unsupported[kindOf(f.path)]++
	case f.empty:
		report.Empty++
	}
	if len(f.missing) > 0 {
		report.Partial++
	}
	renamed := slices.ContainsFunc(f.amended, func(a index.Amendment) bool { return a.Rename != "" })
	switch {
	case !f.had() && f.encoded+len(f.amended) > 0:
		report.Added++
		if f.encoded == 0 {
			report.Moved++
		}
	case f.had() && f.before == len(f.stale) && f.encoded+len(f.amended) == 0:
		report.Removed++
	case f.encoded+len(f.stale) > 0 || renamed || f.revised:
		report.Updated++
	case f.had():
		report.Unchanged++
	}
}

// kindOf is what a file's name says about its kind: the end of the name.
func kindOf(path string) string { return strings.ToLower(filepath.Ext(path)) }
