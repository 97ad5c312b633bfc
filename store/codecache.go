package store

import (
	"slices"
	"sync"
)

// codeCache keeps codes that pruned searches have read: SQLite takes longer to
// find one than it takes to score. It holds those of one state of the file, so
// that a change of any kind empties it and a deleted passage is never found.
type codeCache struct {
	mu     sync.Mutex
	change int64
	bytes  int
	codes  map[int64]cachedCode // by passage
}

type cachedCode struct {
	document int64
	coder    *coder
	code     []byte
}

const (
	codeCacheBytes = 32 << 20 // at most
	codeOverhead   = 100      // of the bytes, for the entry itself
)

// get returns the code of a passage as it is in the file's state change.
func (c *codeCache) get(change, passage int64) (cachedCode, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.change != change {
		return cachedCode{}, false
	}
	code, there := c.codes[passage]
	return code, there
}

// put keeps a copy of a code. What it takes the place of is left to chance,
// which the order of a map is.
func (c *codeCache) put(change, passage int64, code cachedCode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if change < c.change {
		return // an older snapshot is still being read
	}
	if change > c.change || c.codes == nil {
		c.change, c.bytes, c.codes = change, 0, map[int64]cachedCode{}
	}
	size := len(code.code) + codeOverhead
	if _, there := c.codes[passage]; there || size > codeCacheBytes {
		return
	}
	for other, old := range c.codes {
		if c.bytes+size <= codeCacheBytes {
			break
		}
		c.bytes -= len(old.code) + codeOverhead
		delete(c.codes, other)
	}
	code.code = slices.Clone(code.code)
	c.bytes += size
	c.codes[passage] = code
}
