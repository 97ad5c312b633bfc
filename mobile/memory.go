package mobile

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/toller-search/toller/edge/index"
)

// Presets for [SetMemory].
const (
	// MemoryApp is for apps. It is in force until SetMemory is called.
	MemoryApp = "app"
	// MemoryExtension is for iOS app extensions, which the system ends at some 50 MB,
	// for widgets and for old devices: hardly anything is kept of an index, one thread
	// encodes, and Go collects garbage as often as it takes to stay small. It is made
	// for searching; adding many entries is the app's work.
	MemoryExtension = "extension"
)

// preset is what a name stands for.
type preset struct {
	index   index.Memory
	threads int   // at most
	limit   int64 // of Go's memory; what is in use may exceed it, at the price of time
	unloads bool  // pages of models are given back after every call
}

// Of the extension's 28 MB, 20 are in use when 10,000 passages are searched.
var presets = map[string]preset{
	MemoryApp:       {index.Memory{Codes: 8 << 20, Pages: 2 << 20, Readers: 2}, 4, math.MaxInt64, false},
	MemoryExtension: {index.Memory{Codes: 256 << 10, Pages: 256 << 10, Readers: 1}, 1, 28 << 20, true},
}

// gcPercent is Go's GOGC: how much garbage there may be beside what is in use. Most of that is
// weights and vectors, which the collector needn't look into, so that collecting often costs
// little.
const gcPercent = 25

// idleAfter is how long after the last call memory is given back.
const idleAfter = 5 * time.Second

// activity knows what runs in this process and what is open.
var activity = tracker{preset: presets[MemoryApp], open: map[trimmer]bool{}}

// A trimmer can give memory back: all that can be read again, or the pages of files that
// come back by themselves.
type trimmer interface {
	trim()
	unload()
}

type tracker struct {
	mu      sync.Mutex
	preset  preset
	tuned   bool // the garbage collector is as the preset says
	running int
	idle    *time.Timer // runs while nothing does
	open    map[trimmer]bool
}

// SetMemory chooses a preset for the whole process, [MemoryApp] or
// [MemoryExtension]. Models and indexes that are open already keep their number of
// threads and what they keep of files.
func SetMemory(name string) (err error) {
	defer recovered(&err)
	p, ok := presets[name]
	if !ok {
		return fmt.Errorf("mobile: memory: expected %q or %q, found %q", MemoryApp, MemoryExtension, name)
	}
	activity.mu.Lock()
	defer activity.mu.Unlock()
	activity.preset = p
	activity.tune()
	return nil
}

// Trim gives back at once what can be read again: what searches have read of open
// indexes, the pages of models, and free memory. Call it from onTrimMemory and
// didReceiveMemoryWarning, and when the app goes to the background; not on the main
// thread, for it takes some milliseconds. Calls that are running go on.
func Trim() (err error) {
	defer recovered(&err)
	activity.mu.Lock()
	open := make([]trimmer, 0, len(activity.open))
	for t := range activity.open {
		open = append(open, t)
	}
	activity.mu.Unlock()
	for _, t := range open {
		t.trim()
	}
	// What is pooled for reuse, an encoder's buffers above all, outlives one collection.
	runtime.GC()
	debug.FreeOSMemory()
	return nil
}

// tune sets the garbage collector. t.mu must be held.
func (t *tracker) tune() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(t.preset.limit)
	t.tuned = true
}

// enter and leave are called around whatever uses memory.
func (t *tracker) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.tuned {
		t.tune()
	}
	t.running++
	if t.idle != nil {
		t.idle.Stop()
	}
}

func (t *tracker) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	if t.running > 0 {
		return
	}
	if t.preset.unloads {
		for x := range t.open {
			x.unload()
		}
	}
	if t.idle == nil {
		t.idle = time.AfterFunc(idleAfter, t.rest)
	} else {
		t.idle.Reset(idleAfter)
	}
}

// rest gives memory back if nothing runs.
func (t *tracker) rest() {
	t.mu.Lock()
	busy := t.running > 0
	t.mu.Unlock()
	if !busy {
		_ = Trim() // a panic has nobody to be told to
	}
}

func (t *tracker) add(x trimmer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open[x] = true
}

func (t *tracker) remove(x trimmer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, x)
}

// current returns the preset in force, and the threads that it gives to someone who
// asks for n, 0 for as many as there are.
func (t *tracker) current(n int) (preset, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n < 1 {
		n = min(runtime.GOMAXPROCS(0), t.preset.threads)
	}
	return t.preset, n
}
