package serve

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/toller-search/toller/edge"
)

// cache keeps the vectors of documents within a budget of bytes; who wasn't asked
// for longest goes first.
type cache struct {
	model  edge.Fingerprint // part of every key
	pooled float64          // tokens for each vector
	budget int64

	mu      sync.Mutex
	entries map[key]*list.Element // of *kept
	order   list.List             // the latest first
	bytes   int64
	hits    uint64
	misses  uint64
	evicted uint64
}

// key is a digest of what a document's vectors depend on.
type key [sha256.Size]byte

type kept struct {
	key      key
	document *edge.Document
	bytes    int64
}

func newCache(m *edge.Model, budget int64) *cache {
	c := &cache{model: m.DocumentFingerprint(), pooled: 1, budget: budget, entries: map[key]*list.Element{}}
	if p := m.Info().Pooling; p != nil && p.Documents {
		c.pooled = p.Factor
	}
	return c
}

// key is that of a text which is cut at so many tokens.
func (c *cache) key(text string, cut int) key {
	h := sha256.New()
	h.Write(c.model[:])
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(cut))
	h.Write(length[:])
	h.Write([]byte(text))
	return key(h.Sum(nil))
}

// get returns what is kept, or nil.
func (c *cache) get(k key) *edge.Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[k]
	if e == nil {
		c.misses++
		return nil
	}
	c.hits++
	c.order.MoveToFront(e)
	return e.Value.(*kept).document
}

// put keeps a document, unless it would take more than a quarter of the budget.
func (c *cache) put(k key, d *edge.Document) {
	size := c.sizeOf(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	if size > c.budget/4 || c.entries[k] != nil {
		return
	}
	c.entries[k] = c.order.PushFront(&kept{k, d, size})
	c.bytes += size
	for c.bytes > c.budget {
		last := c.order.Remove(c.order.Back()).(*kept)
		delete(c.entries, last.key)
		c.bytes -= last.bytes
		c.evicted++
	}
}

// sizeOf is about how many bytes a document takes: its components, twelve for each
// token and eight where it is pooled, and itself with its place in the cache.
func (c *cache) sizeOf(d *edge.Document) int64 {
	const ownBytes = 400
	tokens := float64(d.Len()) * c.pooled
	tokenBytes := 12.0
	if c.pooled > 1 {
		tokenBytes += 8
	}
	return int64(4*d.Len()*d.Dim()) + int64(tokens*tokenBytes) + ownBytes
}

// cacheState is what the cache has done and holds.
type cacheState struct {
	hits, misses, evicted uint64
	entries               int
	bytes                 int64
}

func (c *cache) state() cacheState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return cacheState{c.hits, c.misses, c.evicted, len(c.entries), c.bytes}
}
