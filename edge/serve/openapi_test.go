package serve

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The document that is served has every path, and its examples work.
func TestOpenAPI(t *testing.T) {
	_, url := start(t, Options{Indexes: []Index{newIndex(t, "few", few[:3])}})
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Example json.RawMessage }
			}
		}
	}
	send(t, request(t, http.MethodGet, url+"/openapi.json", "")).read(t, 200, &document)
	found, have := []string{}, []string{}
	for path, methods := range document.Paths {
		found = append(found, path)
		for method, operation := range methods {
			body := string(operation.RequestBody.Content["application/json"].Example)
			if a := send(t, request(t, strings.ToUpper(method), url+path, body)); a.status != 200 {
				t.Errorf("%s %s: status %d: %s", method, path, a.status, a.body)
			}
		}
	}
	for path := range routesByPath() {
		have = append(have, path)
	}
	slices.Sort(found)
	slices.Sort(have)
	if !slices.Equal(found, have) {
		t.Errorf("the document has %q, the server %q", found, have)
	}
}
