package agent

import (
	"encoding/json"
	"sync"
	"time"
)

// unanswered are the requests of a client that have no answer yet.
type unanswered struct {
	mu      sync.Mutex
	ids     map[any]bool  // strings and numbers
	changed chan struct{} // for the one who waits
}

func newUnanswered() *unanswered {
	return &unanswered{ids: map[any]bool{}, changed: make(chan struct{}, 1)}
}

// idOf is an id as JSON has it, nil if it is neither a string nor a number.
func idOf(id any) any {
	switch id := id.(type) {
	case int64:
		return float64(id)
	case string, float64:
		return id
	}
	return nil
}

// add notes a request, which has no id if it is a notification.
func (u *unanswered) add(id any) {
	if id = idOf(id); id == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ids[id] = true
}

// remove takes a request out, if it is there.
func (u *unanswered) remove(id any) {
	if id = idOf(id); id == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.ids, id)
	u.tell()
}

// answered takes the request out that a message answers, if it is an answer.
func (u *unanswered) answered(message []byte) {
	var m struct {
		ID     any    `json:"id"`
		Method string `json:"method"`
	}
	if json.Unmarshal(message, &m) == nil && m.Method == "" {
		u.remove(m.ID)
	}
}

// forget takes all out.
func (u *unanswered) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.ids)
	u.tell()
}

func (u *unanswered) tell() {
	select {
	case u.changed <- struct{}{}:
	default:
	}
}

// wait returns when all are answered, or after the longest time, after which nobody
// waits for them again.
func (u *unanswered) wait(longest time.Duration) {
	late := time.After(longest)
	for {
		u.mu.Lock()
		left := len(u.ids)
		u.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-u.changed:
		case <-late:
			u.forget()
			return
		}
	}
}
