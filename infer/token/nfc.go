package token

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func (composeNFC) apply(dst *layer, src []byte, w *composer) bool {
	if norm.NFC.QuickSpan(src) == len(src) {
		return false
	}
	nfcInto(dst, src, w)
	return true
}

func (composeNFC) settled(r rune) (first, last rune, ok bool) {
	return r, r, true
}

// nfcInto appends the canonical composition (NFC) of src to dst.
//
// golang.org/x/text is used only to pass over what is NFC already, and to find
// where a segment ends. Its data are newer than those of huggingface/tokenizers,
// to which 110 marks are characters that combine with nothing. That makes it
// look at more than it had to, not at less. Its own transformation follows
// the Stream-Safe Text Format besides, which breaks up more than 30 combining
// marks with U+034F, and NFC as such does not do that.
func nfcInto(dst *layer, src []byte, w *composer) {
	dst.text = slices.Grow(dst.text, len(src))
	for len(src) > 0 {
		n := norm.NFC.QuickSpan(src)
		dst.copy(src[:n])
		if src = src[n:]; len(src) == 0 {
			return
		}
		n = segment(src)
		from := len(dst.text)
		dst.text = w.compose(dst.text, src[:n])
		if bytes.Equal(dst.text[from:], src[:n]) {
			dst.plain(n)
		} else {
			dst.replace(n)
		}
		src = src[n:]
	}
}

// segment returns the length of the first character of src and all that
// follow it and may combine with it or among each other.
func segment(src []byte) int {
	_, n := utf8.DecodeRune(src)
	for n < len(src) {
		p := norm.NFC.Properties(src[n:])
		if p.BoundaryBefore() {
			break
		}
		n += p.Size()
	}
	return n
}

// A composer is the scratch memory for composing a segment.
type composer struct {
	runes   []rune  // the decomposition
	classes []uint8 // canonical combining classes of runes
	sorted  []rune
}

// compose appends the composition of one segment to dst: the Canonical
// Composition Algorithm of The Unicode Standard, section 3.11.
func (w *composer) compose(dst, segment []byte) []byte {
	w.runes = slices.Grow(w.runes[:0], utf8.RuneCount(segment))
	w.classes = slices.Grow(w.classes[:0], cap(w.runes))
	data := characters()
	for len(segment) > 0 {
		r, size := utf8.DecodeRune(segment)
		w.runes = data.appendDecomposed(w.runes, r)
		segment = segment[size:]
	}
	for _, r := range w.runes {
		w.classes = append(w.classes, data.classOf(r))
	}
	w.order()

	// A character composes with the last starter before it unless something
	// stands between that is itself a starter or has the same class or a higher one.
	starter, last, kept := -1, -1, 0
	for i, r := range w.runes {
		class := int(w.classes[i])
		if starter >= 0 && last < class {
			if composed, ok := composePair(w.runes[starter], r); ok {
				w.runes[starter] = composed
				continue
			}
		}
		if class == 0 {
			starter, last = kept, -1
		} else {
			last = class
		}
		w.runes[kept] = r
		kept++
	}
	for _, r := range w.runes[:kept] {
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// order brings every run of combining marks into the order of their classes,
// marks of one class staying in their order. It counts instead of comparing:
// a hostile text may be one run of millions.
func (w *composer) order() {
	for from := 0; from < len(w.classes); {
		to := from + 1
		if w.classes[from] > 0 {
			for to < len(w.classes) && w.classes[to] > 0 {
				to++
			}
		}
		if marks := w.classes[from:to]; !slices.IsSorted(marks) {
			w.orderMarks(w.runes[from:to], marks)
		}
		from = to
	}
}

func (w *composer) orderMarks(runes []rune, classes []uint8) {
	var at [257]int // where the next mark of a class goes
	for _, c := range classes {
		at[int(c)+1]++
	}
	for c := range at[1:] {
		at[c+1] += at[c]
	}
	w.sorted = slices.Grow(w.sorted[:0], len(runes))[:len(runes)]
	for i, c := range classes {
		w.sorted[at[c]] = runes[i]
		at[c]++
	}
	copy(runes, w.sorted)
	slices.Sort(classes)
}

// Arithmetic of Hangul syllables: The Unicode Standard, section 3.12.
const (
	hangulBase = 0xAC00
	hangulL    = 0x1100
	hangulV    = 0x1161
	hangulT    = 0x11A7 // one before the first, for syllables without
	hangulLs   = 19
	hangulVs   = 21
	hangulTs   = 28

	hangulCount = hangulLs * hangulVs * hangulTs
)

// composePair returns the primary composite of two characters.
func composePair(a, b rune) (rune, bool) {
	l, v := a-hangulL, b-hangulV
	if l >= 0 && l < hangulLs && v >= 0 && v < hangulVs {
		return hangulBase + (l*hangulVs+v)*hangulTs, true
	}
	syllable, t := a-hangulBase, b-hangulT
	if syllable >= 0 && syllable < hangulCount && syllable%hangulTs == 0 && t > 0 && t < hangulTs {
		return a + t, true
	}
	composed, ok := characters().compose[[2]rune{a, b}]
	return composed, ok
}
