package infer

import (
	"syscall/js"
	"time"
)

// betweenEvents is how long computing may keep JavaScript's event loop waiting.
const betweenEvents = 25 * time.Millisecond

// lastEvents is when the event loop last had its turn. There is one thread.
var lastEvents time.Time

// handleEvents lets the event loop have a turn, if it has waited for long: what
// cancels a context comes as an event, and none comes while a goroutine computes.
func handleEvents() {
	if time.Since(lastEvents) < betweenEvents {
		return
	}
	<-afterEvents()
	lastEvents = time.Now()
}

// afterEvents returns a channel that is closed after the events that are waiting
// now. A message to oneself takes microseconds, a timer milliseconds.
func afterEvents() <-chan struct{} {
	done := make(chan struct{})
	channel := js.Global().Get("MessageChannel").New()
	port := channel.Get("port1")
	var arrived js.Func
	arrived = js.FuncOf(func(js.Value, []js.Value) any {
		arrived.Release()
		port.Call("close")
		close(done)
		return nil
	})
	port.Set("onmessage", arrived)
	channel.Get("port2").Call("postMessage", nil)
	return done
}
