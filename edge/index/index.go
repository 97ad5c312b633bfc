package index

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/store"
)

// An Index is an open file of documents, and the model that encodes for it.
type Index struct {
	path   string
	model  *edge.Model // nil: nothing can be encoded
	store  *store.Store
	pool   int        // the file's pooling factor
	former [][16]byte // fingerprints that earlier versions gave to the model
	passages

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // those that use the store; no Add once closed
}

// Open opens the index in the file at path, and creates it when there is
// none. The model stays the caller's: close it after the index.
//
// An index takes vectors of one model only. Opening it with another is refused
// with [ErrModel] and both names; the same model under another name, or
// packed, is not another. So is one whose tokenizer, or whose settings for documents
// (prefix, prompt, skiplist, lower-casing), differ. Lengths, and settings for queries,
// don't matter: what is stored doesn't depend on them.
//
// A file of an earlier version is brought to this one's form, unless it is opened
// [ReadOnly]; one of a later version is refused with [ErrSchema].
//
// m may be nil for an index that exists: lexical search, reading, deleting,
// export, import and maintenance need no model.
func Open(ctx context.Context, path string, m *edge.Model, opts ...Option) (*Index, error) {
	o, err := newOptions(m, opts)
	if err != nil {
		return nil, err
	}
	if m != nil && !m.Info().Normalized {
		return nil, fmt.Errorf("index: %s: expected a model that gives unit vectors, which are what an index keeps, found %s, which doesn't", path, m.Info().Name)
	}
	x := &Index{path: path, model: m}
	if m != nil {
		o.Model = origin(m)
		for _, f := range m.FormerDocumentFingerprints() {
			o.Former = append(o.Former, f)
		}
		x.former = o.Former
	}
	if x.store, err = store.Open(ctx, path, o.Options); err != nil {
		return nil, err
	}
	stat, err := x.store.Stat(ctx)
	if err != nil {
		return nil, errors.Join(err, x.store.Close())
	}
	x.pool = stat.Pool
	x.passages = o.passages
	return x, nil
}

// origin is what an index records about the model of its vectors.
func origin(m *edge.Model) Origin {
	info := m.Info()
	return Origin{
		Name:        info.Name[:min(len(info.Name), maxModelName)],
		Fingerprint: m.DocumentFingerprint(),
		Dim:         info.Dim,
	}
}

// maxModelName is how many bytes of a model's name an index keeps.
const maxModelName = 200

// Close waits for the calls that are running and closes the file. Calls that
// come later return [ErrClosed]. The model stays open.
func (x *Index) Close() error {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.calls.Wait()
	return x.store.Close()
}

// begin keeps the file open until x.calls.Done.
func (x *Index) begin() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return fmt.Errorf("index: %s: %w", x.path, ErrClosed)
	}
	x.calls.Add(1)
	return nil
}

// Path returns the name of the file as it was given to [Open].
func (x *Index) Path() string { return x.path }

// Stat describes the file: what it holds, and how it was made.
func (x *Index) Stat(ctx context.Context) (Stat, error) {
	if err := x.begin(); err != nil {
		return Stat{}, err
	}
	defer x.calls.Done()
	return x.store.Stat(ctx)
}

// Check reads the whole file and verifies what can be verified, as
// [store.Store.Check] does. progress may be nil.
func (x *Index) Check(ctx context.Context, progress Stages) (Report, error) {
	if err := x.begin(); err != nil {
		return Report{}, err
	}
	defer x.calls.Done()
	return x.store.Check(ctx, progress)
}

// Compact writes the file anew, as small as it can be. It needs as much free
// space as the file has, and other writers wait. progress may be nil.
func (x *Index) Compact(ctx context.Context, progress Stages) error {
	if err := x.begin(); err != nil {
		return err
	}
	defer x.calls.Done()
	return x.store.Compact(ctx, progress)
}

// Trim gives memory back to the system, as a program does when it goes to the
// background or when the system asks for it: what searches have read of the file,
// and idle connections. The next search reads it again. It stops the whole program
// for some milliseconds to collect its garbage.
func (x *Index) Trim() error {
	if err := x.begin(); err != nil {
		return err
	}
	defer x.calls.Done()
	return x.store.Trim()
}

// Train trains the centroids that pruned search and the residual codes need, on
// what is stored now. Writes do it by themselves when the index has grown
// enough; see [store.Store.Train]. progress may be nil.
func (x *Index) Train(ctx context.Context, progress Stages) error {
	if err := x.begin(); err != nil {
		return err
	}
	defer x.calls.Done()
	return x.store.Train(ctx, progress)
}
