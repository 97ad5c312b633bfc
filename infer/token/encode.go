package token

import (
	"fmt"
	"sync"
)

// An encoder is a tokenizer.json in the form that encoding works with. It
// does not change after parse.
//
// A text goes through these stages:
//
//	repair      invalid UTF-8 becomes U+FFFD         \ prepared text
//	lower       Options.Lower                        /
//	raw         added tokens are cut out of it
//	normalize   each piece between them by itself    } normalized text
//	normalized  added tokens are cut out of that
//	pre-token   each piece between them is cut up
//	merge       each pre-token becomes tokens
//
// It does so a chunk at a time (see cut), so that the memory does not depend
// on the length of the text and a Limit ends the work early.
type encoder struct {
	normalizers  []normalizer
	preTokenizer preTokenizer
	model        model
	prefixSpace  bool // every piece of text begins with a space

	raw, normalized *addedSet
	joined          bytePairs // neighbouring bytes inside added tokens
	isEdge          [256]bool // bytes at the ends of added tokens that look at what is beside them
	// takesSpaceBefore says that an added token does so in the normalized text.
	takesSpaceBefore bool
	addedByContent   map[string]*addedToken
	addedByID        map[int32]*addedToken
	size             int // largest id + 1

	template template
	minChunk int
}

func newEncoder() *encoder {
	return &encoder{
		minChunk:       defaultChunk,
		addedByContent: map[string]*addedToken{},
		addedByID:      map[int32]*addedToken{},
	}
}

// A preTokenizer cuts normalized text into the pieces that the model sees one
// at a time.
type preTokenizer interface {
	// next returns the bounds of the first pre-token of a text that is not
	// empty. What is before it belongs to none. At the end both are the length
	// of the text.
	next(text []byte) (from, to int)

	// cut says whether text may be cut, as far as pre-tokens go, between the
	// characters last and next; lastButOne is before them.
	cut(lastButOne, last, next rune) cut
}

// A cut is a pre-tokenizer's answer to where a text may be cut.
type cut uint8

const (
	never   cut = iota // not here
	inside             // inside a pre-token, where the model decides
	between            // no pre-token crosses the place
)

// A model turns pre-tokens into tokens.
type model interface {
	// vocabulary returns all its tokens.
	vocabulary() *vocabulary

	// joins says whether anything that the model does with a pre-token can
	// cross a place in it that has these characters on its sides.
	joins(before, after rune) bool

	// encode has r emit the tokens of a pre-token. It begins at position at of
	// the normalized text, or one before first if it has a space in front that
	// is not in the text. It returns false if that reached r's limit.
	encode(r *run, text, word []byte, at, first int) bool
}

// normalize returns what the normalizers make of a text.
func (e *encoder) normalize(text string) string {
	src := []byte(text)
	for _, n := range e.normalizers {
		var dst layer
		if n.apply(&dst, src, &composer{}) {
			src = dst.text
		}
	}
	return string(src)
}

// indexAddedTokens prepares the search for added tokens, and refuses those that
// can't be searched for.
func (e *encoder) indexAddedTokens(name string) error {
	var raw, normalized []*addedToken
	for _, t := range e.addedByContent {
		t.pattern = t.content
		if t.normalized {
			t.pattern = e.normalize(t.content)
			normalized = append(normalized, t)
			e.takesSpaceBefore = e.takesSpaceBefore || t.lstrip
			if t.pattern == "" {
				return fmt.Errorf("token: %s: added_tokens: %q is nothing after the normalizer", name, shorten(t.content))
			}
		} else {
			raw = append(raw, t)
		}
		last := len(t.pattern) - 1
		for i := range last {
			e.joined.add(t.pattern[i], t.pattern[i+1])
		}
		if t.rstrip || t.singleWord {
			e.isEdge[t.pattern[0]] = true
			e.isEdge[t.pattern[last]] = true
		}
	}
	e.raw, e.normalized = newAddedSet(raw), newAddedSet(normalized)
	return e.checkPatterns(name)
}

func (e *encoder) id(token string) (int32, bool) {
	if t := e.addedByContent[token]; t != nil {
		return t.id, true
	}
	if index := e.model.vocabulary().lookup([]byte(token)); index >= 0 {
		return e.model.vocabulary().tokens[index].id, true
	}
	return 0, false
}

func (e *encoder) token(id int32) (string, bool) {
	if t := e.addedByID[id]; t != nil {
		return t.content, true
	}
	if index := e.model.vocabulary().byID(id); index >= 0 {
		return e.model.vocabulary().literal(index), true
	}
	return "", false
}

// keepScratch is how much scratch memory is kept for the next text.
const keepScratch = 1 << 20

// A run encodes one text. Its buffers serve one text after another.
type run struct {
	e          *encoder
	limit      int
	out        Encoding
	start, end int // the part of the text that is encoded

	// fresh says that a piece of text beginning here is not the continuation
	// of a piece in the chunk before.
	fresh bool

	chunk      int      // where the chunk begins in the text
	prepared   [2]layer // the chunk repaired, and lower-cased
	segment    int      // where the piece at hand begins in the prepared text
	normalized []layer  // the piece after each normalizer

	rawPieces        splitter
	normalizedPieces splitter
	prefixed         []byte
	composer         composer
	merger           merger
	fallback         fallbackWord
}

var runs = sync.Pool{New: func() any { return new(run) }}

func (e *encoder) encode(text string, o Options) Encoding {
	r := runs.Get().(*run)
	defer r.release()
	start, end := 0, len(text)
	if o.Strip {
		start, end = strip(text)
	}
	r.begin(e, start, end, o.Limit)
	for from := start; from < end; {
		to := e.cut(text[:end], from)
		if !r.encodeChunk(text[from:to], from, o.Lower) {
			break
		}
		from = to
	}
	r.recountRepaired(text)
	return r.out
}

// recountRepaired leaves out the bytes behind the last token, up to which a
// chunk may have been read.
func (r *run) recountRepaired(text string) {
	if r.out.Truncated && r.out.Repaired > 0 {
		r.out.Repaired = countInvalid(text[r.start:r.out.Spans[len(r.out.Spans)-1].End])
	}
}

func (r *run) begin(e *encoder, start, end, limit int) {
	r.e, r.limit, r.fresh = e, limit, true
	r.start, r.end = start, end
	r.chunk, r.segment = start, 0
	for len(r.normalized) < len(e.normalizers) {
		r.normalized = append(r.normalized, layer{})
	}
	r.out = Encoding{}
	r.grow(min((end-start)/4+8, 1<<14)) // English has about four and a half bytes a token
}

// grow makes room for so many tokens more.
func (r *run) grow(n int) {
	if r.limit > 0 {
		n = min(n, r.limit-len(r.out.IDs))
	}
	ids := make([]int32, len(r.out.IDs), len(r.out.IDs)+n)
	spans := make([]Span, len(ids), cap(ids))
	copy(ids, r.out.IDs)
	copy(spans, r.out.Spans)
	r.out.IDs, r.out.Spans = ids, spans
}

// growTo makes room for the tokens of the whole text, of which the part that
// ends at position at is done. Guessing well saves most of the copies of a long
// result, and the memory they take beside it.
func (r *run) growTo(at int) {
	n, length := len(r.out.IDs), r.end-r.start
	expected := int(float64(n) * float64(length) / float64(max(at-r.start, 1)) * 17 / 16)
	r.grow(max(min(expected, 64*n, length)-n, n/2+64))
}

// release gives the scratch memory back, unless an unusual text has made it large.
func (r *run) release() {
	r.e, r.out = nil, Encoding{}
	r.rawPieces, r.normalizedPieces = splitter{}, splitter{}
	size := cap(r.prefixed) + 4*cap(r.merger.symbols) + 8*cap(r.merger.queue) +
		4*cap(r.fallback.symbols) + 4*cap(r.fallback.lengths) +
		4*cap(r.composer.runes) + 4*cap(r.composer.sorted)
	for _, l := range r.prepared {
		size += cap(l.text) + 12*cap(l.runs)
	}
	for _, l := range r.normalized {
		size += cap(l.text) + 12*cap(l.runs)
	}
	if size <= keepScratch {
		runs.Put(r)
	}
}

// prepare fills r.prepared and returns the last layer in use.
func (r *run) prepare(chunk string, lower bool) *layer {
	r.prepared[0].reset()
	r.prepared[1].reset()
	r.out.Repaired += repairInto(&r.prepared[0], chunk)
	if !lower {
		return &r.prepared[0]
	}
	lowerInto(&r.prepared[1], r.prepared[0].text, true)
	return &r.prepared[1]
}

// encodeChunk appends the tokens of a chunk of text that begins at position
// at of the whole. It returns false if that reached the limit.
func (r *run) encodeChunk(chunk string, at int, lower bool) bool {
	r.chunk = at
	text := r.prepare(chunk, lower).text
	r.rawPieces.reset(r.e.raw, text)
	for {
		from, to, token, ok := r.rawPieces.next()
		if !ok {
			return true
		}
		r.segment = from
		if token != nil {
			if !r.emit(token.id, 0, to-from, 0) {
				return false
			}
			r.fresh = true
		} else if !r.encodeSegment(text[from:to]) {
			return false
		}
	}
}

// encodeSegment appends the tokens of the prepared text between two raw added tokens.
func (r *run) encodeSegment(text []byte) bool {
	steps := r.e.normalizers
	for i, n := range steps {
		l := &r.normalized[i]
		l.reset()
		if n.apply(l, text, &r.composer) {
			text = l.text // or else the layer stays empty, which stands for no change
		}
	}
	r.normalizedPieces.reset(r.e.normalized, text)
	for {
		from, to, token, ok := r.normalizedPieces.next()
		if !ok {
			return true
		}
		if token != nil {
			if !r.emit(token.id, from, to, len(steps)) {
				return false
			}
			r.fresh = true
		} else if !r.encodePiece(text, from, to) {
			return false
		}
	}
}

// encodePiece appends the tokens of text[from:to], which is normalized and has
// no added tokens.
func (r *run) encodePiece(text []byte, from, to int) bool {
	piece, shift := text[from:to], from
	if r.e.prefixSpace && r.fresh && piece[0] != ' ' {
		r.prefixed = append(append(r.prefixed[:0], ' '), piece...)
		piece, shift = r.prefixed, from-1
	}
	r.fresh = false
	preTokenizer, model := r.e.preTokenizer, r.e.model
	for at := 0; at < len(piece); {
		start, end := preTokenizer.next(piece[at:])
		if start < end && !model.encode(r, text, piece[at+start:at+end], at+start+shift, from) {
			return false
		}
		at += end
	}
	return true
}

// emit appends a token that covers the bytes [from, to) of the segment at
// hand, as it is after that many normalizers. It returns false if the limit
// leaves no room for it.
func (r *run) emit(id int32, from, to, normalizers int) bool {
	if r.limit > 0 && len(r.out.IDs) == r.limit {
		r.out.Truncated = true
		return false
	}
	for i := normalizers - 1; i >= 0; i-- {
		from, to = r.normalized[i].span(from, to)
	}
	from, to = from+r.segment, to+r.segment
	for i := len(r.prepared) - 1; i >= 0; i-- {
		from, to = r.prepared[i].span(from, to)
	}
	if len(r.out.IDs) == cap(r.out.IDs) {
		r.growTo(to + r.chunk)
	}
	r.out.IDs = append(r.out.IDs, id)
	r.out.Spans = append(r.out.Spans, Span{from + r.chunk, to + r.chunk})
	return true
}

func countInvalid(text string) (n int) {
	for len(text) > 0 {
		valid := validPrefix(text)
		if valid == len(text) {
			break
		}
		n++
		text = text[valid+1:]
	}
	return n
}
