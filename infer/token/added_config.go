package token

import "fmt"

// readAddedTokens reads added_tokens.
func (e *encoder) readAddedTokens(c *cursor) error {
	return c.list(func(int) error {
		t := &addedToken{}
		err := c.fields(
			field{name: "id", read: func() (err error) { t.id, err = c.id(); return err }},
			field{name: "content", read: func() error {
				content, err := c.string()
				if err == nil && (len(content) == 0 || len(content) > maxAddedToken) {
					err = c.errorf("is %d bytes long, want 1 to %d", len(content), maxAddedToken)
				}
				t.content = string(content)
				return err
			}},
			field{name: "single_word", read: func() (err error) { t.singleWord, err = c.boolean(); return err }},
			field{name: "lstrip", read: func() (err error) { t.lstrip, err = c.boolean(); return err }},
			field{name: "rstrip", read: func() (err error) { t.rstrip, err = c.boolean(); return err }},
			field{name: "normalized", read: func() (err error) { t.normalized, err = c.boolean(); return err }},
			field{name: "special", read: func() error { _, err := c.boolean(); return err }},
		)
		if err != nil {
			return err
		}
		if err := e.addToken(t); err != nil {
			return c.errorf("%v", err)
		}
		return nil
	})
}

// addToken adds a token unless something is wrong with it.
func (e *encoder) addToken(t *addedToken) error {
	if err := e.checkAddedToken(t); err != nil {
		return err
	}
	e.addedByContent[t.content] = t
	e.addedByID[t.id] = t
	e.size = max(e.size, int(t.id)+1)
	return nil
}

// checkAddedToken compares the id of an added token with the one that
// huggingface/tokenizers would give it, which does not look at the file's: its
// id in the vocabulary, or else the next free one. Where the two disagree the
// file is damaged, and which id the model was trained with is anyone's guess.
func (e *encoder) checkAddedToken(t *addedToken) error {
	if e.addedByContent[t.content] != nil {
		return fmt.Errorf("the token %q is there twice", shorten(t.content))
	}
	if other, taken := e.addedByID[t.id]; taken {
		return fmt.Errorf("the tokens %q and %q both have id %d", shorten(other.content), shorten(t.content), t.id)
	}
	vocab := e.model.vocabulary()
	if index := vocab.lookup([]byte(t.content)); index >= 0 {
		if id := vocab.tokens[index].id; id != t.id {
			return fmt.Errorf("the token %q has id %d here and %d in model.vocab", shorten(t.content), t.id, id)
		}
		return nil
	}
	if index := vocab.byID(t.id); index >= 0 {
		return fmt.Errorf("the tokens %q and %q of model.vocab both have id %d", shorten(t.content), shorten(vocab.literal(index)), t.id)
	}
	if int(t.id) > e.size {
		return fmt.Errorf("the token %q has id %d, want the next free one, %d", shorten(t.content), t.id, e.size)
	}
	return nil
}

// checkPatterns refuses two added tokens that look for the same text.
func (e *encoder) checkPatterns(name string) error {
	for _, set := range []*addedSet{e.raw, e.normalized} {
		for i := 1; i < len(set.tokens); i++ {
			if a, b := set.tokens[i-1], set.tokens[i]; a.pattern == b.pattern {
				return fmt.Errorf("token: %s: added_tokens: %q and %q are the same text %q after the normalizer",
					name, shorten(a.content), shorten(b.content), shorten(a.pattern))
			}
		}
	}
	return nil
}
