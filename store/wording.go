package store

import (
	"context"
	"sort"
	"strings"
	"unicode/utf8"
)

// wording is a text as FTS5 is given it, whose tokenizer knows only words between
// spaces, and the characters of Unicode 6.1.
//
// Most of a text stays as it is. A word that has other characters for FTS5 than
// for its readers is replaced by its folded form; one with spaces of no width in
// it, by that and its parts. A stretch of script without spaces is replaced by a
// word for each of its characters, which is the character and the next one:
// 起重机 becomes 起重_重机_机. So two characters or more, wherever a word may
// begin and end, are a phrase, and a single one is the beginning of a word.
type wording struct {
	text    strings.Builder
	spans   []span // in the order of text, when traced
	traced  bool
	changed bool // FTS5 finds other words in it than in the original
}

// span says where a part of a wording comes from: bytes of the original.
type span struct {
	at         int // where in the wording it begins
	start, end int
	first      int // where the first of its characters ends; 0: it is the original, byte by byte
}

// inRun separates the words of one stretch, between which a wording isn't cut
// into pieces. To FTS5 it separates as a space does.
const inRun = '_'

// reworded is a text as FTS5 is given it, and whether that makes a difference.
func reworded(ctx context.Context, text string) (string, bool, error) {
	if isASCII(text) {
		return text, false, nil
	}
	w := wording{}
	err := w.write(ctx, text)
	return w.text.String(), w.changed, err
}

// trace is reworded with the places that its parts come from.
func trace(ctx context.Context, text string) (string, []span, error) {
	if isASCII(text) {
		return text, []span{{end: len(text)}}, nil
	}
	w := wording{traced: true}
	err := w.write(ctx, text)
	return w.text.String(), w.spans, err
}

// original is the place in the original of bytes of a wording. Of a word that
// stands for a character and the next one it is that of the character, if single.
func original(spans []span, start, end int, single bool) (from, to int) {
	of := func(at int) span {
		return spans[sort.Search(len(spans), func(i int) bool { return spans[i].at > at })-1]
	}
	first, last := of(start), of(end-1)
	if from = first.start; first.first == 0 {
		from += start - first.at
	}
	switch to = last.end; {
	case last.first == 0:
		to = last.start + end - last.at
	case single:
		to = last.first
	}
	return from, to
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// write writes a text. It ends with ctx.
func (w *wording) write(ctx context.Context, text string) error {
	const stretch = 1 << 16
	next := stretch
	for at := 0; at < len(text); {
		if at > next {
			if err := ctx.Err(); err != nil {
				return err
			}
			next = at + stretch
		}
		start, end := nextWord(text, at)
		w.between(text, at, start)
		at = end
		word := text[start:end]
		if isUnfolded(word) {
			w.keep(text, start, end)
			continue
		}
		all := runs(word, start)
		if len(all) == 1 && !all[0].unspaced && len(all[0].atoms) == 1 && string(all[0].atoms[0].text) == word {
			w.keep(text, start, end)
			continue
		}
		w.changed = true
		for _, r := range all {
			w.replace(r)
		}
		w.text.WriteByte(' ')
	}
	return nil
}

// between writes what stands between two words, without what FTS5 would take
// for letters.
func (w *wording) between(text string, start, end int) {
	for start < end {
		size := strings.IndexFunc(text[start:end], isLaterSymbol)
		if size < 0 {
			break
		}
		w.keep(text, start, start+size)
		w.text.WriteByte(' ')
		w.changed = true
		start += size
		_, size = utf8.DecodeRuneInString(text[start:])
		start += size
	}
	w.keep(text, start, end)
}

// keep writes a part of the text as it is.
func (w *wording) keep(text string, start, end int) {
	if start == end {
		return
	}
	if w.traced {
		n := len(w.spans)
		if n > 0 && w.spans[n-1].first == 0 && w.spans[n-1].end == start {
			w.spans[n-1].end = end
		} else {
			w.spans = append(w.spans, span{at: w.text.Len(), start: start, end: end})
		}
	}
	w.text.WriteString(text[start:end])
}

// replace writes a run.
func (w *wording) replace(r run) {
	w.text.WriteByte(' ')
	if !r.unspaced {
		if len(r.atoms) > 1 {
			w.word(r.start(), r.end(), r.end(), r.joined())
			w.text.WriteByte(' ')
		}
		for i, a := range r.atoms {
			if i > 0 {
				w.text.WriteByte(' ')
			}
			w.word(a.start, a.end, a.end, a.text)
		}
		return
	}
	for i, a := range r.atoms {
		if i > 0 {
			w.text.WriteByte(inRun)
		}
		if i == len(r.atoms)-1 {
			w.word(a.start, a.end, a.end, a.text)
		} else {
			next := r.atoms[i+1]
			w.word(a.start, next.end, a.end, a.text, next.text)
		}
	}
}

// word writes a word that stands for text[start:end].
func (w *wording) word(start, end, first int, parts ...[]byte) {
	if w.traced {
		w.spans = append(w.spans, span{at: w.text.Len(), start: start, end: end, first: first})
	}
	for _, p := range parts {
		w.text.Write(p)
	}
}

func (r *run) start() int { return r.atoms[0].start }
func (r *run) end() int   { return r.atoms[len(r.atoms)-1].end }

func (r *run) joined() []byte {
	var all []byte
	for _, a := range r.atoms {
		all = append(all, a.text...)
	}
	return all
}

// isLaterSymbol says whether a character that is part of no word may be one to
// FTS5, whose tables are of Unicode 6.1: it takes what it doesn't know for
// letters. Not all that this is true for are later than that.
func isLaterSymbol(r rune) bool {
	switch {
	case r < 0x100, 0xfe00 <= r && r <= 0xfe0f, r == 0xfeff:
		return false
	case r < 0x2000:
		return true
	case r < 0x2c00:
		return 0x2066 <= r && r <= 0x2069 || 0x20ba <= r && r <= 0x20cf || 0x218a <= r && r <= 0x218f ||
			0x23f4 <= r && r <= 0x23ff || r == 0x2700 || 0x2b4d <= r
	case 0x3000 <= r && r <= 0x303f, 0xff00 <= r && r <= 0xffef, r == utf8.RuneError:
		return false
	}
	return true
}
