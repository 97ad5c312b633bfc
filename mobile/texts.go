package mobile

// Texts is a list of texts, or of keys, to be handed over.
type Texts struct{ list []string }

// NewTexts returns an empty list.
func NewTexts() *Texts { return new(Texts) }

// Add appends a text.
func (t *Texts) Add(text string) { t.list = append(t.list, text) }

// Len returns the number of texts.
func (t *Texts) Len() int { return len(t.list) }

// At returns a text, counted from 0.
func (t *Texts) At(i int) (string, error) {
	if i < 0 || i >= len(t.list) {
		return "", outOfRange(i, len(t.list))
	}
	return t.list[i], nil
}

// strings returns the texts; t may be nil.
func (t *Texts) strings() []string {
	if t == nil {
		return nil
	}
	return t.list
}
