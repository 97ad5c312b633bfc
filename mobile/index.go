package mobile

import (
	"context"
	"errors"
	"fmt"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
)

// IndexOptions changes how an index is opened or created. A new one changes nothing,
// and null is as good.
type IndexOptions struct {
	ReadOnly bool   // the file exists and is only searched, such as one shipped in the app
	Codec    string // of a new file: "fp32", "fp16", "int8", "4bit", "2bit" or "1bit"; empty: "4bit"
	Pooling  int    // of a new file: one vector is kept of so many; 0: all
}

// NewIndexOptions returns options that change nothing.
func NewIndexOptions() *IndexOptions { return new(IndexOptions) }

func (o *IndexOptions) list() []index.Option {
	p, _ := activity.current(0)
	list := []index.Option{index.WithMemory(p.index)}
	if o == nil {
		return list
	}
	if o.ReadOnly {
		list = append(list, index.ReadOnly())
	}
	if o.Codec != "" {
		list = append(list, index.WithCodec(o.Codec))
	}
	return append(list, index.WithPooling(o.Pooling))
}

// An Index keeps documents in one file, and finds them again. It is the same file on
// every platform that toller runs on. An app and its extensions may have it open at
// the same time: many read while one writes.
type Index struct {
	edge *index.Index
	life
}

// OpenIndex opens the index in the file at path, and creates it when there is none.
// It holds vectors of one model: another is refused with an error of kind
// [KindModel]. model may be null for an index that exists, for search by words, reading
// and deleting. It blocks for some milliseconds, longer where a file of an earlier
// version is brought up to date; options and cancel may be null.
func OpenIndex(path string, model *Model, options *IndexOptions, cancel *Cancel) (x *Index, err error) {
	defer recovered(&err)
	l := newLife()
	ctx, _, done, err := l.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	var m *edge.Model
	if model != nil {
		if m = model.edge; m == nil {
			return nil, errUnopened
		}
	}
	e, err := index.Open(ctx, path, m, options.list()...)
	if err != nil {
		return nil, reason(ctx, err)
	}
	x = &Index{e, l}
	activity.add(x)
	return x, nil
}

// Close ends the calls that are running, which throw an error of kind [KindClosed],
// and closes the file. It blocks for up to 100 ms. The model stays open. Closing again
// does nothing.
func (x *Index) Close() (err error) {
	defer recovered(&err)
	if err := x.life.close(x.Path()); err != nil {
		return err
	}
	activity.remove(x)
	activity.enter()
	defer activity.leave()
	return x.edge.Close()
}

// trim has nobody to tell that the index was closed meanwhile.
func (x *Index) trim() { _ = x.edge.Trim() }

// unload does nothing: SQLite reads its file, it doesn't map it.
func (x *Index) unload() {}

// Path returns the name of the file.
func (x *Index) Path() string {
	if x.edge == nil {
		return ""
	}
	return x.edge.Path()
}

// Put adds the entries whose keys are new and replaces the others, and returns how many
// entries are stored, which is all unless it throws. It blocks for as long as it takes to
// encode them, some 10 to 100 ms a page of text, and works in batches: what an
// interrupted call has stored stays, and progress is told entries stored. progress and
// cancel may be null.
func (x *Index) Put(entries *Entries, progress Progress, cancel *Cancel) (n int, err error) {
	defer recovered(&err)
	if entries == nil {
		return 0, missing("entries")
	}
	ctx, end, done, err := x.begin(cancel)
	if err != nil {
		return 0, err
	}
	defer done()
	err = x.edge.Put(ctx, entries.list, index.Progress(func(p index.WriteProgress) {
		report(progress, end, p.Stored, p.Total)
	}))
	n = entries.Len()
	var partial *index.PartialError
	if errors.As(err, &partial) {
		n = partial.Stored
	}
	return n, reason(ctx, err)
}

// Delete removes the entries with these keys, and returns how many there were. It blocks
// for some milliseconds; cancel may be null.
func (x *Index) Delete(keys *Texts, cancel *Cancel) (n int, err error) {
	defer recovered(&err)
	ctx, _, done, err := x.begin(cancel)
	if err != nil {
		return 0, err
	}
	defer done()
	n, err = x.edge.Delete(ctx, keys.strings()...)
	return n, reason(ctx, err)
}

// Get returns the entry with this key; an error of kind [KindNotFound] if there is none.
// It blocks for some milliseconds; cancel may be null.
func (x *Index) Get(key string, cancel *Cancel) (e *Entry, err error) {
	defer recovered(&err)
	ctx, _, done, err := x.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	entry, err := x.edge.Get(ctx, key)
	if err != nil {
		return nil, reason(ctx, err)
	}
	return newEntry(entry)
}

// Keys returns the keys of the entries that meet a condition, all if it is empty, in the
// order in which they were added. It blocks; cancel may be null.
func (x *Index) Keys(where string, cancel *Cancel) (keys *Texts, err error) {
	defer recovered(&err)
	ctx, _, done, err := x.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	keys = new(Texts)
	err = x.edge.Entries(ctx, where, func(e *index.Entry) bool { keys.Add(e.Key); return true })
	if err != nil {
		return nil, reason(ctx, err)
	}
	return keys, nil
}

// SearchOptions changes a search. A new one changes nothing, and null is as good.
type SearchOptions struct {
	TopK        int    // results; 0: 10
	Where       string // a condition, such as: time >= 2024-05-01 and author = "Ada" and tags has "birds"
	Mode        string // "auto" (empty is the same), "exact", "pruned", "lexical" or "hybrid"
	PerDocument bool   // only the best passage of each entry
	NoSnippets  bool   // no snippets and highlights, which take a good part of a search's time
	Evidence    bool   // for Result.Explain
}

// NewSearchOptions returns options that change nothing.
func NewSearchOptions() *SearchOptions { return new(SearchOptions) }

// modes are the names of modes.
var modes = map[string]index.Mode{
	"": index.Auto, "auto": index.Auto, "exact": index.Exact, "pruned": index.Pruned,
	"lexical": index.Lexical, "hybrid": index.Hybrid,
}

func (o *SearchOptions) list() ([]index.SearchOption, error) {
	if o == nil {
		return nil, nil
	}
	mode, ok := modes[o.Mode]
	if !ok {
		return nil, fmt.Errorf("mobile: mode: expected auto, exact, pruned, lexical or hybrid, found %q", o.Mode)
	}
	list := []index.SearchOption{index.Where(o.Where), index.In(mode), index.PerDocument(o.PerDocument)}
	if o.TopK != 0 {
		list = append(list, index.TopK(o.TopK))
	}
	if o.NoSnippets {
		list = append(list, index.WithoutSnippets())
	}
	if o.Evidence {
		list = append(list, index.WithEvidence())
	}
	return list, nil
}

// Search finds the passages that answer a query best. It blocks for some tens of
// milliseconds; options and cancel may be null.
func (x *Index) Search(query string, options *SearchOptions, cancel *Cancel) (r *Results, err error) {
	defer recovered(&err)
	list, err := options.list()
	if err != nil {
		return nil, err
	}
	ctx, _, done, err := x.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	found, err := x.edge.Search(ctx, query, list...)
	if err != nil {
		return nil, reason(ctx, err)
	}
	return &Results{query, found}, nil
}

// Locate returns where a result's passage stands in the text of its entry, in UTF-16
// units. It reads the entry, and throws where that has changed since. It blocks for some
// milliseconds; cancel may be null.
func (x *Index) Locate(result *Result, cancel *Cancel) (s *Span, err error) {
	defer recovered(&err)
	if result == nil || result.found == nil {
		return nil, missing("a result of a search")
	}
	ctx, _, done, err := x.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	entry, err := x.edge.Get(ctx, result.found.Key)
	if err != nil {
		return nil, reason(ctx, err)
	}
	place := edge.Span{Start: result.found.Start, End: result.found.End}
	if place.Of(entry.Text) != result.found.Text {
		return nil, fmt.Errorf("mobile: entry %q: the text has changed since the search", entry.Key)
	}
	c := cursor{text: entry.Text}
	start := c.units(place.Start)
	return &Span{Start: start, End: c.units(place.End)}, nil
}

// Stat is what an index holds.
type Stat struct {
	Documents int64 // entries
	Passages  int64
	Tokens    int64  // vectors, before pooling
	FileBytes int64  // of the file, without its write-ahead log
	Model     string // name of the model that made the vectors
	Codec     string // the form in which they are stored
}

// Stat describes the index. It blocks for some milliseconds; cancel may be null.
func (x *Index) Stat(cancel *Cancel) (s *Stat, err error) {
	defer recovered(&err)
	ctx, _, done, err := x.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	stat, err := x.edge.Stat(ctx)
	if err != nil {
		return nil, reason(ctx, err)
	}
	return &Stat{stat.Documents, stat.Passages, stat.Tokens, stat.FileBytes, stat.Model.Name, stat.Codec.String()}, nil
}

// Check reads the whole file and returns what is wrong with it: an empty list, unless the
// file is damaged. It blocks for as long as that takes; progress, told bytes or rows of
// one stage after the other, and cancel may be null.
func (x *Index) Check(progress Progress, cancel *Cancel) (problems *Texts, err error) {
	defer recovered(&err)
	ctx, end, done, err := x.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	found, err := x.edge.Check(ctx, stages(progress, end))
	if err != nil {
		return nil, reason(ctx, err)
	}
	return &Texts{found.Problems}, nil
}

// Compact writes the file anew, as small as it can be, such as before it is shipped in an
// app. It needs as much free space as the file has, and blocks; progress, told units of
// one stage after the other, and cancel may be null.
func (x *Index) Compact(progress Progress, cancel *Cancel) (err error) {
	defer recovered(&err)
	ctx, end, done, err := x.begin(cancel)
	if err != nil {
		return err
	}
	defer done()
	return reason(ctx, x.edge.Compact(ctx, stages(progress, end)))
}

func stages(p Progress, end context.CancelCauseFunc) index.Stages {
	return func(_ string, done, total int) { report(p, end, done, total) }
}
