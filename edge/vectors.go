package edge

import "strings"

// A Query is an encoded query: one unit vector for each of its tokens, but for
// models that aren't [Info].Normalized. It doesn't depend on the model staying open.
type Query struct{ vectors }

// A Document is an encoded document: one such vector for each of its tokens
// that is not in the model's skiplist, or, pooled, for each cluster of them. It
// doesn't depend on the model staying open.
type Document struct{ vectors }

// A Span is a half-open range [Start, End) of byte offsets into a text as the
// caller gave it.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Len returns the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Of returns the part of text that the span covers. Offsets beyond the end of
// the text are cut back to it.
func (s Span) Of(text string) string {
	end := min(max(s.End, 0), len(text))
	start := min(max(s.Start, 0), end)
	return text[start:end]
}

// A Token says what a vector stands for.
type Token struct {
	// IDs are the vocabulary ids: one, or those of all members of a pooled vector.
	IDs []int32 `json:"ids"`
	// Name names what isn't in the caller's text: "[CLS]", "[Q] ", "[SEP]",
	// "[MASK]" and the like for tokens that the model adds, "prompt" for those
	// of its prompt. It is empty where Spans is not.
	Name string `json:"name,omitempty"`
	// Spans is where the token stands in the caller's text: one span, or those
	// of all members of a pooled vector in the order of the text. A token that
	// is only part of a character has the span of the whole character.
	Spans []Span `json:"spans,omitempty"`
	// TitleSpans is where the token stands in the title of an index's entry.
	// Name is "title" if it is nowhere else.
	TitleSpans []Span `json:"title_spans,omitempty"`
}

// vectors is what queries and documents have in common.
type vectors struct {
	dim       int
	data      []float32    // [len, dim] row-major
	tokens    []tokenRef   // one a vector; pooled, the members of vector 0, of vector 1, ...
	ends      []int32      // pooled only: tokens[ends[i-1]:ends[i]] are vector i's
	clusters  []uint32     // pooled as the checkpoint says only: for each token, in the text's order, its vector
	added     []addedToken // names of the tokens that the model adds, shared between texts
	model     Fingerprint
	truncated bool
}

// tokenRef is a token's id and place in the caller's text. start == end for
// tokens that aren't in it.
type tokenRef struct{ id, start, end int32 }

// addedToken names one of the tokens that a model puts around every text.
type addedToken struct {
	id   int32
	name string
}

// promptName stands for tokens of a prompt: not in the caller's text and not
// among the added ones.
const promptName = "prompt"

// Dim returns the number of components of each vector.
func (v *vectors) Dim() int { return v.dim }

// Len returns the number of vectors.
func (v *vectors) Len() int {
	if v.dim == 0 {
		return 0
	}
	return len(v.data) / v.dim
}

// Vectors returns the vectors, [Len, Dim] row-major. The slice is the one in
// use, not a copy: don't write to it.
func (v *vectors) Vectors() []float32 { return v.data }

// Truncated reports whether the text was longer than the length it was cut at.
func (v *vectors) Truncated() bool { return v.truncated }

// Model returns the fingerprint of the model that made the vectors.
func (v *vectors) Model() Fingerprint { return v.model }

// Tokens returns what each vector stands for, in the order of the vectors.
func (v *vectors) Tokens() []Token {
	tokens := make([]Token, v.Len())
	ids := make([]int32, 0, len(v.tokens))
	spans := make([]Span, 0, len(v.tokens))
	for i := range tokens {
		firstID, firstSpan := len(ids), len(spans)
		var names []string
		for _, ref := range v.members(i) {
			ids = append(ids, ref.id)
			if ref.start < ref.end {
				spans = append(spans, Span{int(ref.start), int(ref.end)})
			} else {
				names = append(names, v.name(ref.id))
			}
		}
		t := &tokens[i]
		t.IDs = ids[firstID:len(ids):len(ids)]
		if len(spans) > firstSpan {
			t.Spans = spans[firstSpan:len(spans):len(spans)]
		} else {
			t.Name = strings.Join(names, " ")
		}
	}
	return tokens
}

// members returns the tokens that vector i was made from.
func (v *vectors) members(i int) []tokenRef {
	if v.ends == nil {
		return v.tokens[i : i+1]
	}
	start := int32(0)
	if i > 0 {
		start = v.ends[i-1]
	}
	return v.tokens[start:v.ends[i]]
}

// name returns the name of a token that isn't in the caller's text.
func (v *vectors) name(id int32) string {
	for _, a := range v.added {
		if a.id == id {
			return a.name
		}
	}
	return promptName
}
