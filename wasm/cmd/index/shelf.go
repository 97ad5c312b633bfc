//go:build js

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"syscall/js"
	"time"

	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/wasm/bridge"
)

// shelf is the one index of a worker.
type shelf struct {
	session *bridge.Session

	mu   sync.Mutex
	open *index.Index // nil: none
}

// handle adds the methods of an index. Each has its arguments as JSON, under {json}.
func (s *shelf) handle() {
	s.session.Handle("index.open", method(s.openIndex))
	s.session.Handle("index.texts", method(s.texts))
	s.session.Handle("index.write", s.write)
	s.session.Handle("index.delete", method(s.delete))
	s.session.Handle("index.search", method(s.search))
	s.session.Handle("index.get", method(s.get))
	s.session.Handle("index.keys", method(s.keys))
	s.session.Handle("index.status", method(s.status))
	s.session.Handle("index.compact", method(s.compact))
	s.session.Handle("index.flush", method(s.flush))
	s.session.Handle("index.close", method(s.close))
}

// none are the arguments of a method that has none.
type none struct{}

// method is a method whose arguments are JSON, and so is its answer.
func method[A any](f func(ctx context.Context, arguments A) (any, error)) bridge.Method {
	return func(ctx context.Context, a js.Value) (any, error) {
		arguments, err := argumentsOf[A](a)
		if err != nil {
			return nil, err
		}
		result, err := f(ctx, arguments)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(result)
		return string(text), err
	}
}

func argumentsOf[A any](a js.Value) (arguments A, err error) {
	err = json.Unmarshal([]byte(a.Get("json").String()), &arguments)
	return arguments, err
}

// settings of an index that is opened; all but the path may be left out. Codec,
// Dims and Pool are those of a file that is made.
type settings struct {
	Path    string `json:"path"`
	Codec   string `json:"codec"`
	Dims    int    `json:"dims"`
	Pool    int    `json:"pool"`
	Tokens  int    `json:"passageTokens"`
	Overlap *int   `json:"passageOverlap"`
	Whole   bool   `json:"wholeDocuments"`
}

func (s *shelf) openIndex(ctx context.Context, a settings) (any, error) {
	m, err := s.session.Model()
	if err != nil {
		return nil, err
	}
	options := []index.Option{index.WithDims(a.Dims), index.WithPooling(a.Pool), index.WithMemory(memory)}
	if a.Codec != "" {
		options = append(options, index.WithCodec(a.Codec))
	}
	switch {
	case a.Whole:
		options = append(options, index.WithWholeDocuments())
	case a.Tokens != 0:
		overlap := a.Tokens / 8
		if a.Overlap != nil {
			overlap = *a.Overlap
		}
		options = append(options, index.WithPassages(a.Tokens, overlap))
	case a.Overlap != nil:
		return nil, errors.New("passageOverlap: expected passageTokens beside it")
	}
	x, err := index.Open(ctx, a.Path, m, options...)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.open = x
	s.mu.Unlock()
	return s.status(ctx, none{})
}

// memory is between a phone's and a computer's: a page has one connection.
var memory = index.Memory{Codes: 16 << 20, Pages: 8 << 20, Readers: 1}

// index returns the index that is open.
func (s *shelf) index() (*index.Index, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return nil, index.ErrClosed
	}
	return s.open, nil
}

// status is what an index says of itself.
type status struct {
	Driver      string `json:"driver"`
	Model       string `json:"model"`
	Fingerprint string `json:"fingerprint"`
	Dim         int    `json:"dim"`
	Codec       string `json:"codec"`
	Dims        int    `json:"dims"`
	Pool        int    `json:"pool"`
	Documents   int64  `json:"documents"`
	Passages    int64  `json:"passages"`
	Tokens      int64  `json:"tokens"`
	Trained     bool   `json:"trained"`
	Bytes       int64  `json:"bytes"`
	Trouble     string `json:"trouble,omitempty"`
}

func (s *shelf) status(ctx context.Context, _ none) (any, error) {
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	st, err := x.Stat(ctx)
	if err != nil {
		return nil, err
	}
	out := status{
		Driver: st.Driver, Model: st.Model.Name, Fingerprint: fmt.Sprintf("%x", st.Model.Fingerprint), Dim: st.Model.Dim,
		Codec: st.Codec.String(), Dims: st.Dims, Pool: st.Pool,
		Documents: st.Documents, Passages: st.Passages, Tokens: st.Tokens, Trained: st.Trained,
		Bytes: st.FileBytes + st.LogBytes,
	}
	if st.Trouble != nil {
		out.Trouble = st.Trouble.Error()
	}
	return out, nil
}

type keyed struct {
	Keys []string `json:"keys"`
}

func (s *shelf) delete(ctx context.Context, a keyed) (any, error) {
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	return x.Delete(ctx, a.Keys...)
}

// get returns the documents that there are of {keys}.
func (s *shelf) get(ctx context.Context, a keyed) (any, error) {
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	found := []document{}
	for _, key := range a.Keys {
		e, err := x.Get(ctx, key)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, newDocument(e))
	}
	return found, nil
}

type selection struct {
	Filter string `json:"filter"`
}

// keys returns the keys of the documents that meet a filter, in the order in which
// they were added.
func (s *shelf) keys(ctx context.Context, a selection) (any, error) {
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	keys := []string{}
	err = x.Entries(ctx, a.Filter, func(e *index.Entry) bool {
		keys = append(keys, e.Key)
		return true
	})
	return keys, err
}

func (s *shelf) compact(ctx context.Context, _ none) (any, error) {
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	return nil, x.Compact(ctx, nil)
}

// flush has all that is stored in the one file, without a log beside it.
func (s *shelf) flush(context.Context, none) (any, error) {
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	return nil, x.Trim()
}

func (s *shelf) close(context.Context, none) (any, error) {
	s.mu.Lock()
	x := s.open
	s.open = nil
	s.mu.Unlock()
	if x == nil {
		return nil, nil
	}
	return nil, x.Close()
}

// document is an entry of an index as the page's side knows it.
type document struct {
	Key      string         `json:"key"`
	Title    string         `json:"title"`
	Source   string         `json:"source"`
	Text     string         `json:"text"`
	Metadata map[string]any `json:"metadata,omitempty"`
	Time     *int64         `json:"time,omitempty"` // in milliseconds
	Plain    bool           `json:"plain,omitempty"`
}

func newDocument(e *index.Entry) document {
	d := document{Key: e.Key, Title: e.Title, Source: e.Source, Text: e.Text, Metadata: e.Metadata}
	if !e.Time.IsZero() {
		moment := e.Time.UnixMilli()
		d.Time = &moment
	}
	return d
}

func (d *document) entry() index.Entry {
	e := index.Entry{Key: d.Key, Title: d.Title, Source: d.Source, Text: d.Text, Metadata: d.Metadata, Plain: d.Plain}
	if d.Time != nil {
		e.Time = time.UnixMilli(*d.Time)
	}
	return e
}
