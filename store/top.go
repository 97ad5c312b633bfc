package store

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

var negativeInfinity = float32(math.Inf(-1))

// scored is a passage with its score.
type scored struct {
	passage  int64
	document int64 // 0 where it doesn't matter
	score    float32
}

// better is the order of hits: by score, then by passage.
func better(a, b scored) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.passage, b.passage))
}

// top keeps the k best passages, or the best passage of each of the k best
// documents.
type top struct {
	k        int
	document bool
	list     []scored      // a heap with the worst in front
	at       map[int64]int // where a passage or document is in list
}

func newTop(k int, document bool) *top {
	return &top{k: k, document: document, at: map[int64]int{}}
}

func (t *top) key(s scored) int64 {
	if t.document {
		return s.document
	}
	return s.passage
}

func (t *top) Len() int           { return len(t.list) }
func (t *top) Less(i, j int) bool { return better(t.list[i], t.list[j]) > 0 }
func (t *top) Push(x any)         { t.list = append(t.list, x.(scored)) }
func (t *top) Swap(i, j int) {
	t.list[i], t.list[j] = t.list[j], t.list[i]
	t.at[t.key(t.list[i])], t.at[t.key(t.list[j])] = i, j
}

func (t *top) Pop() any {
	last := t.list[len(t.list)-1]
	t.list = t.list[:len(t.list)-1]
	delete(t.at, t.key(last))
	return last
}

// full says whether a passage must beat the worst of list to get in.
func (t *top) full() bool { return len(t.list) == t.k }

// worst is the score of the last of list.
func (t *top) worst() float32 { return t.list[0].score }

func (t *top) add(s scored) {
	if i, there := t.at[t.key(s)]; there {
		if better(s, t.list[i]) < 0 {
			t.list[i] = s
			heap.Fix(t, i)
		}
		return
	}
	if t.full() {
		if better(s, t.list[0]) > 0 {
			return
		}
		heap.Pop(t)
	}
	t.at[t.key(s)] = len(t.list)
	heap.Push(t, s)
}

// sorted is what was kept, best first.
func (t *top) sorted() []scored {
	list := slices.Clone(t.list)
	slices.SortFunc(list, better)
	return list
}
