package opensearch

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/internal/suite"
)

// refuses says which of the suite's filters OpenSearch can't do.
func refuses(filter string) bool { return strings.Contains(filter, "[") }

// TestServer runs against a real cluster, whose address TOLLER_OPENSEARCH is.
func TestServer(t *testing.T) {
	address := os.Getenv("TOLLER_OPENSEARCH")
	if address == "" {
		t.Skip("no cluster: TOLLER_OPENSEARCH is its address")
	}
	suite.Run(t, func(t *testing.T, collection string) engine.Engine {
		e, err := New(address, "suite-"+collection, Options{Shards: 2, NoReplicas: true})
		if err != nil {
			t.Fatal(err)
		}
		remove := func() { e.rest.JSON(t.Context(), http.MethodDelete, e.path(""), nil, nil) }
		remove()
		return e
	}, refuses)
}
