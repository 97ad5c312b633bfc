package index

import (
	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/store"
)

// What an index says about its file is what package store says.
type (
	// Stat describes what the file holds and how it was made.
	Stat = store.Stat
	// Report is what [Index.Check] found.
	Report = store.Report
	// Stages is told how far a long call is: done of total units of a stage.
	Stages = store.Progress
	// Origin says which model made the vectors of a file.
	Origin = store.Model
	// Memory is how much of a file an index keeps in memory.
	Memory = store.Memory
	// Passage is a stretch of an entry's text with its vectors.
	Passage = store.Passage
)

// SmallMemory is the choice for phones; see [store.SmallMemory].
func SmallMemory() Memory { return store.SmallMemory() }

// Errors that a caller may want to tell apart. What a method returns wraps one
// of them and names the file and the entry.
var (
	ErrModel    = store.ErrModel    // the file has vectors of another model
	ErrSchema   = store.ErrSchema   // the file is no index, or one of another version
	ErrLocked   = store.ErrLocked   // another process is writing
	ErrCorrupt  = store.ErrCorrupt  // the file is damaged
	ErrFull     = store.ErrFull     // no room is left on the disk
	ErrReadOnly = store.ErrReadOnly // the index was opened for reading alone
	ErrNotFound = store.ErrNotFound // no such file, or no such entry
	ErrExists   = store.ErrExists   // an entry has this key already
	ErrClosed   = edge.ErrClosed    // the index, or its model, is closed
)

// Files returns the names of the files of an index at path: its own, and those
// that SQLite keeps beside it while it is in use.
func Files(path string) []string {
	return []string{path, path + "-wal", path + "-shm", path + "-journal"}
}
