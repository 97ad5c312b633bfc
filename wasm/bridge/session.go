//go:build js

package bridge

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall/js"

	"github.com/toller-search/toller/edge"
)

// A Method answers a call. Its result must be something that js.ValueOf takes.
// The context ends when the caller gives up.
type Method func(ctx context.Context, arguments js.Value) (any, error)

// A Session is what one worker has: at most one model, and the calls under way.
type Session struct {
	methods map[string]Method
	files   files
	queries recent

	mu      sync.Mutex
	model   *edge.Model
	cancels map[int]context.CancelFunc
}

// New returns a session with the methods for loading a model and for ranking.
func New() *Session {
	s := &Session{methods: map[string]Method{}, cancels: map[int]context.CancelFunc{}}
	s.handleKernels()
	s.handleFiles()
	s.handleModel()
	return s
}

// Handle adds a method, in place of one of the same name.
func (s *Session) Handle(name string, m Method) { s.methods[name] = m }

// Model returns the session's model, or an error if there is none yet.
func (s *Session) Model() (*edge.Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.model == nil {
		return nil, errors.New("no model is open")
	}
	return s.model, nil
}

// How much memory may grow between collections, in per cent of what is in use: most
// of that is weights, which cost a collection nothing, and a page's memory never
// shrinks. With Go's 100 a worker comes to twice the memory. While a model is loaded
// and opened, collections cost time that somebody waits for.
const (
	gcPercentLoading = 30
	gcPercentOpen    = 15
	// gcGrowth is how many bytes it may be in any case: small models have fewer
	// weights, and not less of the rest.
	gcGrowth = 6 << 20
)

// collectOften has the garbage collector keep the memory of an open model small.
func collectOften() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetGCPercent(max(gcPercentOpen, int(100*gcGrowth/max(m.HeapAlloc, 1))))
}

// Serve hands the two functions of the session to the page's side and answers
// calls until the program is ended from there. Under the name tollerReady it must
// find a function of the page's side that takes
//
//	call(number, method, arguments) → Promise
//	cancel(number)
func (s *Session) Serve() {
	debug.SetGCPercent(gcPercentLoading)
	call := js.FuncOf(func(_ js.Value, args []js.Value) any {
		return s.call(args[0].Int(), args[1].String(), args[2])
	})
	cancel := js.FuncOf(func(_ js.Value, args []js.Value) any {
		s.mu.Lock()
		defer s.mu.Unlock()
		if stop := s.cancels[args[0].Int()]; stop != nil {
			stop()
		}
		return nil
	})
	js.Global().Call("tollerReady", call, cancel)
	select {}
}

// call starts a call and returns the promise of its answer.
func (s *Session) call(number int, name string, arguments js.Value) js.Value {
	ctx, stop := context.WithCancel(context.Background())
	s.mu.Lock()
	s.cancels[number] = stop
	s.mu.Unlock()
	return promise(func() (any, error) {
		defer func() {
			stop()
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.cancels, number)
		}()
		m := s.methods[name]
		if m == nil {
			return nil, fmt.Errorf("there is no method %q", name)
		}
		return m(ctx, arguments)
	})
}

// promise runs f on a goroutine of its own and returns the promise of its result.
func promise(f func() (any, error)) js.Value {
	start := js.FuncOf(func(_ js.Value, args []js.Value) any {
		resolve, reject := args[0], args[1]
		go func() {
			defer func() {
				if p := recover(); p != nil {
					reject.Invoke(failure(fmt.Errorf("internal error: %v", p), string(debug.Stack())))
				}
			}()
			result, err := f()
			if err != nil {
				reject.Invoke(failure(err, ""))
				return
			}
			resolve.Invoke(result)
		}()
		return nil
	})
	defer start.Release() // the promise has called it by then
	return js.Global().Get("Promise").New(start)
}

// failure makes a JavaScript error. Where it comes from the code, details says
// from which place in it.
func failure(err error, details string) js.Value {
	e := js.Global().Get("Error").New(err.Error())
	if errors.Is(err, context.Canceled) {
		e.Set("name", "AbortError")
	}
	if details != "" {
		e.Set("details", details)
	}
	return e
}
