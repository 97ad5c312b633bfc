package agent

import (
	"net/http"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const sessionHeader = "Mcp-Session-Id"

// sessions knows how the sessions of older protocols are used. Few clients close
// theirs, so that where there are too many, the one that has had nothing to do for
// longest is closed. A client whose session has gone begins another (404, as the
// protocol has it).
type sessions struct {
	server *mcp.Server
	mu     sync.Mutex
	uses   map[string]*use // by session
}

// use is how a session is used.
type use struct {
	requests int       // that are being answered; a stream to listen to is one
	ended    time.Time // the last of them
}

// serve has a handler answer a request, of a session or one that begins it.
func (s *sessions) serve(handler http.Handler, w http.ResponseWriter, r *http.Request) {
	if id := r.Header.Get(sessionHeader); id != "" {
		s.begin(id)
		defer s.end(id)
	} else {
		defer func() {
			if id := w.Header().Get(sessionHeader); id != "" {
				s.begin(id)
				s.end(id)
			}
		}()
	}
	handler.ServeHTTP(w, r)
}

func (s *sessions) begin(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uses[id]
	if u == nil {
		u = new(use)
		s.uses[id] = u
	}
	u.requests++
}

func (s *sessions) end(id string) {
	open := s.open(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uses[id]
	u.requests--
	u.ended = time.Now()
	if !open && u.requests == 0 {
		delete(s.uses, id) // closed, or an id that somebody has made up
	}
}

// open reports whether there is such a session.
func (s *sessions) open(id string) bool {
	for one := range s.server.Sessions() {
		if one.ID() == id {
			return true
		}
	}
	return false
}

// room reports whether there may be one more session, and makes room for it if it can.
func (s *sessions) room() bool {
	if s.count() < mostSessions {
		return true
	}
	idle := s.idle()
	return idle != nil && idle.Close() == nil
}

// count is how many clients have a session.
func (s *sessions) count() (n int) {
	for range s.server.Sessions() {
		n++
	}
	return n
}

// idle is the session that has had nothing to do for longest, nil if all have.
func (s *sessions) idle() (found *mcp.ServerSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var since time.Time
	for one := range s.server.Sessions() {
		u := s.uses[one.ID()]
		if u == nil || u.requests > 0 { // it is just beginning, or has something to do
			continue
		}
		if found == nil || u.ended.Before(since) {
			found, since = one, u.ended
		}
	}
	if found != nil {
		delete(s.uses, found.ID())
	}
	return found
}
