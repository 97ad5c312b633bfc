package engine

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
)

// A Report says what a push did.
type Report struct {
	Documents int `json:"documents"` // of the index, read so far
	Passages  int `json:"passages"`  // of these
	Sent      int `json:"sent"`
	Unchanged int `json:"unchanged"` // there as they should be
	Deleted   int `json:"deleted"`   // that the index doesn't have
	// Empty passages have no vectors, which only a skiplist can bring about; engines
	// don't keep them.
	Empty int `json:"empty"`
}

// Bounds of a batch of points, of which one is sent in any case. Its JSON takes
// about twelve bytes for a component.
const (
	batchPoints     = 128
	batchComponents = 1 << 19
)

// Push makes the collection of an engine what an index is: it adds passages that
// are new, replaces those that have changed, and deletes those that the index
// doesn't have, from whatever index they came. A collection with vectors of another
// model is refused with [ErrSpace]. progress, which may be nil, is called after each
// batch.
//
// Whatever ends it, a push that is run again goes on where it was. Two pushes into
// one collection must not run at the same time. It holds a batch and 16 bytes for
// each passage in memory, and reads the index as it was at the start.
func Push(ctx context.Context, e Engine, x *index.Index, progress func(Report)) (Report, error) {
	stat, err := x.Stat(ctx)
	if err != nil {
		return Report{}, err
	}
	if err := e.Create(ctx, stat.Model.Dim); err != nil {
		return Report{}, err
	}
	p := &push{engine: e, progress: progress}
	if err := p.checkModel(ctx, stat.Model); err != nil {
		return Report{}, err
	}
	p.read, err = Points(ctx, x, func(point *Point, read Report) error {
		p.read = read
		return p.add(ctx, point)
	})
	for _, step := range []func(context.Context) error{p.flush, p.deleteRest, e.Finish} {
		if err == nil {
			err = step(ctx)
		}
	}
	return p.report(), err
}

// push is a push under way.
type push struct {
	engine   Engine
	progress func(Report)

	read, done Report  // what was read, and what came of it
	ids        []ID    // of all passages so far
	batch      []Point // to be sent unless they are there
	components int     // of the vectors in batch
}

// report is what was read and done.
func (p *push) report() Report {
	r := p.done
	r.Documents, r.Passages, r.Empty = p.read.Documents, p.read.Passages, p.read.Empty
	return r
}

func (p *push) tell() {
	if p.progress != nil {
		p.progress(p.report())
	}
}

// checkModel looks at one of the collection's points.
func (p *push) checkModel(ctx context.Context, model index.Origin) error {
	var some []ID
	if err := p.engine.IDs(ctx, func(ids []ID) bool { some = ids[:1]; return false }); err != nil {
		return err
	}
	stamps, err := p.engine.Stamps(ctx, some)
	if err != nil {
		return err
	}
	for _, s := range stamps {
		if s.Model != edge.Fingerprint(model.Fingerprint) {
			return fmt.Errorf("engine: push: %w: expected those of %s, found those of the model %s", ErrSpace, model, s.Model)
		}
	}
	return nil
}

// add adds a point to the batch, and sends one that is full.
func (p *push) add(ctx context.Context, point *Point) error {
	p.ids = append(p.ids, point.ID)
	p.batch = append(p.batch, *point)
	p.components += len(point.Vectors)
	if len(p.batch) == batchPoints || p.components >= batchComponents {
		return p.flush(ctx)
	}
	return nil
}

// flush sends what the engine doesn't have of the batch.
func (p *push) flush(ctx context.Context) error {
	if len(p.batch) == 0 {
		return nil
	}
	stamps, err := p.engine.Stamps(ctx, p.ids[len(p.ids)-len(p.batch):])
	if err != nil {
		return err
	}
	all := len(p.batch)
	p.batch = slices.DeleteFunc(p.batch, func(q Point) bool { return stamps[q.ID] == q.Payload.Stamp })
	if len(p.batch) > 0 {
		if err := p.engine.Put(ctx, p.batch); err != nil {
			return err
		}
	}
	p.done.Sent += len(p.batch)
	p.done.Unchanged += all - len(p.batch)
	clear(p.batch)
	p.batch, p.components = p.batch[:0], 0
	p.tell()
	return nil
}

// deleteRest deletes the points that no passage of the index has.
func (p *push) deleteRest(ctx context.Context) error {
	compare := func(a, b ID) int { return bytes.Compare(a[:], b[:]) }
	slices.SortFunc(p.ids, compare)
	var gone []ID
	err := p.engine.IDs(ctx, func(ids []ID) bool {
		for _, id := range ids {
			if _, found := slices.BinarySearchFunc(p.ids, id, compare); !found {
				gone = append(gone, id)
			}
		}
		return true
	})
	if err != nil {
		return err
	}
	for part := range slices.Chunk(gone, 1000) {
		if err := p.engine.Delete(ctx, part); err != nil {
			return err
		}
		p.done.Deleted += len(part)
		p.tell()
	}
	return nil
}
