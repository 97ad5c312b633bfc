package weights

import (
	"fmt"
	"io/fs"
	"slices"
)

// memory is a folder whose files are in memory already.
type memory map[string][]byte

func (m memory) has(name string) (bool, error) {
	_, ok := m[name]
	return ok, nil
}

func (m memory) read(name string, limit int) ([]byte, error) {
	text, ok := m[name]
	if !ok {
		return nil, fmt.Errorf("no %s among the files: %w", name, fs.ErrNotExist)
	}
	if len(text) > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d allowed", name, len(text), limit)
	}
	return slices.Clone(text), nil
}

func (m memory) content(_ *Checkpoint, name string) ([]byte, error) {
	content, ok := m[name]
	switch {
	case !ok:
		return nil, fmt.Errorf("no %s among the files: %w", name, fs.ErrNotExist)
	case len(content) == 0:
		return nil, fmt.Errorf("%s is empty", name)
	}
	return content, nil
}

// release leaves the memory alone: it is no mapping that could be read again.
func (m memory) release([]byte) {}
