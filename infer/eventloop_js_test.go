package infer

import (
	"context"
	"syscall/js"
	"testing"
	"time"
)

// TestEvents checks that an event can cancel work that computes without a break.
func TestEvents(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	timer := js.FuncOf(func(js.Value, []js.Value) any { cancel(); return nil })
	defer timer.Release()
	turn, err := newWorkers(1).begin(ctx, true, false)
	if err != nil {
		t.Fatal(err)
	}
	js.Global().Call("setTimeout", timer, 50)
	start := time.Now()
	for time.Since(start) < 10*time.Second {
		if turn.pause(ctx) != nil {
			return
		}
	}
	t.Error("expected the end of the context after 50 ms, found none in 10 s")
}
