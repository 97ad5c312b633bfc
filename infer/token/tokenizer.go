package token

import "slices"

// A Span is a range of bytes [Start, End) of the string given to Encode.
type Span struct{ Start, End int }

// An Encoding is the tokens of one text, without those that a template adds.
type Encoding struct {
	IDs   []int32
	Spans []Span // as many as IDs

	// Truncated says that the text has more tokens than Options.Limit.
	Truncated bool

	// Repaired counts the bytes that were not valid UTF-8 and were read as
	// U+FFFD, up to the last token.
	Repaired int
}

// Options say how a text is prepared before it is encoded.
type Options struct {
	// Strip removes white space at both ends, as Python's str.strip does: the
	// characters U+0009 to U+000D, U+001C to U+0020, U+0085, U+00A0, U+1680,
	// U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F and U+3000.
	Strip bool

	// Lower makes it lower case, after stripping, as Python's str.lower does:
	// İ becomes i and U+0307, and Σ at the end of a word becomes ς. This
	// happens before special tokens are looked for: "[SEP]" becomes "[sep]".
	Lower bool

	// Limit ends the encoding after that many tokens. What is there then is
	// the beginning of what it would be without. 0 and below is no limit.
	Limit int
}

// A Tokenizer turns text into tokens as its tokenizer.json or vocab.txt says.
type Tokenizer struct{ encoder *encoder }

// Load reads a tokenizer.json. The name is used in errors only.
//
// It does not keep tokenizerJSON. An error names the place in the file, what
// was found there and what is supported.
func Load(name string, tokenizerJSON []byte) (*Tokenizer, error) {
	e, err := parse(name, tokenizerJSON)
	if err != nil {
		return nil, err
	}
	return &Tokenizer{e}, nil
}

// Encode returns the tokens of text. Any string can be encoded.
func (t *Tokenizer) Encode(text string, o Options) Encoding {
	return t.encoder.encode(text, o)
}

// ID returns the id of a token by its text in tokenizer.json: an added token
// such as "[CLS]", or a token of the vocabulary, which byte-level BPE writes in
// an alphabet of its own ("Ġof" is " of"), WordPiece with ## where it continues
// a word, and byte fallback with ▁ for a space.
func (t *Tokenizer) ID(token string) (int32, bool) { return t.encoder.id(token) }

// Token returns the text of a token in tokenizer.json, the inverse of ID.
func (t *Tokenizer) Token(id int32) (string, bool) { return t.encoder.token(id) }

// Size returns the largest id plus one.
func (t *Tokenizer) Size() int { return t.encoder.size }

// Template returns the tokens that the post-processor puts before and after
// those of a single text.
func (t *Tokenizer) Template() (prefix, suffix []int32) {
	return slices.Clone(t.encoder.template.prefix), slices.Clone(t.encoder.template.suffix)
}
