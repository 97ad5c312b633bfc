package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/toller-search/toller/store/codec"
)

// Options say how to open a file and, when there is none yet, how to create
// it: Model, Codec, Dims and Pool are fixed then, and an existing file keeps
// its own Codec, Dims and Pool.
type Options struct {
	// Model must be the one that the file was created with; its name may be
	// another. The zero Model opens any existing file, for work that needs no
	// encoder.
	Model Model
	// Former are fingerprints under which earlier versions of the program knew
	// Model. A file that has one of them from that time is taken for Model's, and
	// gets Model's fingerprint unless it is opened read-only.
	Former [][16]byte

	Codec codec.Kind
	Dims  int // dimensions of a projection (PCA), 0: none
	Pool  int // the caller's pooling factor; recorded, not used

	ReadOnly bool
	Wait     time.Duration // for another process that is writing; 0: ten seconds
	Threads  int           // for encoding and training; 0: GOMAXPROCS

	Memory Memory // bounds of what is kept in memory

	// TrainTokens is the number of token vectors at which the index trains for
	// the first time; 0: 1 << 17, about 1,000 passages of 128. From then on it
	// trains whenever their number has grown fourfold.
	TrainTokens int64
}

const (
	defaultWait        = 10 * time.Second
	defaultTrainTokens = 1 << 17
	growth             = 4
	// busyWait is how long SQLite itself waits for a lock; longer waits are
	// ours, so that they end with the context.
	busyWait = 50 * time.Millisecond
)

// Store is an open file. Its methods may be called from several goroutines.
type Store struct {
	path     string
	wanted   Model // zero: any
	former   [][16]byte
	settings settings
	wait     time.Duration
	threads  int
	trainAt  int64
	readOnly bool
	memory   Memory
	closed   atomic.Bool
	version  atomic.Int64 // of the file's schema when it was last looked at

	writer  *sql.DB // one connection; nil when read-only
	readers *sql.DB
	// matching is a database in memory, for Matches.
	matching *sql.DB

	training sync.Mutex // held by whoever trains
	codes    codeCache

	mu      sync.Mutex
	coders  map[int64]*coder // by generation
	current *index           // newest candidate index that a search has seen
	trouble error            // why the last upkeep after a write failed
}

// Open opens the file at path and creates it when there is none, unless
// o.ReadOnly.
//
// The errors to tell apart are ErrModel, ErrSchema, ErrLocked, ErrCorrupt,
// ErrReadOnly and ErrNotFound.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := &Store{
		path:     path,
		wanted:   o.Model,
		former:   o.Former,
		settings: settings{model: o.Model, rule: fingerprintRule, kind: o.Codec, dims: o.Dims, pool: o.Pool},
		wait:     o.Wait,
		threads:  o.Threads,
		trainAt:  o.TrainTokens,
		readOnly: o.ReadOnly,
		coders:   map[int64]*coder{},
		memory:   o.Memory,
	}
	if err := s.memory.settle(); err != nil {
		return nil, err
	}
	s.codes.limit = s.memory.Codes
	s.matching = openMatching(s.memory.Readers)
	if s.wait <= 0 {
		s.wait = defaultWait
	}
	if s.threads <= 0 {
		s.threads = runtime.GOMAXPROCS(0)
	}
	if s.trainAt <= 0 {
		s.trainAt = defaultTrainTokens
	}
	if err := s.open(ctx); err != nil {
		s.disconnect()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	_, err := fileSize(s.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if s.readOnly || s.wanted.Dim == 0 {
			return fmt.Errorf("store: %s: %w", s.path, ErrNotFound)
		}
	case err != nil:
		return fmt.Errorf("store: %w", err)
	}
	if s.readOnly {
		return s.openReadOnly(ctx)
	}

	if s.writer, err = connect(s.path, readWrite, busyWait, s.memory.Pages, 1); err != nil {
		return err
	}
	s.readers = s.writer
	if sharing {
		if s.readers, err = connect(s.path, readOnly, busyWait, s.memory.Pages, s.memory.Readers); err != nil {
			return err
		}
	}
	if err := s.retry(ctx, func() error { return s.create(ctx) }); err != nil {
		return s.openFailure(ctx, err)
	}
	old, err := s.verify(ctx)
	if err != nil || !old {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	_, err = s.verify(ctx)
	return err
}

// openReadOnly reads without leaving a trace where the folder can't be
// written, as with a bundle inside an app.
func (s *Store) openReadOnly(ctx context.Context) error {
	var err error
	if s.readers, err = connect(s.path, readOnly, busyWait, s.memory.Pages, s.memory.Readers); err != nil {
		return err
	}
	_, err = s.verify(ctx)
	if err == nil || !folderReadOnly(s.path) {
		return err
	}
	if log, statErr := fileSize(s.path + "-wal"); statErr == nil && log > 0 {
		return fmt.Errorf("store: %s has a write-ahead log in a folder that can't be written: open it once where it can: %w", s.path, ErrReadOnly)
	}
	s.readers.Close()
	if s.readers, err = connect(s.path, immutable, busyWait, s.memory.Pages, s.memory.Readers); err != nil {
		return err
	}
	_, err = s.verify(ctx)
	return err
}

// openFailure tells a folder that can't be written from other reasons.
func (s *Store) openFailure(ctx context.Context, err error) error {
	if !errors.Is(err, ErrSchema) && ctx.Err() == nil && folderReadOnly(s.path) {
		return fmt.Errorf("store: %s: %w: its folder can't be written: %w", s.path, ErrReadOnly, err)
	}
	return s.sqlFailure(ctx, "open", err)
}

// create makes the tables when the file has none.
func (s *Store) create(ctx context.Context) error {
	application, tables, err := identify(ctx, s.writer)
	if err != nil {
		return err
	}
	if application == applicationID {
		return nil
	}
	if application != 0 || tables != 0 {
		return s.notOurs(application, tables)
	}
	if s.wanted.Dim == 0 {
		return fmt.Errorf("store: %s: %w: empty file", s.path, ErrNotFound)
	}
	if err := s.settings.validate(); err != nil {
		return fmt.Errorf("store: %s: %w", s.path, err)
	}
	for _, pragma := range []string{fmt.Sprintf("PRAGMA page_size = %d", pageSize), "PRAGMA journal_mode = WAL"} {
		if _, err := s.writer.ExecContext(ctx, pragma); err != nil {
			return err
		}
	}
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// Another process may have been faster.
	if _, tables, err := identify(ctx, tx); err != nil || tables > 0 {
		return err
	}
	for _, statement := range schema {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := s.settings.save(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO state VALUES (1, 1, 0, 0, 0, 0, 0, 0)`); err != nil {
		return err
	}
	for _, pragma := range []string{
		fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		fmt.Sprintf("PRAGMA user_version = %d", schemaVersion),
	} {
		if _, err := tx.ExecContext(ctx, pragma); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (s *Store) notOurs(application, tables int64) error {
	return fmt.Errorf("store: %s: %w: a SQLite file with application id %#x and %d tables, expected %#x",
		s.path, ErrSchema, uint32(application), tables, applicationID)
}

// identify reads what tells our files from others.
func identify(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (application, tables int64, err error) {
	if err = db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&application); err == nil {
		err = db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables)
	}
	return application, tables, err
}

// verify inspects the file, and says whether it is to be migrated.
func (s *Store) verify(ctx context.Context) (old bool, err error) {
	err = s.begin(ctx, s.readers, "open", func(tx *sql.Tx, version int64) error {
		err := s.inspect(ctx, tx, version)
		old = s.outdated(version)
		return err
	})
	return old, err
}

// Close ends the use of the file. What was committed is in it.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if err := s.disconnect(); err != nil {
		return fmt.Errorf("store: %s: close: %w", s.path, err)
	}
	return nil
}

// disconnect closes the readers first: whoever closes last clears the
// write-ahead log away, which takes a connection that may write.
func (s *Store) disconnect() error {
	errs := []error{s.matching.Close()}
	if s.readers != nil && s.readers != s.writer {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	return errors.Join(errs...)
}
