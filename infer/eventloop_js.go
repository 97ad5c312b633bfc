package infer

import (
	"slices"
	"sync"
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
	<-ownMessages().send()
	lastEvents = time.Now()
}

// messages are those that the program sends to itself: each comes after the events
// that were waiting before it, in microseconds where a timer takes milliseconds.
// There is one channel for all: what JavaScript holds for Go is given back only by
// a collection of Go's, which sees nothing of its size.
type messages struct {
	to, from  js.Value // ports of a MessageChannel
	holdsNode bool     // whether from says when it keeps a program running, as Node's do
	waiting   []chan struct{}
}

var ownMessages = sync.OnceValue(func() *messages {
	channel := js.Global().Get("MessageChannel").New()
	m := &messages{to: channel.Get("port2"), from: channel.Get("port1")}
	m.from.Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		m.arrived()
		return nil
	}))
	m.holdsNode = m.from.Get("unref").Type() == js.TypeFunction
	return m
})

// send sends a message. The channel that it returns is closed when that has come.
func (m *messages) send() <-chan struct{} {
	came := make(chan struct{})
	m.waiting = append(m.waiting, came)
	if m.holdsNode && len(m.waiting) == 1 {
		m.from.Call("ref")
	}
	m.to.Call("postMessage", nil)
	return came
}

// arrived takes note of a message; they come in order.
func (m *messages) arrived() {
	close(m.waiting[0])
	m.waiting = slices.Delete(m.waiting, 0, 1)
	if m.holdsNode && len(m.waiting) == 0 {
		m.from.Call("unref")
	}
}
