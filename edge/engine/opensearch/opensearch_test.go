package opensearch

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/internal/suite"
	"github.com/toller-search/toller/edge/index"
)

// refuses says which of the suite's filters OpenSearch can't do.
func refuses(filter string) bool { return strings.Contains(filter, "[") }

func TestStandIn(t *testing.T) {
	suite.RunStandIns(t, func(faults bool) suite.StandIn {
		s := &standIn{faults: faults, version: "3.3.2.0"}
		if faults {
			s.version = "3.10.0.0"
		}
		return s.answer
	}, func(t *testing.T, address, collection string) engine.Engine {
		e, err := New(address, collection, Options{})
		if err != nil {
			t.Fatal(err)
		}
		e.rest = e.rest.Eager()
		return e
	}, refuses)
}

// TestRescore has toller score BM25's candidates.
func TestRescore(t *testing.T) {
	for name, o := range map[string]struct {
		version string
		Options
	}{"no plugin": {}, "old plugin": {version: "3.2.0.0"}, "asked for": {version: "3.6.0.0", Options: Options{Rescore: true}}} {
		t.Run(name, func(t *testing.T) {
			address := suite.Serve(t, (&standIn{version: o.version}).answer, false)
			o.Candidates = 5000
			rescores(t, address, "rescore", o.Options)
		})
	}
}

// rescores compares a search whose candidates toller scores with one that the cluster
// does not take part in.
func rescores(t *testing.T, address, collection string, o Options) {
	e, err := New(address, collection, o)
	if err != nil {
		t.Fatal(err)
	}
	m := suite.Model(t)
	x := suite.Index(t, m, suite.Entries())
	if _, err := engine.Push(t.Context(), e, x, nil); err != nil {
		t.Fatal(err)
	}
	want, err := engine.Search(t.Context(), e, m, "cat mat", engine.Options{TopK: 5})
	if err != nil || len(want) != 5 {
		t.Fatalf("%d results, %v", len(want), err)
	}
	exact, err := x.Search(t.Context(), "cat mat", index.In(index.Exact), index.PerDocument(true), index.Where(`source = "numbers"`), index.TopK(5))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if d := want[i].Score - exact[i].Score; d > 1e-4 || d < -1e-4 {
			t.Errorf("result %d: %v of %q, expected %v of %q", i, want[i].Score, want[i].Key, exact[i].Score, exact[i].Key)
		}
	}
	if _, err := engine.Search(t.Context(), e, m, "cat", engine.Options{Exact: true}); !errors.Is(err, errNoScript) {
		t.Errorf("an exact search: %v", err)
	}
}

func TestNew(t *testing.T) {
	for _, bad := range []struct {
		address, index string
		options        Options
	}{
		{"localhost:9200", "x", Options{}},
		{"http://localhost:9200", "", Options{}},
		{"http://localhost:9200", "_all", Options{}},
		{"http://localhost:9200", "a*", Options{}},
		{"http://localhost:9200", "x", Options{Candidates: 10_001}},
	} {
		if _, err := New(bad.address, bad.index, bad.options); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	for version, want := range map[string]bool{"3.3.0.0": true, "3.10.0": true, "4.0": true, "3.2.9": false, "2.19.1.0": false, "": false, "x.y": false} {
		if since(version, 3, 3) != want {
			t.Errorf("version %q", version)
		}
	}
}

// TestServer runs against a real cluster, whose address TOLLER_OPENSEARCH is.
func TestServer(t *testing.T) {
	address := os.Getenv("TOLLER_OPENSEARCH")
	if address == "" {
		t.Skip("no cluster: TOLLER_OPENSEARCH is its address")
	}
	remove := func(name string) {
		e, err := New(address, name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		e.rest.JSON(t.Context(), http.MethodDelete, e.path(""), nil, nil) // of a former run
	}
	t.Run("Rescore", func(t *testing.T) {
		remove("suite-rescore")
		rescores(t, address, "suite-rescore", Options{Rescore: true, NoReplicas: true, Candidates: 5000})
	})
	suite.Run(t, func(t *testing.T, collection string) engine.Engine {
		e, err := New(address, "suite-"+collection, Options{Shards: 2, NoReplicas: true})
		if err != nil {
			t.Fatal(err)
		}
		remove("suite-" + collection)
		return e
	}, refuses)
}
