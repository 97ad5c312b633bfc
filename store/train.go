package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/toller-search/toller/store/codec"
)

// Progress is told how far a long call is: done of total units of a stage.
// It is called from one goroutine at a time.
type Progress func(stage string, done, total int)

func (p Progress) report(stage string, done, total int) {
	if p != nil {
		p(stage, done, total)
	}
}

// Train trains the candidate index on what is stored now, and the codes of
// kinds that need it when they are still staged. Writes do that by themselves
// at Options.TrainTokens vectors and whenever the number has grown fourfold
// since.
//
// A training finds new centroids, then builds new inverted lists in steps of
// some thousand passages, each its own transaction. Codes that a training made
// are kept as they are, since encoding them anew would lose precision. Searches
// go on with the old lists until the new ones are complete. A training that was
// cut off, by ctx or by a kill, is carried on by the next write or Train.
func (s *Store) Train(ctx context.Context, progress Progress) error {
	s.training.Lock()
	defer s.training.Unlock()
	return s.train(ctx, func(state) bool { return true }, progress)
}

// due says whether a store with these counters ought to train.
func (s *Store) due(st state) bool {
	return st.building != 0 || st.tokens >= max(s.trainAt, growth*st.trained)
}

// upkeep trains when that is due, after a write that is committed already:
// its failure is not the write's, and is kept for Stat.
func (s *Store) upkeep(ctx context.Context, st state) {
	if !s.due(st) || !s.training.TryLock() {
		return
	}
	defer s.training.Unlock()
	err := s.train(ctx, s.due, nil)
	s.mu.Lock()
	s.trouble = err
	s.mu.Unlock()
}

func (s *Store) train(ctx context.Context, wanted func(state) bool, progress Progress) error {
	var st state
	if err := s.read(ctx, "train", func(t *transaction) error { st = t.state; return nil }); err != nil {
		return err
	}
	if st.building == 0 {
		if err := s.startTraining(ctx, wanted, progress); err != nil {
			return err
		}
	}
	for {
		if done, err := s.buildStep(ctx, progress); err != nil || done {
			return err
		}
	}
}

// startTraining trains a codebook on a sample and makes it the one that the
// lists are being built for.
func (s *Store) startTraining(ctx context.Context, wanted func(state) bool, progress Progress) error {
	var sample []float32
	var projection *codec.Projection
	var before state
	if err := s.read(ctx, "train", func(t *transaction) (err error) {
		before = t.state
		if before.tokens == 0 || !wanted(before) {
			return nil
		}
		sample, projection, err = t.sample(ctx)
		return err
	}); err != nil || sample == nil {
		return err
	}
	dim := s.settings.final()
	if s.settings.dims > 0 && projection == nil {
		var err error
		if projection, err = codec.TrainProjection(ctx, sample, s.settings.model.Dim, dim); err != nil {
			return fmt.Errorf("store: %s: train: %w", s.path, err)
		}
		sample = projection.Apply(sample)
	}
	book, err := codec.Train(ctx, sample, dim, codec.TrainOptions{
		Centroids: min(codec.DefaultCentroids(int(before.tokens)), len(sample)/dim),
		Threads:   s.threads,
		Progress:  func(done, total int) { progress.report("centroids", done, total) },
	})
	if err != nil {
		return fmt.Errorf("store: %s: train: %w", s.path, err)
	}
	packedBook, err := book.MarshalBinary()
	if err != nil {
		return fmt.Errorf("store: %s: train: %w", s.path, err)
	}
	var packedProjection []byte
	if projection != nil {
		if packedProjection, err = projection.MarshalBinary(); err != nil {
			return fmt.Errorf("store: %s: train: %w", s.path, err)
		}
	}
	return s.write(ctx, "train", func(t *transaction) error {
		if t.state.building != 0 || t.state.generation != before.generation {
			return nil // another process was faster
		}
		generation, err := t.insert(ctx, `INSERT INTO codebooks (book, projection) VALUES (?, ?)`, packedBook, orNull(packedProjection))
		if err != nil {
			return err
		}
		t.state.building, t.state.trained = generation, before.tokens
		return nil
	})
}

// sample decodes vectors of passages drawn at random, the same ones whenever
// the file is the same. They are projected when there is a
// projection already.
func (t *transaction) sample(ctx context.Context) ([]float32, *codec.Projection, error) {
	into := &coder{} // no projection before the first training
	if t.state.generation > 0 {
		var err error
		if into, err = t.coderFor(ctx, t.state.generation); err != nil {
			return nil, nil, err
		}
	}
	dim := t.store.settings.model.Dim
	if into.projection != nil {
		dim = t.store.settings.dims
	}
	var ids []int64
	if err := t.each(ctx, `SELECT id FROM passages WHERE tokens > 0 ORDER BY id`, nil, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}); err != nil {
		return nil, nil, err
	}
	r := rand.New(rand.NewPCG(uint64(t.state.tokens), uint64(len(ids))))
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	want := codec.SampleSize(codec.DefaultCentroids(int(t.state.tokens)))
	// Some vectors of many passages, not all of a few: what is said only in a
	// passage that is left out has no centroid near it.
	stride := min(max(int(t.state.tokens)/want, 1), maxStride)
	var sample []float32
	for batch := range slices.Chunk(ids, 64) {
		slices.Sort(batch)
		if err := t.codes(ctx, batch, func(_ int64, from *coder, code []byte) error {
			vectors, err := into.vectorsOf(from, code)
			for i := r.IntN(stride); i < len(vectors)/dim; i += stride {
				sample = append(sample, vectors[i*dim:][:dim]...)
			}
			return err
		}); err != nil {
			return nil, nil, err
		}
		if len(sample) >= want*dim {
			sample = sample[:want*dim]
			break
		}
	}
	return sample, into.projection, nil
}

// maxStride bounds how many passages are read for a sample.
const maxStride = 8

// codes calls f with the code of each passage of ids that is there.
func (t *transaction) codes(ctx context.Context, ids []int64, f func(passage int64, from *coder, code []byte) error) error {
	return t.each(ctx, `SELECT c.passage, c.generation, c.code `+byID,
		[]any{idList(ids)}, func(r *sql.Rows) error {
			var passage, generation int64
			var code sql.RawBytes
			if err := r.Scan(&passage, &generation, &code); err != nil {
				return err
			}
			from, err := t.codeCoder(ctx, generation)
			if err != nil {
				return err
			}
			if err := f(passage, from, code); err != nil {
				return t.store.corrupt("passage %d: %v", passage, err)
			}
			return nil
		})
}

// A step of a building handles at most maxSegment passages and about
// stepTokens vectors: a second's work, during which other writers wait.
const stepTokens = 1 << 19

// buildStep makes the next segment of the lists that are being built. When all
// passages are done it makes the new lists the index's, and says so.
func (s *Store) buildStep(ctx context.Context, progress Progress) (done bool, err error) {
	err = s.write(ctx, "train", func(t *transaction) error {
		if t.state.building == 0 {
			done = true
			return nil
		}
		c, err := t.coderFor(ctx, t.state.building)
		if err != nil {
			return err
		}
		var last, built int64
		if err := t.QueryRowContext(ctx, `SELECT coalesce(max(last), 0), coalesce(sum(passages), 0) FROM segments WHERE generation = ?`,
			c.generation).Scan(&last, &built); err != nil {
			return err
		}
		entries, exhausted, err := t.assign(ctx, c, last)
		if err != nil {
			return err
		}
		progress.report("lists", int(built)+len(entries), int(max(t.state.passages, built+int64(len(entries)))))
		if !exhausted {
			return t.putSegment(ctx, c, entries)
		}
		done = true
		return t.install(ctx, c, entries)
	})
	return done, err
}

// assign finds the cells of the passages above last, and gives staged codes
// their final form.
func (t *transaction) assign(ctx context.Context, c *coder, last int64) (entries []entry, exhausted bool, err error) {
	type row struct {
		id   int64
		from *coder
		code []byte
	}
	for tokens := 0; tokens < stepTokens && len(entries) < maxSegment; {
		limit := min(256, maxSegment-len(entries))
		rows := make([]row, 0, limit)
		if err := t.each(ctx, `SELECT passage, generation, code FROM codes WHERE passage > ? ORDER BY passage LIMIT ?`, []any{last, limit}, func(r *sql.Rows) error {
			var generation int64
			var one row
			if err := r.Scan(&one.id, &generation, &one.code); err != nil {
				return err
			}
			one.from, err = t.codeCoder(ctx, generation)
			rows = append(rows, one)
			return err
		}); err != nil {
			return nil, false, err
		}
		fresh := make([]entry, len(rows))
		encoded := make([][]byte, len(rows))
		counts := make([]int, len(rows))
		group, work := t.store.parallel(ctx)
		for i, row := range rows {
			group.Go(func() error {
				if err := work.Err(); err != nil {
					return err
				}
				from, code := row.from, row.code
				vectors, err := c.vectorsOf(from, code)
				if err == nil && c.codec != nil && from.generation == 0 {
					code, err = c.codec.Encode(vectors)
					from, encoded[i] = c, code
				}
				if err == nil {
					counts[i] = len(vectors) / c.book.Dim()
					fresh[i].id = row.id
					fresh[i].cells, err = c.cellsOf(from, code)
				}
				if err != nil {
					return t.store.corrupt("passage %d: %v", row.id, err)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return nil, false, err
		}
		for i, code := range encoded {
			last = rows[i].id
			tokens += counts[i]
			if code == nil {
				continue
			}
			if _, err := t.exec(ctx, `UPDATE codes SET generation = ?, code = ? WHERE passage = ?`, c.generation, code, last); err != nil {
				return nil, false, err
			}
		}
		entries = append(entries, fresh...)
		if len(rows) < limit {
			return entries, true, nil
		}
	}
	return entries, false, nil
}

// install makes the lists of c's codebook the index's; rest is the passages
// behind its last segment.
func (t *transaction) install(ctx context.Context, c *coder, rest []entry) error {
	for _, statement := range []string{
		`DELETE FROM tail`,
		`DELETE FROM postings WHERE segment IN (SELECT id FROM segments WHERE generation <> ?1)`,
		`DELETE FROM segments WHERE generation <> ?1`,
	} {
		var args []any
		if statement != `DELETE FROM tail` {
			args = []any{c.generation}
		}
		if _, err := t.exec(ctx, statement, args...); err != nil {
			return err
		}
	}
	for _, e := range rest {
		if _, err := t.exec(ctx, `INSERT INTO tail (passage, cells) VALUES (?, ?)`, e.id, packCells(e.cells)); err != nil {
			return err
		}
	}
	t.state.generation, t.state.building = c.generation, 0
	return nil
}
