package infer

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// workers shares out the right to compute: so many slots, of which a goroutine
// holds one while it takes a sequence through the encoder. There are no
// goroutines while nothing is being encoded.
//
// A slot goes back after every sequence, and the longest wait gets it next.
// Urgent sequences go before the others: those wait, and also hand their slots
// over in the middle of a sequence, between two pieces of work of a millisecond
// or two. Sequences that were interrupted go on before new ones begin. So there
// are at most as many of each kind under way as there are slots, and one long
// one beside them.
//
// Urgent work can't keep the rest waiting for ever: who has waited for patience
// gets the next slot that comes back, and isn't interrupted for a stint.
type workers struct {
	threads   int
	everyCore bool          // the goroutines at work can fill all processors
	long      chan struct{} // holds one element while a long sequence is under way

	// demand and full repeat what mu guards, to be read at every turn.
	demand atomic.Int32 // who waits: nobody, others or urgent
	full   atomic.Bool  // all slots are taken

	mu          sync.Mutex
	free        int   // slots; below 0 while cancelled work comes to its end
	urgent      queue // before a sequence
	interrupted queue // in the middle of a sequence that isn't urgent
	waiting     queue // before a sequence that isn't urgent, or between tiles of a long one
	offers      []*offer
	stintEnd    time.Time // until then, no sequence is interrupted
}

// What workers.demand says, in rising order.
const (
	nobodyWaits = iota
	othersWait
	urgentWaits
)

const (
	patience = 100 * time.Millisecond
	stint    = 25 * time.Millisecond
)

// A waiter is a goroutine that wants a slot.
type waiter struct {
	since   time.Time
	granted chan struct{} // closed when it has one
}

// A queue holds waiters, the first to be served first.
type queue []*waiter

func (q *queue) join() *waiter {
	w := &waiter{since: time.Now(), granted: make(chan struct{})}
	*q = append(*q, w)
	return w
}

// leave takes a waiter out and says whether it still was there.
func (q *queue) leave(w *waiter) bool {
	i := slices.Index(*q, w)
	if i < 0 {
		return false
	}
	*q = slices.Delete(*q, i, i+1)
	return true
}

// An offer is work for idle slots: help runs on a goroutine of its own.
type offer struct {
	open    int // how many more could help
	help    func()
	helpers sync.WaitGroup
}

func newWorkers(threads int) *workers {
	return &workers{
		threads:   threads,
		everyCore: threads >= runtime.GOMAXPROCS(0),
		long:      make(chan struct{}, 1),
		free:      threads,
	}
}

// settle gives free slots to who waits, then to offers. w.mu must be held.
func (w *workers) settle() {
	for w.free > 0 {
		if q := w.next(); q != nil {
			close((*q)[0].granted)
			*q = slices.Delete(*q, 0, 1)
			w.free--
			continue
		}
		i := slices.IndexFunc(w.offers, func(o *offer) bool { return o.open > 0 })
		if i < 0 {
			break
		}
		w.offers[i].open--
		w.offers[i].helpers.Go(w.offers[i].help)
		w.free--
	}
	w.full.Store(w.free <= 0)
	switch {
	case len(w.urgent) > 0:
		w.demand.Store(urgentWaits)
	case len(w.interrupted)+len(w.waiting) > 0:
		w.demand.Store(othersWait)
	default:
		w.demand.Store(nobodyWaits)
	}
}

// next is the queue whose first waiter gets the next slot; nil if nobody waits.
// w.mu must be held.
func (w *workers) next() *queue {
	others := &w.interrupted
	if len(*others) == 0 {
		others = &w.waiting
	}
	switch {
	case len(w.urgent) == 0 && len(*others) == 0:
		return nil
	case len(w.urgent) == 0:
		return others
	case len(*others) == 0:
		return &w.urgent
	}
	now := time.Now()
	if now.Sub((*others)[0].since) < patience {
		return &w.urgent
	}
	w.stintEnd = now.Add(stint)
	return others
}

// A turn is a sequence's right to compute on the goroutine that began it.
type turn struct {
	*workers
	urgent, long bool
}

// begin waits for a slot. Long sequences wait for each other first, and are
// never urgent.
func (w *workers) begin(ctx context.Context, urgent, long bool) (*turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if long {
		select {
		case w.long <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	t := &turn{w, urgent && !long, long}
	q := &w.waiting
	if t.urgent {
		q = &w.urgent
	}
	w.mu.Lock()
	if w.free > 0 { // then nobody waits
		w.free--
		w.settle()
		w.mu.Unlock()
		return t, nil
	}
	me := q.join()
	w.settle()
	w.mu.Unlock()
	select {
	case <-me.granted:
		return t, nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	if !q.leave(me) {
		w.free++
	}
	w.settle()
	w.mu.Unlock()
	t.end()
	return nil, ctx.Err()
}

// leave gives the slot back. The turn still is under way for other long ones.
func (t *turn) leave() {
	t.mu.Lock()
	t.free++
	t.settle()
	t.mu.Unlock()
}

// end lets the next long sequence begin. The slot must have been given back.
func (t *turn) end() {
	if t.long {
		<-t.workers.long
	}
}

// pause lets urgent work have the slot, if some is waiting, and returns when
// the turn goes on, or with the context's error. What computes for longer than
// a few milliseconds calls it in between.
func (t *turn) pause(ctx context.Context) error {
	handleEvents()
	if !t.urgent {
		t.breathe()
		if t.demand.Load() == urgentWaits {
			t.yield(ctx, &t.interrupted)
		}
	}
	return ctx.Err()
}

// giveWay is pause between two tiles. There a long sequence lets all others go
// before it, urgent or not: it has seconds to go.
func (t *turn) giveWay(ctx context.Context) error {
	if t.long && t.demand.Load() != nobodyWaits {
		t.yield(ctx, &t.waiting)
	}
	return t.pause(ctx)
}

// breathe lets other goroutines run if all processors may be taken: one that
// has become ready would else wait for 10 ms, until the runtime interrupts this
// one. Where a processor is free there is no need, and Gosched would move the
// goroutine there, away from its caches.
func (t *turn) breathe() {
	if t.everyCore && t.full.Load() {
		runtime.Gosched()
	}
}

// yield hands the slot over and waits in q for one. When the context ends first
// it takes one that isn't there: whoever yields has a slot again in any case.
func (t *turn) yield(ctx context.Context, q *queue) {
	t.mu.Lock()
	if time.Now().Before(t.stintEnd) {
		t.mu.Unlock()
		return
	}
	me := q.join()
	t.free++
	t.settle()
	t.mu.Unlock()
	select {
	case <-me.granted:
		return
	case <-ctx.Done():
	}
	t.mu.Lock()
	if q.leave(me) {
		t.free--
		t.settle()
	}
	t.mu.Unlock()
}

// each runs do(0) to do(n−1), on the calling goroutine and on others while
// there are slots that nobody waits for, and returns the first error. After an
// error, or once the context is done, the rest is not started.
func (t *turn) each(ctx context.Context, n int, do func(i int) error) error {
	var (
		next  atomic.Int64
		stop  atomic.Bool
		once  sync.Once
		first error
	)
	// step runs the next one, and says whether there may be more.
	step := func() bool {
		i := int(next.Add(1)) - 1
		if i >= n || stop.Load() {
			return false
		}
		err := ctx.Err()
		if err == nil {
			err = do(i)
		}
		if err != nil {
			once.Do(func() { first = err })
			stop.Store(true)
		}
		return err == nil
	}

	o := t.offer(n-1, step)
	for step() {
		if t.giveWay(ctx) != nil {
			continue // step takes note of it
		}
	}
	t.withdraw(o)
	return first
}

// offer lets up to n goroutines help with steps; nil if there is no need.
// They leave as soon as somebody waits for a slot, and come back when nobody
// does.
func (t *turn) offer(n int, step func() bool) *offer {
	n = min(n, t.threads-1)
	if n < 1 {
		return nil
	}
	o := &offer{open: n}
	o.help = func() {
		more := true
		for more && t.demand.Load() == nobodyWaits {
			more = step()
		}
		t.mu.Lock()
		if more {
			o.open++
		}
		t.free++
		t.settle()
		t.mu.Unlock()
	}
	t.mu.Lock()
	t.offers = append(t.offers, o)
	t.settle()
	t.mu.Unlock()
	return o
}

// withdraw ends an offer and waits for those who are helping. Its caller keeps
// its slot, which can't lock anything up: a helper that was interrupted waits for
// a slot that urgent work has, and urgent work is never interrupted.
func (t *turn) withdraw(o *offer) {
	if o == nil {
		return
	}
	t.mu.Lock()
	o.open = 0
	t.offers = slices.DeleteFunc(t.offers, func(other *offer) bool { return other == o })
	t.mu.Unlock()
	o.helpers.Wait()
}
