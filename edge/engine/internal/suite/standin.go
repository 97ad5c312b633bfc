package suite

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/toller-search/toller/edge/engine"
)

// ErrMissing is a stand-in's for status 404; what else it fails with is 400.
var ErrMissing = errors.New("there is no such collection")

// A StandIn answers as much as an engine's package asks of the engine, with what is
// sent as JSON. It is asked one thing after the other.
type StandIn func(r *http.Request) (any, error)

// Serve serves a stand-in until the test ends, and returns its address. With faults
// four of six requests fail: three are refused or lose the connection, of the fourth,
// which is done, the answer is lost.
func Serve(t *testing.T, answer StandIn, faults bool) (address string) {
	var mu sync.Mutex
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		fault := 0
		if faults {
			fault = requests % 6
		}
		switch fault {
		case 1:
			w.Header().Set("Retry-After", "0")
			http.Error(w, "busy", http.StatusTooManyRequests)
			return
		case 2:
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		case 4:
			panic(http.ErrAbortHandler) // the connection ends
		}
		result, err := answer(r)
		switch {
		case fault == 5:
			panic(http.ErrAbortHandler)
		case err == ErrMissing:
			http.Error(w, err.Error(), http.StatusNotFound)
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		default:
			json.NewEncoder(w).Encode(result)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// RunStandIns runs the tests against a sound stand-in and one with faults.
func RunStandIns(t *testing.T, standIn func(faults bool) StandIn, open func(t *testing.T, address, collection string) engine.Engine, refuses func(filter string) bool) {
	for name, faults := range map[string]bool{"sound": false, "faults": true} {
		t.Run(name, func(t *testing.T) {
			address := Serve(t, standIn(faults), faults)
			Run(t, func(t *testing.T, collection string) engine.Engine { return open(t, address, collection) }, refuses)
		})
	}
}
