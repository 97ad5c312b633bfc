package edge

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/token"
	"github.com/toller-search/toller/infer/weights"
)

// ErrClosed is returned by the methods of a model after [Model.Close].
var ErrClosed = errors.New("closed already")

// A Model is an open checkpoint. It never changes, and any number of goroutines
// may use it.
type Model struct {
	checkpoint *weights.Checkpoint
	encoder    *infer.Encoder
	head       *heads.Head
	queries    *preparer
	documents  *preparer
	pooling    pooling // unless a call says otherwise
	raw        bool    // vectors aren't made unit vectors
	added      []addedToken
	model      Fingerprint
	tokens     [sha256.Size]byte // what determines token ids; see digestTokenizer
	threads    int
	info       Info

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // those that use the checkpoint's mapping; no Add once closed
}

// Open opens a checkpoint: a directory in any [Layout], or one packed .safetensors file.
// All of it is read and checked; a checkpoint that opens can encode.
func Open(path string, opts ...Option) (*Model, error) {
	c, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := newModel(c, opts)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	m.info.Path = path
	name := filepath.Base(path)
	if full, err := filepath.Abs(path); err == nil {
		name = filepath.Base(full)
	}
	m.nameUnlessNamed(name)
	return m, nil
}

// OpenBytes opens a packed checkpoint that is in memory already, such as an
// embedded one. The bytes are not copied: they must not change while the model
// is open. name is used in messages and [Info].
func OpenBytes(name string, packed []byte, opts ...Option) (*Model, error) {
	c, err := weights.OpenBytes(name, packed)
	if err != nil {
		return nil, err
	}
	m, err := newModel(c, opts)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	m.nameUnlessNamed(name)
	return m, nil
}

// OpenFiles opens a checkpoint whose files, as they lie on the hub, are in memory
// already, by their slash-separated names in it: "config.json",
// "1_Dense/model.safetensors". They are not copied: they must not change while
// the model is open. name is used in messages and [Info].
func OpenFiles(name string, files map[string][]byte, opts ...Option) (*Model, error) {
	c, err := weights.OpenFiles(name, files)
	if err != nil {
		return nil, err
	}
	m, err := newModel(c, opts)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	m.nameUnlessNamed(name)
	return m, nil
}

func newModel(c *weights.Checkpoint, opts []Option) (*Model, error) {
	var o overrides
	for _, opt := range opts {
		opt(&o)
	}
	if o.threads < 1 {
		o.threads = runtime.GOMAXPROCS(0)
	}
	if r := o.reference; r != "" && r != PyLate && r != SentenceTransformers {
		return nil, fmt.Errorf("edge: reference: expected %q or %q, found %q", PyLate, SentenceTransformers, r)
	}
	l, err := readLayout(c, o.reference)
	if err != nil {
		return nil, err
	}
	s := &l.settings
	s.override(o)
	if l.reference == SentenceTransformers {
		s.asText()
	}
	m := &Model{checkpoint: c, threads: o.threads, pooling: s.pooling, raw: s.raw}
	if m.head, err = openLayoutHead(c, l); err != nil {
		return nil, err
	}
	if m.encoder, err = infer.New(c, infer.Options{Threads: o.threads, Numerics: o.numerics, Folder: l.backbone.folder}); err != nil {
		return nil, err
	}
	if err := checkWidth(c, l, m.head, m.encoder.Hidden()); err != nil {
		return nil, err
	}
	t, err := m.loadTokenizer(c, l)
	if err != nil {
		return nil, err
	}
	if err := m.prepareTexts(t, l); err != nil {
		return nil, fmt.Errorf("edge: %s: %w", c.Name(), err)
	}
	if m.model, err = fingerprint(c, l); err != nil {
		return nil, err
	}
	m.describe(l, t.Size())
	m.info.Name = o.name
	return m, nil
}

// nameUnlessNamed gives the model a name, unless [WithName] has.
func (m *Model) nameUnlessNamed(name string) {
	if m.info.Name == "" {
		m.info.Name = name
	}
}

// loadTokenizer makes the tokenizer. Every id it can produce must have a row in
// the embedding table.
func (m *Model) loadTokenizer(c *weights.Checkpoint, l *layout) (*token.Tokenizer, error) {
	d, err := l.draftTokenizer(c)
	if err != nil {
		return nil, err
	}
	t, text, err := d.load()
	if err != nil {
		return nil, err
	}
	l.lowers = lowers(t)
	if t.Size() > m.encoder.Vocab() {
		return nil, fmt.Errorf("edge: %s: expected ids below %d, the rows of the embedding table, found %d", d.name, m.encoder.Vocab(), t.Size()-1)
	}
	m.tokens = digestTokenizer(t, text)
	return t, nil
}

// prepareTexts sets up how queries and documents are tokenised.
func (m *Model) prepareTexts(t *token.Tokenizer, l *layout) error {
	var err error
	s := &l.settings
	special := l.backbone.tokenizer.special
	positions := m.encoder.Positions()
	s.fit(positions)
	stripped := l.reference == PyLate
	if m.queries, err = newPreparer(t, s.query, "query", maxQueryLength, positions, stripped); err != nil {
		return err
	}
	if m.documents, err = newPreparer(t, s.document, "document", maxDocumentLength, positions, stripped); err != nil {
		return err
	}
	// Otherwise the tokenizer does it.
	m.queries.lower, m.documents.lower = s.lower && stripped, s.lower && stripped

	added := append(append([]int32{}, m.queries.head...), m.documents.head...)
	added = append(added, m.queries.tail...)
	for _, p := range []*preparer{m.queries, m.documents} {
		// Where markers are text, a prompt of one token is one.
		if ids := p.encode(p.prompt, 2).IDs; len(ids) == 1 && !stripped {
			added = append(added, ids[0])
		}
	}
	if s.expansion.on {
		name := s.expansion.token
		if name == "" {
			name = special.mask.Content
		}
		pad, ok := t.ID(name)
		if !ok {
			return fmt.Errorf("query expansion needs the token %s, which the tokenizer doesn't have", name)
		}
		m.queries.fill, m.queries.pad = s.filledTo(), pad
		m.queries.attend, m.queries.scored = s.expansion.attend, !s.expansion.unscored
		added = append(added, pad)
	}
	for _, id := range added {
		name, ok := t.Token(id)
		if !ok {
			return fmt.Errorf("%s: its template has the id %d, which is no token", tokenizerFile, id)
		}
		if a := (addedToken{id, name}); !slices.Contains(m.added, a) {
			m.added = append(m.added, a)
		}
	}

	skip := m.skipped(t, l)
	if s.query.skips {
		m.queries.skip = skip
	}
	if s.document.skips {
		m.documents.skip = skip
	}
	return nil
}

// skipped returns the ids of the skiplist. To PyLate a word that is no token is
// the unknown token; sentence-transformers leaves it out.
func (m *Model) skipped(t *token.Tokenizer, l *layout) map[int32]bool {
	s := &l.settings
	skip := make(map[int32]bool, len(s.skiplist))
	name := l.backbone.tokenizer.special.unknown.Content
	unknown, haveUnknown := t.ID(name)
	for _, word := range s.skiplist {
		id, ok := t.ID(word)
		switch {
		case ok:
			skip[id] = true
		case l.reference == SentenceTransformers:
			s.warnings = append(s.warnings, fmt.Sprintf("skiplist word %q is no token: it is left out", word))
		case haveUnknown:
			skip[unknown] = true
		default:
			s.warnings = append(s.warnings, fmt.Sprintf("skiplist word %q is no token and there is no %s: it is left out", word, name))
		}
	}
	return skip
}

// Close waits for the calls that are running and gives the checkpoint's memory
// back. Calls that come later return [ErrClosed]; queries and documents that
// were encoded stay usable.
func (m *Model) Close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.calls.Wait()
	return m.checkpoint.Close()
}

// Trim gives memory back to the system that can be read again, as a program does when it
// goes to the background: the pages of a checkpoint's file. Calls that are running go on.
func (m *Model) Trim() error {
	if err := m.begin(); err != nil {
		return err
	}
	defer m.calls.Done()
	m.checkpoint.Trim()
	return nil
}

// begin keeps the checkpoint open until m.calls.Done.
func (m *Model) begin() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return fmt.Errorf("edge: model %s: %w", m.info.Name, ErrClosed)
	}
	m.calls.Add(1)
	return nil
}
