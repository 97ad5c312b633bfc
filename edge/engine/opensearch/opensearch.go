package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/internal/rest"
)

// Options are settings of an [Engine]; the zero value is a good choice.
type Options struct {
	// Authorization is sent as the header of that name, such as "Bearer …"; empty:
	// none is, but for what the address has.
	Authorization string

	// For an index that is made anew, 0: one shard, and replicas as the cluster has
	// it. NoReplicas asks for none.
	Shards, Replicas int
	NoReplicas       bool

	// Candidates is how many of BM25's best passages in a shard are scored by
	// MaxSim; 0: 1,000 where the cluster scores, 200 in all where toller does.
	Candidates int

	// Rescore has toller score candidates itself, whatever the cluster could do.
	Rescore bool

	// Wait is how long a request is tried again; 0: a minute.
	Wait time.Duration
}

// An Engine is an index of an OpenSearch cluster.
type Engine struct {
	rest    *rest.Client
	index   string
	options Options
}

var _ engine.Engine = (*Engine)(nil)

// New returns the index with this name at a cluster's address, such as
// https://user:password@localhost:9200. Nothing is sent yet.
func New(address, index string, o Options) (*Engine, error) {
	if index == "" || strings.HasPrefix(index, "_") || strings.ContainsAny(index, ",*") {
		return nil, fmt.Errorf("opensearch: expected the name of one index, found %q", index)
	}
	if o.Candidates < 0 || o.Candidates > maxWindow {
		return nil, fmt.Errorf("opensearch: candidates: expected at most %d, found %d", maxWindow, o.Candidates)
	}
	header := http.Header{}
	if o.Authorization != "" {
		header.Set("Authorization", o.Authorization)
	}
	client, err := rest.New(address, header, o.Wait)
	if err != nil {
		return nil, fmt.Errorf("opensearch: %w", err)
	}
	return &Engine{rest: client, index: index, options: o}, nil
}

// wrap names the index.
func (e *Engine) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("opensearch: index %q: %w", e.index, err)
}

// path is the path of something of the index.
func (e *Engine) path(rest string) string { return "/" + url.PathEscape(e.index) + rest }

// meta is what the mapping says of the index.
type meta struct {
	Version int `json:"version"`
	Dim     int `json:"dim"`
}

// version is that of the mapping.
const version = 1

// Create: see [engine.Engine].
func (e *Engine) Create(ctx context.Context, dim int) error {
	err := e.check(ctx, dim)
	if !errors.Is(err, engine.ErrNotFound) {
		return e.wrap(err)
	}
	settings := map[string]any{"number_of_shards": max(1, e.options.Shards)}
	if e.options.Replicas > 0 || e.options.NoReplicas {
		settings["number_of_replicas"] = e.options.Replicas
	}
	request := map[string]any{"settings": map[string]any{"index": settings}, "mappings": mapping(dim)}
	if err := e.rest.JSON(ctx, http.MethodPut, e.path(""), request, nil); err != nil {
		// Where an attempt was cut off and has made it, or another process has.
		if again := e.check(ctx, dim); again != nil {
			return e.wrap(err)
		}
	}
	return nil
}

// mapping describes the documents of an index. What isn't named in it is stored only.
func mapping(dim int) map[string]any {
	type field map[string]any
	stored := field{"type": "object", "enabled": false}
	keyword := field{"type": "keyword", "ignore_above": longestKeyword}
	text := field{"type": "text"}
	pair := func(value field) field {
		return field{"type": "nested", "properties": field{"path": keyword, "value": value}}
	}
	return map[string]any{
		"dynamic": false,
		"_meta":   map[string]any{"toller": meta{version, dim}},
		"properties": field{
			"id": field{"type": "keyword"}, "key": keyword, "source": keyword,
			"title":   field{"type": "text", "fields": field{"keyword": keyword}},
			"heading": text, "text": text, "time": field{"type": "long"}, "first_page": field{"type": "integer"}, "last_page": field{"type": "integer"},
			"present": keyword, "equal": keyword, "elements": keyword,
			"numbers": pair(field{"type": "double"}), "strings": pair(keyword),
			"metadata": stored, "vectors": stored,
		},
	}
}

// longestKeyword is how many characters of four bytes Lucene takes as a term.
const longestKeyword = 8191

// check compares the index that is there.
func (e *Engine) check(ctx context.Context, dim int) error {
	var found map[string]struct {
		Mappings struct {
			Meta struct {
				Toller *meta `json:"toller"`
			} `json:"_meta"`
		} `json:"mappings"`
	}
	if err := e.rest.JSON(ctx, http.MethodGet, e.path("/_mapping"), nil, &found); err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("%w: expected one index, found %d behind the name", engine.ErrSpace, len(found))
	}
	for _, index := range found {
		switch m := index.Mappings.Meta.Toller; {
		case m == nil:
			return fmt.Errorf("%w: expected an index made by toller, found one without _meta.toller in its mapping", engine.ErrSpace)
		case m.Version != version || m.Dim != dim:
			return fmt.Errorf("%w: expected version %d with %d components, found version %d with %d", engine.ErrSpace, version, dim, m.Version, m.Dim)
		}
	}
	return nil
}

// Stamps: see [engine.Engine].
func (e *Engine) Stamps(ctx context.Context, ids []engine.ID) (map[engine.ID]engine.Stamp, error) {
	stamps := make(map[engine.ID]engine.Stamp, len(ids))
	if len(ids) == 0 {
		return stamps, nil
	}
	err := e.again(ctx, func() (busy, err error) {
		var found struct {
			Docs []struct {
				ID     engine.ID       `json:"_id"`
				Found  bool            `json:"found"`
				Source engine.Stamp    `json:"_source"`
				Error  json.RawMessage `json:"error"`
			} `json:"docs"`
		}
		if err := e.rest.JSON(ctx, http.MethodPost, e.path("/_mget?_source_includes=hash,model"), map[string]any{"ids": ids}, &found); err != nil {
			return nil, err
		}
		for _, d := range found.Docs {
			if d.Error != nil { // its shard is not there, or not yet
				busy = fmt.Errorf("document %s: %w: %.300s", d.ID, engine.ErrRefused, d.Error)
			}
			if d.Found {
				stamps[d.ID] = d.Source
			}
		}
		return busy, nil
	})
	return stamps, e.wrap(err)
}

// again repeats what is done in parts, of which the cluster may be too busy for some
// although it answers with success for all, until there is nothing left that it was
// too busy for.
func (e *Engine) again(ctx context.Context, try func() (busy, err error)) error {
	return e.rest.Again(ctx, func() (bool, time.Duration, error) {
		busy, err := try()
		if err != nil {
			return false, 0, err
		}
		return busy != nil, 0, busy
	})
}

// document is a point as OpenSearch keeps it.
type document struct {
	ID engine.ID `json:"id"` // ids can't be sorted by; this can
	engine.Payload
	Vectors rest.Matrix `json:"vectors"`
}

// action is what one line of a bulk request asks for, and what the answer says of it.
type action struct {
	ID     engine.ID       `json:"_id"`
	Status int             `json:"status,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// Put: see [engine.Engine].
func (e *Engine) Put(ctx context.Context, points []engine.Point) error {
	actions := make(map[engine.ID][]byte, len(points))
	for i := range points {
		p := &points[i]
		head, err := json.Marshal(map[string]action{"index": {ID: p.ID}})
		if err != nil {
			return e.wrap(err)
		}
		body, err := json.Marshal(document{p.ID, p.Payload, rest.Matrix{Data: p.Vectors, Dim: p.Dim}})
		if err != nil {
			return e.wrap(err)
		}
		actions[p.ID] = slices.Concat(head, []byte("\n"), body, []byte("\n"))
	}
	return e.bulk(ctx, actions)
}

// Delete: see [engine.Engine].
func (e *Engine) Delete(ctx context.Context, ids []engine.ID) error {
	actions := make(map[engine.ID][]byte, len(ids))
	for _, id := range ids {
		head, err := json.Marshal(map[string]action{"delete": {ID: id}})
		if err != nil {
			return e.wrap(err)
		}
		actions[id] = append(head, '\n')
	}
	return e.bulk(ctx, actions)
}

// bulk sends actions, and those again that the cluster was too busy for.
func (e *Engine) bulk(ctx context.Context, actions map[engine.ID][]byte) error {
	return e.wrap(e.again(ctx, func() (busy, err error) {
		var body bytes.Buffer
		for _, lines := range actions {
			body.Write(lines)
		}
		var answer struct {
			Items []map[string]action `json:"items"`
		}
		if err := e.rest.Send(ctx, http.MethodPost, e.path("/_bulk"), "application/x-ndjson", body.Bytes(), &answer); err != nil {
			return nil, err
		}
		if len(answer.Items) != len(actions) {
			return nil, fmt.Errorf("%w: expected an answer for each of %d documents, found %d", engine.ErrRefused, len(actions), len(answer.Items))
		}
		for _, item := range answer.Items {
			for what, a := range item {
				bad := fmt.Errorf("%s %s: %w: status %d: %.300s", what, a.ID, engine.ErrRefused, a.Status, a.Error)
				switch {
				case a.Status/100 == 2 || what == "delete" && a.Status == http.StatusNotFound:
					delete(actions, a.ID)
				case rest.Busy(a.Status):
					busy = bad
				default:
					return nil, bad
				}
			}
		}
		return busy, nil
	}))
}

// page is how many ids are asked for at once.
const page = 5000

// IDs: see [engine.Engine].
func (e *Engine) IDs(ctx context.Context, yield func([]engine.ID) bool) error {
	if err := e.Finish(ctx); err != nil {
		return err
	}
	request := map[string]any{"size": page, "_source": false, "sort": []string{"id"}, "track_total_hits": false}
	for {
		var found answer
		if err := e.search(ctx, request, &found); err != nil {
			return err
		}
		list := found.Hits.Hits
		ids := make([]engine.ID, len(list))
		for i, h := range list {
			ids[i] = h.ID
		}
		if len(ids) > 0 && !yield(ids) || len(ids) < page {
			return nil
		}
		request["search_after"] = []string{ids[len(ids)-1].String()}
	}
}

// Finish has what was written found: OpenSearch does so by itself only after a while.
func (e *Engine) Finish(ctx context.Context) error {
	return e.wrap(e.rest.JSON(ctx, http.MethodPost, e.path("/_refresh"), nil, nil))
}

// answer is that to a search.
type answer struct {
	TimedOut bool `json:"timed_out"`
	Shards   struct {
		Failed   int             `json:"failed"`
		Failures json.RawMessage `json:"failures"`
	} `json:"_shards"`
	Hits struct {
		Hits []struct {
			ID     engine.ID `json:"_id"`
			Source document  `json:"_source"`
		} `json:"hits"`
	} `json:"hits"`
}

// search sends a search, and takes no part of an answer for all of it.
func (e *Engine) search(ctx context.Context, request any, found *answer) error {
	err := e.rest.JSON(ctx, http.MethodPost, e.path("/_search?allow_partial_search_results=false"), request, found)
	if err == nil && (found.Shards.Failed > 0 || found.TimedOut) {
		err = fmt.Errorf("%w: %d shards have failed: %.300s", engine.ErrRefused, found.Shards.Failed, found.Shards.Failures)
	}
	return e.wrap(err)
}

// scores says whether all nodes have lateInteractionScore, as far as this user may
// know.
func (e *Engine) scores(ctx context.Context) (bool, error) {
	if e.options.Rescore {
		return false, nil
	}
	var plugins []struct {
		Component string `json:"component"`
		Version   string `json:"version"`
	}
	err := e.rest.JSON(ctx, http.MethodGet, "/_cat/plugins?format=json&h=component,version", nil, &plugins)
	if rest.Status(err) == http.StatusForbidden { // to a user who may only search
		return false, nil
	}
	if err != nil {
		return false, e.wrap(err)
	}
	found := false
	for _, p := range plugins {
		if p.Component != "opensearch-knn" {
			continue
		}
		if !since(p.Version, 3, 3) {
			return false, nil
		}
		found = true
	}
	return found, nil
}

// since says whether a version, such as 3.10.0.0, is major.minor or a later one.
func since(version string, major, minor int) bool {
	first, rest, _ := strings.Cut(version, ".")
	second, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(second)
	return errors.Join(errA, errB) == nil && (a > major || a == major && b >= minor)
}
