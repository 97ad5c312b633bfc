package serve

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/testdata"
)

// Queries are answered while a long document is under way, which takes many times
// as long as all of them.
func TestQueriesBesideLongDocument(t *testing.T) {
	m, err := edge.Open(testdata.Checkpoint(t, "edge-17m-shape"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := New(m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer h.Close()

	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	long := quoted(strings.Repeat("calcium slows bone loss ", 8000))
	r := request(t, http.MethodPost, h.URL+"/v1/rerank", fmt.Sprintf(`{"query": %q, "documents": [%s], "max_tokens_per_doc": 32768}`, question, long)).WithContext(ctx)
	go func() {
		a, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			a.Body.Close()
		}
		ended <- err
	}()
	waitFor(t, "the long document to arrive", func() bool { return s.inFlight.Load() > copies*int64(len(long)) })
	for range 10 {
		if a := post(t, h.URL+"/v1/rerank", `{"query": "bone loss", "documents": ["calcium", "rain"]}`); a.status != 200 {
			t.Errorf("status %d: %s", a.status, a.body)
		}
	}
	select {
	case err := <-ended:
		t.Errorf("the long document was answered before ten queries: %v", err)
	default:
	}
	leave()
	<-ended
}
