package store

import (
	"database/sql"
	"fmt"
	"runtime/debug"
)

// Memory is how much of a file a Store keeps in memory. What is 0 is as in
// DefaultMemory.
//
// Not among it is what a search needs whatever the bounds: the candidate index,
// about two bytes for each token vector of the file, and the centroids.
type Memory struct {
	Codes   int // bytes of codes that pruned searches have read; negative: none
	Pages   int // bytes of pages that each connection keeps
	Readers int // connections that read at once, beside the one that writes
}

// DefaultMemory is for computers. A process that searches 10,000 passages of 128
// tokens takes 115 to 120 MB with it, garbage of Go's included
// (TestSmallMemory).
func DefaultMemory() Memory { return Memory{Codes: 32 << 20, Pages: 8 << 20, Readers: 4} }

// SmallMemory is for phones: searches wait for each other, and read more often
// from the file what others have read before. The same process takes 45 to 50 MB;
// [debug.SetGCPercent] trades some of that for time.
func SmallMemory() Memory { return Memory{Codes: 2 << 20, Pages: 1 << 20, Readers: 1} }

func (m *Memory) settle() error {
	if m.Pages < 0 || m.Readers < 0 {
		return fmt.Errorf("store: memory for %d bytes of pages and %d readers, expected 0 or more", m.Pages, m.Readers)
	}
	d := DefaultMemory()
	if m.Codes == 0 {
		m.Codes = d.Codes
	}
	if m.Pages == 0 {
		m.Pages = d.Pages
	}
	if m.Readers == 0 {
		m.Readers = d.Readers
	}
	return nil
}

// Trim gives back what memory can be given back, as a program does when it goes
// to the background or when the system asks for it: the codes and the candidate
// index that searches have read, and connections that nobody uses. The next
// search reads them again. What running calls use stays until they end. Where no
// other connection is left, the write-ahead log is written back into the file.
//
// In the end it makes the whole program collect its garbage and return free
// memory to the system ([debug.FreeOSMemory]), which stops it for some
// milliseconds, tens with a large heap.
func (s *Store) Trim() error {
	if s.closed.Load() {
		return fmt.Errorf("store: %s: trim: %w", s.path, ErrClosed)
	}
	s.codes.empty()
	s.mu.Lock()
	s.current = nil
	clear(s.coders)
	s.mu.Unlock()
	dropIdle(s.matching)
	dropIdle(s.readers)
	if s.writer != nil {
		dropIdle(s.writer)
	}
	debug.FreeOSMemory()
	return nil
}

// dropIdle closes the connections of a pool that nobody uses.
func dropIdle(db *sql.DB) {
	db.SetMaxIdleConns(0)
	db.SetMaxIdleConns(db.Stats().MaxOpenConnections)
}
