package serve

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// What is kept never takes more than the budget, and who wasn't asked for longest
// goes first.
func TestCache(t *testing.T) {
	documents, err := model(t).EncodeDocuments(t.Context(), few[:1])
	if err != nil {
		t.Fatal(err)
	}
	d := documents[0]
	c := newCache(model(t), 0)
	size := c.sizeOf(d)
	if least := int64(4 * len(d.Vectors())); size < least {
		t.Fatalf("a document of %d bytes is counted as %d", least, size)
	}
	c.budget = 4 * size
	keys := make([]key, 5)
	for i := range keys {
		keys[i] = c.key("text", i)
	}
	for _, k := range keys[:4] {
		c.put(k, d)
	}
	c.get(keys[0])
	c.put(keys[4], d)
	for i, here := range []bool{true, false, true, true, true} {
		if (c.get(keys[i]) != nil) != here {
			t.Errorf("document %d: expected to be kept: %t", i, here)
		}
	}
	if s := c.state(); s.entries != 4 || s.bytes != 4*size || s.evicted != 1 || s.misses != 1 {
		t.Errorf("found %+v", s)
	}
	c.budget = 4*size - 1
	c.put(c.key("other", 0), d) // more than a quarter
	if s := c.state(); s.entries != 4 {
		t.Errorf("found %+v", s)
	}
}

func TestCacheKeys(t *testing.T) {
	c := newCache(model(t), 0)
	one, again := c.key("a", 1), c.key("a", 1)
	if one != again || one == c.key("a", 2) || one == c.key("b", 1) {
		t.Error("a key must depend on the text and its length")
	}
}

// Scores are the same from kept vectors, whatever goes on beside.
func TestKeptScores(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	texts := append(abstracts(t, 12), few...)
	scores := map[string]float32{}
	for _, h := range wanted(t, question, texts) {
		scores[texts[h.Index]] = h.Score
	}
	s, url := start(t, Options{CacheBytes: 1 << 20}) // room for some of them
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(worker)))
			for range 6 {
				var some []string
				for range 5 {
					some = append(some, texts[random.IntN(len(texts))])
				}
				var found cohereAnswer
				a := post(t, url+"/v1/rerank", fmt.Sprintf(`{"query": %q, "documents": %s}`, question, quoted(some)))
				a.read(t, 200, &found)
				for _, r := range found.Results {
					if r.RelevanceScore != scores[some[r.Index]] {
						t.Errorf("found %v, want %v", r.RelevanceScore, scores[some[r.Index]])
					}
				}
			}
		})
	}
	all.Wait()
	if state := s.cache.state(); state.hits == 0 || state.bytes > 1<<20 {
		t.Errorf("found %+v", state)
	}
}
