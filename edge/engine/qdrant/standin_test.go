package qdrant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/internal/rest"
	"github.com/toller-search/toller/edge/engine/internal/suite"
	"github.com/toller-search/toller/heads"
)

// standIn is as much of Qdrant as package qdrant needs, after its documentation: its
// collections by name.
type standIn map[string]*collection

type collection struct {
	vectors json.RawMessage
	indexed map[string]any // kinds of payload indexes by their fields
	points  map[engine.ID]standInPoint
}

type standInPoint struct {
	Vector  rest.Matrix
	Payload json.RawMessage
	values  map[string]any // Payload
}

func (s standIn) answer(r *http.Request) (any, error) {
	result, err := s.result(r)
	return map[string]any{"result": result, "status": "ok"}, err
}

func (s standIn) result(r *http.Request) (any, error) {
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/collections/"), "/", 2)
	c := s[parts[0]]
	if len(parts) == 1 && r.Method == http.MethodPut {
		if c != nil {
			return nil, fmt.Errorf("exists")
		}
		var body struct{ Vectors json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		s[parts[0]] = &collection{vectors: body.Vectors, indexed: map[string]any{}, points: map[engine.ID]standInPoint{}}
		return true, nil
	}
	if c == nil {
		return nil, suite.ErrMissing
	}
	if len(parts) == 1 {
		return map[string]any{"config": map[string]any{"params": map[string]any{"vectors": c.vectors}}, "payload_schema": c.indexed}, nil
	}
	var body struct {
		Points json.RawMessage
		IDs    []engine.ID
		Offset *engine.ID
		Limit  int
		Query  rest.Matrix
		Filter map[string]any

		Field string `json:"field_name"`
		Kind  string `json:"field_schema"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	switch r.Method + " " + parts[1] {
	case "PUT index":
		c.indexed[body.Field] = map[string]string{"data_type": body.Kind}
		return true, nil
	case "PUT points":
		var points []struct {
			ID engine.ID
			standInPoint
		}
		if err := json.Unmarshal(body.Points, &points); err != nil {
			return nil, err
		}
		for _, p := range points {
			if err := json.Unmarshal(p.Payload, &p.values); err != nil {
				return nil, err
			}
			c.points[p.ID] = p.standInPoint
		}
		return true, nil
	case "POST points/delete":
		var ids []engine.ID
		if err := json.Unmarshal(body.Points, &ids); err != nil {
			return nil, err
		}
		for _, id := range ids {
			delete(c.points, id)
		}
		return true, nil
	case "POST points":
		list := []map[string]any{}
		for _, id := range body.IDs {
			if p, ok := c.points[id]; ok {
				list = append(list, map[string]any{"id": id, "payload": p.Payload})
			}
		}
		return list, nil
	case "POST points/scroll":
		var ids []engine.ID
		for id := range c.points {
			if body.Offset == nil || byBytes(id, *body.Offset) >= 0 {
				ids = append(ids, id)
			}
		}
		slices.SortFunc(ids, byBytes)
		answer := map[string]any{"next_page_offset": nil}
		limit := min(body.Limit, 7) // so that there are pages
		if len(ids) > limit {
			answer["next_page_offset"], ids = ids[limit], ids[:limit]
		}
		points := []map[string]any{}
		for _, id := range ids {
			points = append(points, map[string]any{"id": id})
		}
		answer["points"] = points
		return answer, nil
	case "POST points/query":
		type scored struct {
			ID      engine.ID       `json:"id"`
			Score   float32         `json:"score"`
			Vector  rest.Matrix     `json:"vector"`
			Payload json.RawMessage `json:"payload"`
		}
		found := []scored{}
		for id, p := range c.points {
			if body.Filter == nil || holds(body.Filter, p.values) {
				found = append(found, scored{id, heads.MaxSim(body.Query.Data, p.Vector.Data, p.Vector.Dim), p.Vector, p.Payload})
			}
		}
		slices.SortFunc(found, func(a, b scored) int { return int(math.Copysign(1, float64(b.Score-a.Score))) })
		return map[string]any{"points": found[:min(body.Limit, len(found))]}, nil
	}
	return nil, fmt.Errorf("%s %s", r.Method, parts[1])
}

func byBytes(a, b engine.ID) int { return bytes.Compare(a[:], b[:]) }

// holds says whether a condition holds for a payload; what it doesn't know it panics
// about.
func holds(c map[string]any, payload map[string]any) bool {
	key, _ := c["key"].(string)
	value := payload[key]
	if m, ok := c["match"].(map[string]any); ok {
		wanted, several := m["any"].([]any)
		if !several {
			wanted = []any{m["value"]}
		}
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		return slices.ContainsFunc(list, func(v any) bool { return slices.Contains(wanted, v) })
	}
	if r, ok := c["range"].(map[string]any); ok {
		n, ok := value.(float64)
		for how, bound := range r {
			b := bound.(float64)
			ok = ok && map[string]bool{"lt": n < b, "lte": n <= b, "gt": n > b, "gte": n >= b}[how]
		}
		return ok
	}
	if e, ok := c["is_empty"].(map[string]any); ok {
		return payload[e["key"].(string)] == nil
	}
	if n, ok := c["nested"].(map[string]any); ok {
		list, _ := payload[n["key"].(string)].([]any)
		return slices.ContainsFunc(list, func(v any) bool { return holds(n["filter"].(map[string]any), v.(map[string]any)) })
	}
	each := func(v any) bool { return holds(v.(map[string]any), payload) }
	for how, list := range c {
		list := list.([]any)
		switch how {
		case "must":
			if slices.ContainsFunc(list, func(v any) bool { return !each(v) }) {
				return false
			}
		case "should":
			if !slices.ContainsFunc(list, each) {
				return false
			}
		case "must_not":
			if slices.ContainsFunc(list, each) {
				return false
			}
		default:
			panic("unknown condition " + how)
		}
	}
	return true
}
