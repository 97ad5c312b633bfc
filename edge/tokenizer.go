package edge

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/toller-search/toller/infer/token"
	"github.com/toller-search/toller/infer/weights"
)

// draftTokenizer reads the tokenizer's file and makes of it what the layout's
// reference works with.
func (l *layout) draftTokenizer(c *weights.Checkpoint) (*tokenizerDraft, error) {
	b := l.backbone
	d, err := readTokenizerDraft(c, b)
	if err != nil {
		return nil, err
	}
	if b.rebuildsTokenizer() {
		err = d.rebuildBERT(b.tokenizer, &l.settings)
	} else {
		_, _, err = d.load()
	}
	if err != nil {
		return nil, err
	}
	if l.reference == SentenceTransformers {
		return d, d.asSentenceTransformers(l.settings)
	}
	// PyLate makes its markers added tokens, which are found in the text too.
	for _, marker := range []string{l.settings.query.prefix, l.settings.document.prefix} {
		if err := d.addMarker(marker); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// tokenizerDraft is a tokenizer.json of which parts may be put in before it is
// loaded.
type tokenizerDraft struct {
	name string           // of the file, for messages
	text []byte           // the file as it is; nil once something has been put in
	made *token.Tokenizer // of text; nil where that is nil, or not loaded yet

	opened  bool
	members map[string]json.RawMessage
	model   map[string]json.RawMessage
	vocab   map[string]int32
	added   []addedEntry
}

// addedEntry is an element of added_tokens.
type addedEntry struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// readTokenizerDraft reads tokenizer.json, or the vocab.txt of a BERT without one.
func readTokenizerDraft(c *weights.Checkpoint, b backboneFiles) (*tokenizerDraft, error) {
	d := &tokenizerDraft{name: path.Join(c.Name(), b.file(tokenizerFile))}
	var missing error
	if d.text, missing = c.ReadFile(b.file(tokenizerFile)); missing == nil {
		return d, nil
	}
	if !errors.Is(missing, fs.ErrNotExist) || !b.rebuildsTokenizer() {
		return nil, missing
	}
	text, err := c.ReadFile(b.file(vocabularyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("edge: %w; nor is there a %s", missing, vocabularyFile)
	}
	if err != nil {
		return nil, err
	}
	d.name = path.Join(c.Name(), b.file(vocabularyFile))
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("edge: %s: expected UTF-8 text", d.name)
	}
	d.opened = true
	d.members = map[string]json.RawMessage{}
	d.model = map[string]json.RawMessage{}
	d.vocab = vocabularyOfLines(string(text))
	return d, d.put(d.model, "vocab", d.vocab)
}

// vocabularyOfLines reads a vocab.txt: a token a line, its id the number of the
// line. Lines end as Python has it, and of equal ones the last counts.
func vocabularyOfLines(text string) map[string]int32 {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	vocab := map[string]int32{}
	id := int32(0)
	for line := range strings.Lines(text) {
		vocab[strings.TrimSuffix(line, "\n")] = id
		id++
	}
	return vocab
}

// open takes the file apart.
func (d *tokenizerDraft) open() error {
	if d.opened {
		return nil
	}
	d.opened = true
	if d.made == nil { // what has been loaded is valid JSON
		var any json.RawMessage
		if err := json.Unmarshal(d.text, &any); err != nil {
			return d.wrong("", err)
		}
	}
	d.members = jsonMembers(d.text)
	d.model = jsonMembers(d.members["model"])
	if d.model == nil {
		return d.wrong("model", errors.New("expected an object, found none"))
	}
	if text := d.members["added_tokens"]; text != nil {
		if err := json.Unmarshal(text, &d.added); err != nil {
			return d.wrong("added_tokens", err)
		}
	}
	return nil
}

func (d *tokenizerDraft) wrong(key string, err error) error {
	if key == "" {
		return fmt.Errorf("edge: %s: %w", d.name, err)
	}
	return fmt.Errorf("edge: %s: %s: %w", d.name, key, err)
}

// words returns the model's vocabulary.
func (d *tokenizerDraft) words() (map[string]int32, error) {
	if d.vocab == nil {
		if err := json.Unmarshal(d.model["vocab"], &d.vocab); err != nil {
			return nil, d.wrong("model.vocab", err)
		}
	}
	return d.vocab, nil
}

// put replaces a part of the file.
func (d *tokenizerDraft) put(object map[string]json.RawMessage, key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return d.wrong(key, err)
	}
	object[key] = text
	d.changed()
	return nil
}

// changed notes that something has been put in.
func (d *tokenizerDraft) changed() { d.text, d.made = nil, nil }

// find returns the added token of that content, nil if there is none.
func (d *tokenizerDraft) find(content string) *addedEntry {
	if i := slices.IndexFunc(d.added, func(a addedEntry) bool { return a.Content == content }); i >= 0 {
		return &d.added[i]
	}
	return nil
}

// addMarker makes a token of the vocabulary an added one, as PyLate does: it is
// found wherever it stands in the normalized text. What is an added token, or
// none at all, stays as it is.
func (d *tokenizerDraft) addMarker(content string) error {
	if content == "" {
		return nil
	}
	t, _, err := d.load()
	if err != nil {
		return err
	}
	id, ok := t.ID(content)
	if !ok || slices.Contains(t.Encode("x"+content+"x", token.Options{}).IDs, id) {
		return nil
	}
	if err := d.open(); err != nil {
		return err
	}
	if d.find(content) == nil {
		d.added = append(d.added, addedEntry{ID: id, Content: content, Normalized: true})
		d.changed()
	}
	return nil
}

// asSentenceTransformers puts in what sentence-transformers 6 does: lower-casing
// before anything else, and the markers of other layouts as special tokens.
func (d *tokenizerDraft) asSentenceTransformers(s settings) error {
	if s.lower {
		if err := d.addLowercase(); err != nil {
			return err
		}
	}
	for _, marker := range s.markers {
		if err := d.addSpecialMarker(marker); err != nil {
			return err
		}
	}
	return nil
}

// normalizerStep is a normalizer, or a Sequence of them.
type normalizerStep struct {
	Type  string            `json:"type"`
	Steps []json.RawMessage `json:"normalizers"`
}

// addLowercase puts a Lowercase before the normalizer, unless it is or has one.
func (d *tokenizerDraft) addLowercase() error {
	if err := d.open(); err != nil {
		return err
	}
	var n normalizerStep
	if text := d.members["normalizer"]; text != nil {
		if err := json.Unmarshal(text, &n); err != nil {
			return d.wrong("normalizer", err)
		}
	}
	steps := n.Steps
	switch n.Type {
	case "Sequence":
	case "": // none
	default:
		steps = []json.RawMessage{d.members["normalizer"]}
	}
	for _, text := range steps {
		var step normalizerStep
		if err := json.Unmarshal(text, &step); err != nil {
			return d.wrong("normalizer", err)
		}
		if step.Type == "Lowercase" {
			return nil
		}
	}
	steps = append([]json.RawMessage{json.RawMessage(`{"type":"Lowercase"}`)}, steps...)
	return d.put(d.members, "normalizer", map[string]any{"type": "Sequence", "normalizers": steps})
}

// addSpecialMarker makes a special token of a marker, or of its first word, if it
// is a token and the tokenizer takes the text apart all the same, or looks for it
// in another spelling.
func (d *tokenizerDraft) addSpecialMarker(marker string) error {
	words := strings.Fields(marker)
	if len(words) == 0 {
		return nil
	}
	t, _, err := d.load()
	if err != nil {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	for _, content := range []string{marker, words[0]} {
		id, ok := t.ID(content)
		if !ok {
			continue
		}
		a := d.find(content)
		respelt := a != nil && a.Normalized && lowers(t) && strings.ToLower(content) != content
		if slices.Equal(t.Encode(content, token.Options{}).IDs, []int32{id}) && !respelt {
			return nil
		}
		d.added = slices.DeleteFunc(d.added, func(a addedEntry) bool { return a.Content == content })
		d.added = append(d.added, addedEntry{ID: id, Content: content, Special: true})
		d.changed()
		return nil
	}
	return nil
}

// lowers reports whether the tokenizer makes no difference between capitals and
// small letters.
func lowers(t *token.Tokenizer) bool {
	return slices.Equal(t.Encode("A", token.Options{}).IDs, t.Encode("a", token.Options{}).IDs)
}

// load makes the tokenizer, and returns the tokenizer.json that it was made of.
func (d *tokenizerDraft) load() (*token.Tokenizer, []byte, error) {
	if d.made != nil {
		return d.made, d.text, nil
	}
	if d.text == nil {
		slices.SortStableFunc(d.added, func(a, b addedEntry) int { return cmp.Compare(a.ID, b.ID) })
		if err := d.put(d.members, "added_tokens", d.added); err != nil {
			return nil, nil, err
		}
		d.members["model"] = joinMembers(d.model)
		d.text = joinMembers(d.members)
	}
	t, err := token.Load(d.name, d.text)
	if err != nil {
		return nil, nil, err
	}
	d.made = t
	return t, d.text, nil
}
