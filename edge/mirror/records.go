package mirror

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/index"
)

// findings are the documents of a file: what tells them from those of the index,
// and their entries as long as they are not many. Of many, those that are wanted are
// read a second time once that is known.
type findings struct {
	found   []finding
	format  string        // of the first
	entries []index.Entry // of those found; nil if they are many
	size    int           // bytes of what they hold
	many    bool
}

// finding is what tells a document from others of the file.
type finding struct {
	part    string
	content [12]byte // of a record
}

// add adds a document of f, unless it has more text than an index takes.
func (s *findings) add(f *readFile, d extract.Document) {
	if f.tooLong(d) {
		f.failed = len(s.found) == 0
		return
	}
	f.failed = false
	e := f.entry(d)
	content, size := recordDigest(e)
	if len(s.found) == 0 {
		s.format = d.Format
	}
	s.found = append(s.found, finding{d.Part, content})
	s.size += size
	if s.many = s.many || len(s.found) > 1 && (s.size > batchSize || len(s.found) > batchEntries); s.many {
		s.entries = nil
		return
	}
	s.entries = append(s.entries, e)
}

// records reports whether the documents are records of the file, and not the file.
func (s *findings) records() bool { return len(s.found) > 1 || s.found[0].part != "" }

// settle says what becomes of what was found in a file, which is something: which
// entries there are already, under these keys or others, and which are to be encoded.
func (r *round) settle(ctx context.Context, f *readFile, s *findings, yield func(readFile) bool) {
	f.size = s.size
	if !s.records() {
		r.settleFile(ctx, f, s.entries[0], s.format)
		yield(*f)
		return
	}
	t := stamp{
		records: uint32(len(s.found)), state: f.state.mark(), device: f.state.device,
		rules: r.rules.of(s.format, true),
	}
	wanted := r.settleRecords(f, s, t)
	if !s.many {
		for i, e := range s.entries {
			if wanted[i] {
				f.entries = append(f.entries, s.entry(i, e, t))
			}
		}
		f.encoded = len(f.entries)
		yield(*f)
		return
	}
	r.encodeMany(ctx, f, s, t, wanted, yield)
}

// entry makes a record of an entry.
func (s *findings) entry(i int, e index.Entry, t stamp) index.Entry {
	t.content = s.found[i].content
	e.Key, e.Hash = recordKey(e.Source, s.found[i].part), t.hash()
	return e
}

// settleFile settles a file that is one entry. If that has the text that it had, it
// keeps its vectors.
func (r *round) settleFile(ctx context.Context, f *readFile, e index.Entry, format string) {
	t := stamp{content: f.content, state: f.state.mark(), device: f.state.device, rules: r.rules.of(format, false)}
	e.Hash = t.hash()
	if !f.partial {
		f.stale = f.staleKeys([]string{f.key})
	}
	if before, ok := f.stored.whole(); ok && r.rules.cuts(before.rules) {
		have, err := r.index.Get(ctx, f.key)
		if err == nil && have.Title == e.Title && have.Text == e.Text && have.Metadata["format"] == format {
			f.amended = []index.Amendment{{Key: f.key, Source: e.Source, Time: e.Time, Metadata: e.Metadata, Hash: e.Hash}}
			f.revised = before.content != f.content
			return
		}
	}
	f.entries, f.encoded = []index.Entry{e}, 1
}

// settleRecords finds the records that are in the index already: under their own
// keys, or under others of the file, as when a row is put before them, or under those of
// a file that has gone. It returns which of them are not.
func (r *round) settleRecords(f *readFile, s *findings, t stamp) (wanted []bool) {
	wanted = make([]bool, len(s.found))
	if len(f.stored)+len(r.records) == 0 { // as in the first round
		for i := range wanted {
			wanted[i] = true
		}
		return wanted
	}
	stored := make(map[string]storedEntry, len(f.stored))
	for _, e := range f.stored {
		if e.records > 0 && r.rules.cuts(e.rules) {
			stored[e.key] = e
		}
	}
	keys := make([]string, len(s.found))
	for i, n := range s.found {
		keys[i] = recordKey(f.key, n.part)
		t.content = n.content
		before, ok := stored[keys[i]]
		ok = ok && before.content == n.content
		if wanted[i] = !ok; !ok {
			continue
		}
		delete(stored, keys[i])
		if before.stamp != t {
			f.amended = append(f.amended, index.Amendment{Key: keys[i], Source: f.key, Time: f.state.time(), Hash: t.hash()})
		}
	}
	own := donors{}
	for _, e := range stored {
		own.add(e)
	}
	own.settle()
	for i, n := range s.found {
		if !wanted[i] {
			continue
		}
		t.content = n.content
		var from storedEntry
		ok := false
		if !f.partial { // else it may still be there
			from, ok = own.take(n.content, func(storedEntry) bool { return true })
		}
		if !ok {
			from, ok = r.records.take(n.content, func(d storedEntry) bool { return r.rules.cuts(d.rules) })
			if ok {
				r.taken[from.key] = true
			}
		}
		if ok {
			f.amended = append(f.amended, index.Amendment{Key: from.key, Rename: keys[i], Source: f.key, Time: f.state.time(), Hash: t.hash()})
			wanted[i] = false
		}
	}
	if !f.partial {
		f.stale = f.staleKeys(keys)
	}
	return wanted
}

// encodeMany reads a file of many records again, for those that are wanted, and
// yields them in parts. What has changed in it since is left out: the next round finds
// that something is missing.
func (r *round) encodeMany(ctx context.Context, f *readFile, s *findings, t stamp, wanted []bool, yield func(readFile) bool) {
	again := readFile{sourceFile: f.sourceFile} // of which nothing is reported a second time
	part := readFile{sourceFile: f.sourceFile, amended: f.amended, more: true}
	f.amended = nil
	i, going := 0, true
	o := r.options.Extract
	o.Time = 1000 * time.Hour // it could be read in time, and now waits for what is encoded
	if slices.Contains(wanted, true) {
		again.extract(ctx, o, func(d extract.Document) bool {
			if again.tooLong(d) || i == len(wanted) {
				return i < len(wanted)
			}
			if i++; !wanted[i-1] {
				return true
			}
			e := again.entry(d)
			content, size := recordDigest(e)
			if n := s.found[i-1]; n.part != d.Part || n.content != content {
				return true
			}
			part.entries = append(part.entries, s.entry(i-1, e, t))
			f.encoded++
			if part.size += size; part.size > batchSize || len(part.entries) >= batchEntries {
				going = yield(part)
				part = readFile{sourceFile: f.sourceFile, more: true}
			}
			return going
		})
	}
	if !going {
		return
	}
	f.entries, f.size = part.entries, part.size
	f.amended = part.amended
	yield(*f)
}

// tooLong reports a document that has more text than an index takes.
func (f *readFile) tooLong(d extract.Document) bool {
	if len(d.Text) <= index.MaxText {
		return false
	}
	f.lacks(d, fmt.Errorf("has a text of %.1f MB, the limit is %.1f MB", float64(len(d.Text))/1e6, float64(index.MaxText)/1e6))
	return true
}

// recordDigest returns the digest of a record, and how many bytes it holds.
func recordDigest(e index.Entry) (d [12]byte, size int) {
	metadata, _ := json.Marshal(e.Metadata) // what can't be marshalled is refused when it is stored
	return digestParts([]byte(e.Title), []byte(e.Text), metadata), len(e.Title) + len(e.Text) + len(metadata)
}
