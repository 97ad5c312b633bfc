package edge

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/toller-search/toller/store"
)

// An Index is documents with their token vectors and full text in one SQLite
// file, and the model that encodes for it. Any number of goroutines may use it,
// and other processes may have the file open: many read while one writes.
//
// Errors of the file wrap those of package store: [store.ErrModel],
// [store.ErrExists], [store.ErrNotFound], [store.ErrReadOnly],
// [store.ErrLocked] and so on.
type Index struct {
	path  string
	model *Model // nil: nothing can be encoded
	store *store.Store
	pool  int // the file's pooling factor
	passages

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // those that use the store; no Add once closed
}

// OpenIndex opens the index in the file at path, and creates it when there is
// none. The model stays the caller's: close it after the index.
//
// An index takes vectors of one model only. Opening it with another is refused
// with [store.ErrModel] and both names; the same model under another name, or
// packed, is not another. So is one whose settings for documents (prefix,
// prompt, skiplist, lower-casing) differ. Lengths, and settings for queries,
// don't matter: what is stored doesn't depend on them.
//
// m may be nil for an index that exists: lexical search, reading, deleting,
// export, import and maintenance need no model.
func OpenIndex(ctx context.Context, path string, m *Model, opts ...IndexOption) (*Index, error) {
	o, err := newIndexOptions(m, opts)
	if err != nil {
		return nil, err
	}
	x := &Index{path: path, model: m}
	// The store would refuse the same model under another name. So an existing
	// file is opened without one, and compared here.
	x.store, err = store.Open(ctx, path, o.Options)
	if errors.Is(err, store.ErrNotFound) && m != nil && !o.ReadOnly {
		o.Model = m.origin()
		x.store, err = store.Open(ctx, path, o.Options)
	}
	if err != nil {
		return nil, err
	}
	stat, err := x.store.Stat(ctx)
	if err == nil && m != nil {
		err = m.checkOrigin(path, stat.Model)
	}
	if err != nil {
		return nil, errors.Join(err, x.store.Close())
	}
	x.pool = stat.Pool
	x.passages = o.passages
	return x, nil
}

// origin is what an index records about the model of its vectors.
func (m *Model) origin() store.Model {
	name := []byte(m.info.Name)
	return store.Model{
		Name:        string(name[:min(len(name), maxModelName)]),
		Fingerprint: m.documentFingerprint(),
		Dim:         m.head.Out(),
	}
}

// maxModelName is how many bytes of a model's name an index keeps.
const maxModelName = 200

// checkOrigin refuses the vectors of another model. Names don't matter.
func (m *Model) checkOrigin(path string, have store.Model) error {
	want := m.origin()
	if have.Fingerprint == want.Fingerprint && have.Dim == want.Dim {
		return nil
	}
	return fmt.Errorf("edge: %s: %w: made with %s, opened with %s", path, store.ErrModel, have, want)
}

// documentFingerprint identifies what determines the vectors of a document: the
// model's weights, and its settings for documents but the length.
func (m *Model) documentFingerprint() Fingerprint {
	h := sha256.New()
	h.Write(m.model[:])
	d := m.documents
	fmt.Fprintf(h, "%q %t", d.prompt, d.lower)
	for _, ids := range [][]int32{d.head, d.tail, slices.Sorted(maps.Keys(d.skip))} {
		h.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(ids))))
		for _, id := range ids {
			h.Write(binary.LittleEndian.AppendUint32(nil, uint32(id)))
		}
	}
	return Fingerprint(h.Sum(nil)[:16])
}

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
		return fmt.Errorf("%w: %s", ErrClosed, x.path)
	}
	x.calls.Add(1)
	return nil
}

// Stat describes the file: what it holds, and how it was made.
func (x *Index) Stat(ctx context.Context) (store.Stat, error) {
	if err := x.begin(); err != nil {
		return store.Stat{}, err
	}
	defer x.calls.Done()
	return x.store.Stat(ctx)
}

// Check reads the whole file and verifies what can be verified, as
// [store.Store.Check] does. progress may be nil.
func (x *Index) Check(ctx context.Context, progress store.Progress) (store.Report, error) {
	if err := x.begin(); err != nil {
		return store.Report{}, err
	}
	defer x.calls.Done()
	return x.store.Check(ctx, progress)
}

// Compact writes the file anew, as small as it can be. It needs as much free
// space as the file has, and other writers wait. progress may be nil.
func (x *Index) Compact(ctx context.Context, progress store.Progress) error {
	if err := x.begin(); err != nil {
		return err
	}
	defer x.calls.Done()
	return x.store.Compact(ctx, progress)
}

// Train trains the centroids that pruned search and the residual codes need, on
// what is stored now. Writes do it by themselves when the index has grown
// enough; see [store.Store.Train]. progress may be nil.
func (x *Index) Train(ctx context.Context, progress store.Progress) error {
	if err := x.begin(); err != nil {
		return err
	}
	defer x.calls.Done()
	return x.store.Train(ctx, progress)
}
