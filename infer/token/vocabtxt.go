package token

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// WordPieceSettings are what a vocab.txt does not say: options that
// transformers' BertTokenizer has from tokenizer_config.json. The zero value
// has their defaults.
type WordPieceSettings struct {
	Cased        bool  // do_lower_case is false
	StripAccents *bool // strip_accents; nil is what lower-casing is
	JoinChinese  bool  // tokenize_chinese_chars is false: ideographs are no words of their own

	// Special tokens; "" is [UNK], [SEP], [PAD], [CLS] and [MASK]. Those that the
	// vocabulary lacks get the next free ids in this order, but the first, which
	// it must have.
	Unknown, Separator, Padding, Classifier, Mask string

	// Added has further added tokens, those without an id in the vocabulary in
	// the order of their ids.
	Added []AddedToken
}

// An AddedToken is a text that becomes one token wherever it stands.
type AddedToken struct {
	Content    string
	ID         int32
	Normalized bool // its normalized form is looked for in the normalized text
	SingleWord bool // not inside a word
	LStrip     bool // takes the white space before it
	RStrip     bool // takes the white space after it
}

// LoadWordPiece makes the tokenizer that transformers' BertTokenizer makes of a
// vocab.txt: a token a line, its id the number of the line from 0. Of equal
// lines the last counts. The name is used in errors only.
//
// transformers takes only the vocabulary and the added tokens of a BERT
// tokenizer's tokenizer.json as well, and everything else from the settings;
// Load does what tokenizer.json says.
func LoadWordPiece(name string, vocabTxt []byte, s WordPieceSettings) (*Tokenizer, error) {
	fail := func(format string, args ...any) (*Tokenizer, error) {
		return nil, fmt.Errorf("token: %s: %s", name, fmt.Sprintf(format, args...))
	}
	if len(vocabTxt) > maxFile {
		return fail("is %d bytes long, more than the %d that are supported", len(vocabTxt), maxFile)
	}
	if !utf8.Valid(vocabTxt) {
		return fail("is not UTF-8 text")
	}
	vocab, err := vocabularyOfLines(string(vocabTxt))
	if err != nil {
		return fail("%v", err)
	}
	unknown := orElse(s.Unknown, "[UNK]")
	m := &wordPiece{vocab: vocab, prefix: "##", maxChars: 100}
	if !m.index(unknown) {
		return fail("the unknown token %q is not in it", shorten(unknown))
	}

	strip := !s.Cased
	if s.StripAccents != nil {
		strip = *s.StripAccents
	}
	e := newEncoder()
	e.model, e.size = m, vocab.size()
	e.normalizers = []normalizer{bertNormalizer{clean: true, chinese: !s.JoinChinese, strip: strip, lower: !s.Cased}}
	e.preTokenizer = bertPreTokenizer{chinese: !s.JoinChinese}

	classifier, separator := orElse(s.Classifier, "[CLS]"), orElse(s.Separator, "[SEP]")
	for _, content := range []string{unknown, separator, orElse(s.Padding, "[PAD]"), classifier, orElse(s.Mask, "[MASK]")} {
		if e.addedByContent[content] != nil {
			continue // one token for two purposes
		}
		id, ok := e.id(content)
		if !ok {
			id = int32(e.size)
		}
		if err := e.addToken(&addedToken{content: content, id: id}); err != nil {
			return fail("special tokens: %v", err)
		}
	}
	for _, a := range s.Added {
		if len(a.Content) == 0 || len(a.Content) > maxAddedToken || a.ID < 0 || a.ID > maxID {
			return fail("added tokens: %q has %d bytes and id %d, want 1 to %d bytes and an id from 0 to %d",
				shorten(a.Content), len(a.Content), a.ID, maxAddedToken, maxID)
		}
		t := &addedToken{content: a.Content, id: a.ID, normalized: a.Normalized, singleWord: a.SingleWord, lstrip: a.LStrip, rstrip: a.RStrip}
		if old := e.addedByContent[a.Content]; old != nil && old.id == a.ID {
			delete(e.addedByContent, a.Content)
			delete(e.addedByID, a.ID)
		}
		if err := e.addToken(t); err != nil {
			return fail("added tokens: %v", err)
		}
	}
	if err := e.indexAddedTokens(name); err != nil {
		return nil, err
	}
	first, _ := e.id(classifier)
	last, _ := e.id(separator)
	e.template = template{prefix: []int32{first}, suffix: []int32{last}}
	return &Tokenizer{e}, nil
}

// WordPiece returns what the tokenizer has of the settings that are not about
// tokens, to be compared with tokenizer_config.json. ok is false if it is none
// that LoadWordPiece could make: another model, other components, or options
// of theirs that BertTokenizer does not have.
func (t *Tokenizer) WordPiece() (s WordPieceSettings, ok bool) {
	m, ok := t.encoder.model.(*wordPiece)
	if !ok || m.prefix != "##" || m.maxChars != 100 || len(t.encoder.normalizers) != 1 {
		return s, false
	}
	n, ok := t.encoder.normalizers[0].(bertNormalizer)
	if !ok || !n.clean {
		return s, false
	}
	s = WordPieceSettings{Cased: !n.lower, JoinChinese: !n.chinese}
	if n.strip != n.lower {
		s.StripAccents = &n.strip
	}
	return s, true
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// vocabularyOfLines reads a vocab.txt. Lines end as Python has it: in a line
// feed, a carriage return or both.
func vocabularyOfLines(text string) (*vocabulary, error) {
	if strings.IndexByte(text, '\r') >= 0 {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	last := map[string]int32{}
	count := int32(0)
	for line := range strings.Lines(text) {
		if count > maxID {
			return nil, fmt.Errorf("there are more than %d lines", maxID+1)
		}
		last[strings.TrimSuffix(line, "\n")] = count
		count++
	}
	var arena []byte
	tokens := make([]tokenEntry, 0, len(last))
	for literal, id := range last {
		start := uint32(len(arena))
		arena = append(arena, literal...)
		tokens = append(tokens, tokenEntry{id: id, start: start, end: uint32(len(arena))})
	}
	return newVocabulary(arena, tokens)
}
