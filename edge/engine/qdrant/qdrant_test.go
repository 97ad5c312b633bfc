package qdrant

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/internal/suite"
)

// refuses says which of the suite's filters Qdrant can't do.
func refuses(filter string) bool {
	return strings.Contains(filter, "~") || strings.Contains(filter, `title <`) || strings.Contains(filter, `title >`) || filter == `year > ""`
}

func TestStandIn(t *testing.T) {
	suite.RunStandIns(t, func(bool) suite.StandIn { return standIn{}.answer }, func(t *testing.T, address, collection string) engine.Engine {
		e, err := New(address, collection, Options{Shards: 2, Replicas: 1, Quantization: "int8"})
		if err != nil {
			t.Fatal(err)
		}
		e.rest = e.rest.Eager()
		return e
	}, refuses)
}

// TestPayloadIndexes has a collection whose making was cut off get the payload indexes
// that it lacks.
func TestPayloadIndexes(t *testing.T) {
	server, made := standIn{}, 0
	address := suite.Serve(t, func(r *http.Request) (any, error) {
		if strings.HasSuffix(r.URL.Path, "/index") {
			if made++; made == 4 {
				return nil, errors.New("cut off")
			}
		}
		return server.answer(r)
	}, false)
	e, err := New(address, "x", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Create(t.Context(), 8); !errors.Is(err, engine.ErrRefused) || made != 4 {
		t.Fatalf("%d indexes made, %v", made, err)
	}
	for range 2 {
		if err := e.Create(t.Context(), 8); err != nil {
			t.Fatal(err)
		}
	}
	if found := len(server["x"].indexed); found != len(payloadIndexes) || made != found+1 {
		t.Errorf("%d payload indexes after %d requests, expected %d", found, made, len(payloadIndexes))
	}
}

// TestServer runs against a real server, whose address TOLLER_QDRANT is.
func TestServer(t *testing.T) {
	address := os.Getenv("TOLLER_QDRANT")
	if address == "" {
		t.Skip("no server: TOLLER_QDRANT is its address")
	}
	suite.Run(t, func(t *testing.T, collection string) engine.Engine {
		e, err := New(address, "suite-"+collection, Options{})
		if err != nil {
			t.Fatal(err)
		}
		e.call(t.Context(), "DELETE", "", nil, nil) // of a former run
		t.Cleanup(func() { e.call(t.Context(), "DELETE", "", nil, nil) })
		return e
	}, refuses)
}

func TestNew(t *testing.T) {
	for _, bad := range []struct {
		address, collection string
		options             Options
	}{
		{"localhost:6333", "x", Options{}},
		{"http://localhost:6333?x=1", "x", Options{}},
		{"http://localhost:6333", "", Options{}},
		{"http://localhost:6333", "x", Options{Datatype: "uint8"}},
		{"http://localhost:6333", "x", Options{Quantization: "2bit"}},
		{"://user:secret@x", "x", Options{}},
	} {
		if _, err := New(bad.address, bad.collection, bad.options); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
