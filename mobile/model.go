package mobile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/mobile/internal/embedded"
)

// ModelOptions changes how a model is opened. A new one changes nothing, and null
// is as good.
type ModelOptions struct {
	Threads        int // that encode at once; 0: as SetMemory's preset says
	DocumentLength int // tokens at which a document is cut; 0: as the model says
}

// NewModelOptions returns options that change nothing.
func NewModelOptions() *ModelOptions { return new(ModelOptions) }

func (o *ModelOptions) list() []edge.Option {
	if o == nil {
		o = new(ModelOptions)
	}
	_, threads := activity.current(o.Threads)
	list := []edge.Option{edge.WithThreads(threads)}
	if o.DocumentLength != 0 {
		list = append(list, edge.WithDocumentLength(o.DocumentLength))
	}
	return list
}

// A Model encodes, ranks and explains texts.
type Model struct {
	edge *edge.Model
	life
}

// Open opens a model: the path of a checkpoint's folder, or of one file made by
// "toller pack", which is what an app ships. The file is mapped, not read, and must
// not change while the model is open. Open blocks for some 100 ms.
func Open(path string, options *ModelOptions) (m *Model, err error) {
	defer recovered(&err)
	return open(func() (*edge.Model, error) { return edge.Open(path, options.list()...) })
}

// OpenBytes opens a packed model from memory, where it is copied to and stays: a file
// takes less. name is for messages. OpenBytes blocks for some 100 ms.
func OpenBytes(name string, packed []byte, options *ModelOptions) (m *Model, err error) {
	defer recovered(&err)
	return open(func() (*edge.Model, error) {
		// What the other side hands over is its own again after the call.
		return edge.OpenBytes(name, bytes.Clone(packed), options.list()...)
	})
}

// OpenBuiltin opens the model that the app was built with. OpenBuiltin blocks for some
// 100 ms.
func OpenBuiltin(options *ModelOptions) (m *Model, err error) {
	defer recovered(&err)
	if embedded.Open == nil {
		return nil, errors.New("mobile: this app was built without the embedded model: bind package mobile/builtin too, or open a file")
	}
	return open(func() (*edge.Model, error) { return embedded.Open(options.list()...) })
}

// HasBuiltin says whether the app was built with the embedded model.
func HasBuiltin() bool { return embedded.Open != nil }

func open(f func() (*edge.Model, error)) (*Model, error) {
	activity.enter()
	defer activity.leave()
	m, err := f()
	if err != nil {
		return nil, err
	}
	model := &Model{m, newLife()}
	activity.add(model)
	return model, nil
}

// Close ends the calls that are running, which throw an error of kind [KindClosed],
// and gives the model's memory back. It blocks for up to 100 ms. Queries and
// documents that were encoded stay usable; indexes opened with the model should be
// closed before. Closing again does nothing.
func (m *Model) Close() (err error) {
	defer recovered(&err)
	if err := m.life.close("model " + m.Name()); err != nil {
		return err
	}
	activity.remove(m)
	activity.enter()
	defer activity.leave()
	return m.edge.Close()
}

// trim has nobody to tell that the model was closed meanwhile.
func (m *Model) trim() { _ = m.edge.Trim() }

func (m *Model) unload() { m.trim() }

// info is empty for an object that the other side made by itself.
func (m *Model) info() edge.Info {
	if m.edge == nil {
		return edge.Info{}
	}
	return m.edge.Info()
}

// Name returns the model's name.
func (m *Model) Name() string { return m.info().Name }

// Dim returns the number of components of its vectors.
func (m *Model) Dim() int { return m.info().Dim }

// Threads returns how many threads encode at once.
func (m *Model) Threads() int { return m.info().Threads }

// Fingerprint identifies the model: vectors can be compared where it is the same.
func (m *Model) Fingerprint() string { return m.info().Fingerprint.String() }

// Describe returns everything there is to know about the model as JSON, with the
// fields of Go's edge.Info.
func (m *Model) Describe() (text string, err error) {
	defer recovered(&err)
	b, err := json.Marshal(m.info())
	return string(b), err
}

// Rank orders texts by how well they answer a query, best first. Each is cut at the
// model's document length. topK is how many are returned, 0 for all. It blocks, some
// milliseconds a text; progress is told texts done. progress and cancel may be null.
func (m *Model) Rank(query string, texts *Texts, topK int, progress Progress, cancel *Cancel) (r *Ranking, err error) {
	defer recovered(&err)
	ctx, end, done, err := m.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	hits, err := m.edge.Rank(ctx, query, texts.strings(), edge.TopK(topK),
		edge.Progress(func(n, total int) { report(progress, end, n, total) }))
	if err != nil {
		return nil, reason(ctx, err)
	}
	return &Ranking{hits}, nil
}

// EncodeQuery encodes a query. It blocks for some milliseconds; cancel may be null.
func (m *Model) EncodeQuery(text string, cancel *Cancel) (q *Query, err error) {
	defer recovered(&err)
	ctx, _, done, err := m.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	e, err := m.edge.EncodeQuery(ctx, text)
	if err != nil {
		return nil, reason(ctx, err)
	}
	return &Query{*e}, nil
}

// EncodeDocuments encodes texts. It blocks, some milliseconds a text; progress is
// told texts done. progress and cancel may be null. Some 200 bytes a token stay in
// memory: to rank texts once, use Rank; to keep many, an Index.
func (m *Model) EncodeDocuments(texts *Texts, progress Progress, cancel *Cancel) (d *Documents, err error) {
	defer recovered(&err)
	ctx, end, done, err := m.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	list, err := m.edge.EncodeDocuments(ctx, texts.strings(),
		edge.Progress(func(n, total int) { report(progress, end, n, total) }))
	if err != nil {
		return nil, reason(ctx, err)
	}
	return &Documents{list}, nil
}

// Explain compares one text with a query and says what in it answers the query. It
// blocks for some milliseconds; cancel may be null. passage is the length, in bytes of
// UTF-8, up to which the best passage is cut out, 0 for 280.
func (m *Model) Explain(query, text string, passage int, cancel *Cancel) (e *Explanation, err error) {
	defer recovered(&err)
	if passage < 0 {
		return nil, fmt.Errorf("mobile: passage: expected 0 bytes or more, found %d", passage)
	}
	if passage == 0 {
		passage = defaultPassage
	}
	ctx, _, done, err := m.begin(cancel)
	if err != nil {
		return nil, err
	}
	defer done()
	q, err := m.edge.EncodeQuery(ctx, query)
	if err != nil {
		return nil, reason(ctx, err)
	}
	d, err := m.edge.EncodeDocuments(ctx, []string{text})
	if err != nil {
		return nil, reason(ctx, err)
	}
	return newExplanation(query, text, edge.Explain(q, d[0]), passage), nil
}

// CountTokens returns the number of tokens of a text, limit for those that have more.
func (m *Model) CountTokens(text string, limit int) (n int, err error) {
	defer recovered(&err)
	_, _, done, err := m.begin(nil)
	if err != nil {
		return 0, err
	}
	defer done()
	return m.edge.CountTokens(text, limit), nil
}
