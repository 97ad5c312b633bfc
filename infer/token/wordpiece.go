package token

import "unicode/utf8"

// A wordPiece is the model WordPiece: a pre-token becomes its longest
// beginning that is a token, then the longest one of the rest, and so on; if
// that fails anywhere, it becomes the unknown token as a whole.
// Source: huggingface/tokenizers, models/wordpiece/mod.rs.
type wordPiece struct {
	vocab    *vocabulary
	unknown  int32  // index
	prefix   string // of a token that continues a word: "##"
	maxChars int    // a longer pre-token is unknown

	widestFirst, widestNext int // bytes of the widest token, without the prefix
}

// maxWordChars bounds the option max_input_chars_per_word, which is 100 in
// practice, and with it the time that a long word takes.
const maxWordChars = 1000

func (m *wordPiece) vocabulary() *vocabulary { return m.vocab }

// A word is one thing.
func (m *wordPiece) joins(before, after rune) bool { return true }

func (m *wordPiece) encode(r *run, text, word []byte, at, first int) bool {
	found := m.split(&r.merger, word)
	if found == nil {
		return r.emit(m.vocab.tokens[m.unknown].id, at, at+len(word), len(r.e.normalizers))
	}
	for i, index := range found {
		end := at + int(m.vocab.tokens[index].width)
		if i > 0 {
			end -= len(m.prefix)
		}
		if !r.emit(m.vocab.tokens[index].id, at, end, len(r.e.normalizers)) {
			return false
		}
		at = end
	}
	return true
}

// split returns the indices of the tokens of a word, nil if it is unknown. The
// result is valid until the next call.
func (m *wordPiece) split(scratch *merger, word []byte) []int32 {
	if len(word) > m.maxChars && utf8.RuneCount(word) > m.maxChars {
		return nil
	}
	// The prefix is written in front of each rest, over what is done with.
	buf := append(append(scratch.literal[:0], m.prefix...), word...)
	found := scratch.symbols[:0]
	scratch.literal = buf
	start, from, widest := len(m.prefix), len(m.prefix), m.widestFirst
	for start < len(buf) {
		end := min(len(buf), start+widest)
		for end < len(buf) && !utf8.RuneStart(buf[end]) {
			end--
		}
		index := int32(-1)
		for end > start {
			if index = m.vocab.lookup(buf[from:end]); index >= 0 {
				break
			}
			_, size := utf8.DecodeLastRune(buf[start:end])
			end -= size
		}
		if index < 0 {
			return nil
		}
		found = append(found, index)
		start, from, widest = end, end-len(m.prefix), m.widestNext
		copy(buf[from:], m.prefix)
	}
	scratch.symbols = found
	return found
}

// readWordPiece reads a model of type WordPiece.
func readWordPiece(c *cursor) (model, error) {
	m := &wordPiece{}
	var unknown string
	err := c.fields(
		field{name: "type", read: c.skipped},
		field{name: "unk_token", read: func() error {
			text, err := c.string()
			unknown = string(text)
			return err
		}},
		field{name: "continuing_subword_prefix", read: func() error {
			text, err := c.string()
			if err == nil && len(text) > maxAddedToken {
				err = c.errorf("is %d bytes long, want at most %d", len(text), maxAddedToken)
			}
			m.prefix = string(text)
			return err
		}},
		field{name: "max_input_chars_per_word", read: func() error {
			n, err := c.id()
			if err == nil && (n < 1 || n > maxWordChars) {
				err = c.errorf("found %d, want 1 to %d", n, maxWordChars)
			}
			m.maxChars = int(n)
			return err
		}},
		field{name: "vocab", read: func() (err error) { m.vocab, err = readVocabulary(c); return err }},
	)
	if err != nil {
		return nil, err
	}
	if !m.index(unknown) {
		return nil, c.errorf("the unk_token %q is not in model.vocab", shorten(unknown))
	}
	return m, nil
}

// index prepares the search. It returns false if the unknown token is missing.
func (m *wordPiece) index(unknown string) bool {
	for i := range m.vocab.tokens {
		literal := m.vocab.literal(int32(i))
		m.vocab.tokens[i].width = int32(len(literal))
		m.widestFirst = max(m.widestFirst, len(literal))
		if len(literal) >= len(m.prefix) && literal[:len(m.prefix)] == m.prefix {
			m.widestNext = max(m.widestNext, len(literal)-len(m.prefix))
		}
	}
	m.unknown = m.vocab.lookup([]byte(unknown))
	return m.unknown >= 0
}
