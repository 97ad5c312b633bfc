package mirror

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/toller-search/toller/edge/index"
)

// donors are entries that lose the file or record that they came from, by the
// contents of that: where these are found again under another name, the entry gets
// that name, and keeps its vectors.
type donors map[[12]byte][]storedEntry

func (d donors) add(e storedEntry) { d[e.content] = append(d[e.content], e) }

// settle brings those of the same contents into the order of their keys, so that
// equal folders give equal indexes.
func (d donors) settle() {
	for _, same := range d {
		slices.SortFunc(same, func(a, b storedEntry) int { return strings.Compare(a.key, b.key) })
	}
}

// take takes an entry of these contents that fits out of the donors.
func (d donors) take(content [12]byte, fits func(storedEntry) bool) (storedEntry, bool) {
	same := d[content]
	i := slices.IndexFunc(same, fits)
	if i < 0 {
		return storedEntry{}, false
	}
	found := same[i]
	if d[content] = same[1:]; i > 0 {
		d[content] = slices.Delete(same, i, i+1)
	}
	return found, true
}

// rename finds the files that have only got another name or another time, without
// reading more of them than it takes to tell their contents, and amends their entries.
// It returns the others, which must be read. skipped is what was said of files before
// the round; of those that have another name it is said under that.
//
// An entry may go from a file that has changed to another, too: files that are
// numbered, and all move on by one, are all still there.
func (r *round) rename(ctx context.Context, outdated []sourceFile, skipped map[string]Skipped) (read []sourceFile, err error) {
	if len(r.gone) == 0 && !slices.ContainsFunc(outdated, func(f sourceFile) bool { return f.had() }) {
		return outdated, nil // nothing to compare with, as in the first round
	}
	free := donors{}
	for _, entries := range r.gone {
		if e, ok := entries.whole(); ok {
			free.add(e)
		}
	}
	amended := make([]index.Amendment, 0, len(outdated))
	var changed []*sourceFile
	for i := range outdated {
		f := &outdated[i]
		if f.look(ctx, r.options.Extract); ctx.Err() != nil { // what can't be read is reported later
			return nil, ctx.Err()
		}
		before, whole := f.stored.whole()
		switch {
		case !f.looked || !whole || before.content != f.content:
			if whole && f.looked { // what can't be read stays
				free.add(before)
			}
			changed = append(changed, f)
		case r.rules.hold(before.rules):
			r.report.Unchanged++
			amended = append(amended, f.amendment(before))
		default:
			changed = append(changed, f)
		}
	}
	free.settle()
	owners := make(map[string]*sourceFile, len(changed))
	for _, f := range changed {
		owners[f.key] = f
	}
	moved := map[string]bool{} // files that have got an entry
	said := map[string]Skipped{}
	for _, f := range changed {
		if !f.looked || f.same() {
			continue
		}
		from, ok := free.take(f.content, func(d storedEntry) bool {
			return d.key != f.key && r.rules.hold(d.rules) && strings.EqualFold(filepath.Ext(d.key), filepath.Ext(f.key))
		})
		if !ok {
			continue
		}
		amended = append(amended, f.amendment(from))
		moved[f.key] = true
		said[f.key] = skipped[from.key].at(f.key)
		if owner := owners[from.key]; owner != nil {
			owner.stored = owner.stored.without(from.key)
		}
		r.taken[from.key] = true
	}
	if err := r.skipped.change(ctx, said); err != nil {
		return nil, err
	}
	if _, err := r.index.Amend(ctx, amended); err != nil {
		return nil, err
	}
	var stale []string
	for _, f := range changed {
		if !moved[f.key] {
			read = append(read, *f)
			continue
		}
		r.report.Moved++
		if f.before > 0 {
			r.report.Updated++
		} else {
			r.report.Added++
		}
		for _, e := range f.stored {
			if e.key != f.key { // records of what had the name before
				stale = append(stale, e.key)
			}
		}
		r.forget(f.key)
	}
	return read, r.remove(ctx, stale)
}

// same reports whether the index has the contents of the file under its name.
func (f *sourceFile) same() bool {
	s, ok := f.stored.whole()
	return ok && f.looked && s.content == f.content
}

// amendment has an entry be the one of this file.
func (f *sourceFile) amendment(from storedEntry) index.Amendment {
	s := from.stamp
	s.state, s.device = f.state.mark(), f.state.device
	a := index.Amendment{Key: from.key, Source: f.key, Time: f.state.time(), Hash: s.hash()}
	if from.key != f.key {
		a.Rename = f.key
	}
	return a
}
