package qdrant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/internal/rest"
)

// Options are settings of an [Engine]; the zero value is a good choice.
type Options struct {
	Key string // of the API; empty: none is sent

	// For a collection that is made anew, 0: as the server has it.
	Shards, Replicas int
	// Datatype of the stored components: "float32" (the default) or "float16". Qdrant's
	// uint8 cuts off fractions, which is all that unit vectors have.
	Datatype string
	// Quantization is "", "int8" or "binary": what the graph is searched with;
	// what is found is scored with the stored vectors.
	Quantization string

	// Wait is how long a request is tried again; 0: a minute.
	Wait time.Duration
}

// An Engine is a collection of a Qdrant server.
type Engine struct {
	rest       *rest.Client
	collection string
	options    Options
}

var _ engine.Engine = (*Engine)(nil)

// New returns the collection with this name at a server's address, such as
// http://localhost:6333. Nothing is sent yet.
func New(address, collection string, o Options) (*Engine, error) {
	if collection == "" {
		return nil, errors.New("qdrant: expected the name of a collection, found none")
	}
	switch o.Datatype {
	case "", "float32", "float16":
	default:
		return nil, fmt.Errorf("qdrant: datatype: expected float32 or float16, found %q", o.Datatype)
	}
	switch o.Quantization {
	case "", "int8", "binary":
	default:
		return nil, fmt.Errorf("qdrant: quantization: expected int8 or binary, found %q", o.Quantization)
	}
	header := http.Header{}
	if o.Key != "" {
		header.Set("Api-Key", o.Key)
	}
	client, err := rest.New(address, header, o.Wait)
	if err != nil {
		return nil, fmt.Errorf("qdrant: %w", err)
	}
	return &Engine{rest: client, collection: collection, options: o}, nil
}

// wrap names the collection.
func (e *Engine) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("qdrant: collection %q: %w", e.collection, err)
}

// call sends a request about the collection. result is what the answer's "result"
// is read into, nil for nothing.
func (e *Engine) call(ctx context.Context, method, path string, in, result any) error {
	answer := struct {
		Result any `json:"result"`
	}{result}
	return e.rest.JSON(ctx, method, "/collections/"+url.PathEscape(e.collection)+path, in, &answer)
}

// multivector is the configuration of a collection's vectors.
type multivector struct {
	Size        int    `json:"size"`
	Distance    string `json:"distance"`
	Datatype    string `json:"datatype,omitempty"`
	OnDisk      bool   `json:"on_disk,omitempty"`
	Multivector *struct {
		Comparator string `json:"comparator"`
	} `json:"multivector_config"`
}

// Create: see [engine.Engine].
func (e *Engine) Create(ctx context.Context, dim int) error {
	indexed, err := e.check(ctx, dim)
	if errors.Is(err, engine.ErrNotFound) {
		err = e.make(ctx, dim)
	}
	if err != nil {
		return e.wrap(err)
	}
	// Those that aren't there: a former call may have been killed between them.
	for field, kind := range payloadIndexes {
		if indexed[field] != nil {
			continue
		}
		if err := e.call(ctx, http.MethodPut, "/index?wait=true", map[string]any{"field_name": field, "field_schema": kind}, nil); err != nil {
			return e.wrap(err)
		}
	}
	return nil
}

// make makes the collection.
func (e *Engine) make(ctx context.Context, dim int) error {
	v := multivector{Size: dim, Distance: "Dot", Datatype: e.options.Datatype, OnDisk: true}
	v.Multivector = &struct {
		Comparator string `json:"comparator"`
	}{"max_sim"}
	request := map[string]any{"vectors": v, "on_disk_payload": true}
	if e.options.Shards > 0 {
		request["shard_number"] = e.options.Shards
	}
	if e.options.Replicas > 0 {
		request["replication_factor"] = e.options.Replicas
	}
	switch e.options.Quantization {
	case "int8":
		request["quantization_config"] = map[string]any{"scalar": map[string]any{"type": "int8", "always_ram": true}}
	case "binary":
		request["quantization_config"] = map[string]any{"binary": map[string]any{"always_ram": true}}
	}
	err := e.call(ctx, http.MethodPut, "", request, nil)
	if err != nil {
		// Where an attempt was cut off and has made it, or another process has.
		if _, again := e.check(ctx, dim); again == nil {
			return nil
		}
	}
	return err
}

// payloadIndexes are what filters look at.
var payloadIndexes = map[string]string{
	"key": "keyword", "source": "keyword", "title": "keyword", "time": "integer", "first_page": "integer", "last_page": "integer",
	"present": "keyword", "equal": "keyword", "elements": "keyword",
}

// check compares the collection that is there, and returns its payload indexes by
// their fields.
func (e *Engine) check(ctx context.Context, dim int) (indexed map[string]json.RawMessage, err error) {
	var found struct {
		Indexed map[string]json.RawMessage `json:"payload_schema"`
		Config  struct {
			Params struct {
				Vectors json.RawMessage `json:"vectors"`
			} `json:"params"`
		} `json:"config"`
	}
	if err := e.call(ctx, http.MethodGet, "", nil, &found); err != nil {
		return nil, err
	}
	var v multivector
	text := found.Config.Params.Vectors
	if err := json.Unmarshal(text, &v); err != nil || v.Multivector == nil || v.Multivector.Comparator != "max_sim" || v.Distance != "Dot" || v.Size != dim {
		return nil, fmt.Errorf("%w: expected one multivector of %d components, by max_sim over Dot, found %.300s", engine.ErrSpace, dim, text)
	}
	return found.Indexed, nil
}

// Stamps: see [engine.Engine].
func (e *Engine) Stamps(ctx context.Context, ids []engine.ID) (map[engine.ID]engine.Stamp, error) {
	stamps := make(map[engine.ID]engine.Stamp, len(ids))
	if len(ids) == 0 {
		return stamps, nil
	}
	var points []struct {
		ID      engine.ID    `json:"id"`
		Payload engine.Stamp `json:"payload"`
	}
	err := e.call(ctx, http.MethodPost, "/points", map[string]any{
		"ids": ids, "with_payload": []string{"hash", "model"}, "with_vector": false,
	}, &points)
	if err != nil {
		return nil, e.wrap(err)
	}
	for _, p := range points {
		stamps[p.ID] = p.Payload
	}
	return stamps, nil
}

// maxComponents is how many components a multivector may have in Qdrant.
const maxComponents = 1 << 20

// point is a point as Qdrant takes it.
type point struct {
	ID      engine.ID       `json:"id"`
	Vector  rest.Matrix     `json:"vector"`
	Payload *engine.Payload `json:"payload"`
}

// Put: see [engine.Engine]. A passage of more than 1,048,576 components is refused.
func (e *Engine) Put(ctx context.Context, points []engine.Point) error {
	list := make([]point, len(points))
	for i := range points {
		p := &points[i]
		if len(p.Vectors) > maxComponents {
			return e.wrap(fmt.Errorf("passage %d of %q: expected at most %d components of vectors, found %d; make the passages shorter", p.Payload.Passage, p.Payload.Key, maxComponents, len(p.Vectors)))
		}
		list[i] = point{p.ID, rest.Matrix{Data: p.Vectors, Dim: p.Dim}, &p.Payload}
	}
	return e.wrap(e.call(ctx, http.MethodPut, "/points?wait=true", map[string]any{"points": list}, nil))
}

// Delete: see [engine.Engine].
func (e *Engine) Delete(ctx context.Context, ids []engine.ID) error {
	return e.wrap(e.call(ctx, http.MethodPost, "/points/delete?wait=true", map[string]any{"points": ids}, nil))
}

// page is how many ids are asked for at once.
const page = 5000

// IDs: see [engine.Engine].
func (e *Engine) IDs(ctx context.Context, yield func([]engine.ID) bool) error {
	request := map[string]any{"limit": page, "with_payload": false, "with_vector": false}
	for {
		var part struct {
			Points []struct {
				ID engine.ID `json:"id"`
			} `json:"points"`
			Next *engine.ID `json:"next_page_offset"`
		}
		if err := e.call(ctx, http.MethodPost, "/points/scroll", request, &part); err != nil {
			return e.wrap(err)
		}
		ids := make([]engine.ID, len(part.Points))
		for i, p := range part.Points {
			ids[i] = p.ID
		}
		if len(ids) > 0 && !yield(ids) || part.Next == nil {
			return nil
		}
		request["offset"] = *part.Next
	}
}

// Finish does nothing: Qdrant finds what it has stored.
func (e *Engine) Finish(context.Context) error { return nil }

// Search: see [engine.Engine].
func (e *Engine) Search(ctx context.Context, q *engine.Query) ([]engine.Hit, error) {
	if err := q.Check(); err != nil {
		return nil, e.wrap(err)
	}
	condition, err := translate(q.Filter)
	if err != nil {
		return nil, e.wrap(err)
	}
	request := map[string]any{
		"query": rest.Matrix{Data: q.Vectors, Dim: q.Dim}, "limit": q.K, "with_payload": true, "with_vector": true,
		"params": map[string]any{"exact": q.Exact},
	}
	if condition != nil {
		request["filter"] = condition
	}
	var found struct {
		Points []struct {
			ID      engine.ID      `json:"id"`
			Score   float64        `json:"score"`
			Payload engine.Payload `json:"payload"`
			Vector  rest.Matrix    `json:"vector"`
		} `json:"points"`
	}
	if err := e.call(ctx, http.MethodPost, "/points/query", request, &found); err != nil {
		return nil, e.wrap(err)
	}
	hits := make([]engine.Hit, len(found.Points))
	for i, p := range found.Points {
		if hits[i], err = q.Hit(p.ID, p.Payload, p.Vector.Data, p.Vector.Dim); err != nil {
			return nil, e.wrap(fmt.Errorf("point %w", err))
		}
	}
	return engine.Ranked(hits, q.K), nil
}
