package store

import (
	"slices"
	"sync"
)

// codeCache keeps codes that pruned searches have read: SQLite takes longer to
// find one than it takes to score. It holds those of one state of the file, so
// that a change of any kind empties it and a deleted passage is never found.
type codeCache struct {
	limit  int // of bytes; what is below 1 keeps none
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

// codeOverhead is how many bytes an entry takes beside its code.
const codeOverhead = 100

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

// empty forgets all codes.
func (c *codeCache) empty() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes, c.codes = 0, nil
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
	if _, there := c.codes[passage]; there || size > c.limit {
		return
	}
	for other, old := range c.codes {
		if c.bytes+size <= c.limit {
			break
		}
		c.bytes -= len(old.code) + codeOverhead
		delete(c.codes, other)
	}
	code.code = slices.Clone(code.code)
	c.bytes += size
	c.codes[passage] = code
}
