package opensearch

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/internal/suite"
	"github.com/toller-search/toller/heads"
)

// standIn is as much of OpenSearch as package opensearch needs, after its
// documentation; words stand for BM25. With faults parts of requests are refused.
type standIn struct {
	faults  bool
	version string // of the k-NN plugin; empty: there is none

	requests int
	indexes  map[string]*standInIndex
}

type standInIndex struct {
	mappings json.RawMessage
	docs     map[engine.ID]standInDoc
}

type standInDoc struct {
	source json.RawMessage
	values map[string]any // source
	document
}

func (s *standIn) answer(r *http.Request) (any, error) {
	s.requests++
	if r.URL.Path == "/_cat/plugins" {
		if s.version == "" {
			return []any{}, nil
		}
		return []any{map[string]any{"component": "opensearch-knn", "version": s.version}}, nil
	}
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 2)
	x := s.indexes[parts[0]]
	if len(parts) == 1 { // PUT
		if x != nil {
			return nil, fmt.Errorf("resource_already_exists_exception")
		}
		var body struct{ Mappings json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		if s.indexes == nil {
			s.indexes = map[string]*standInIndex{}
		}
		s.indexes[parts[0]] = &standInIndex{body.Mappings, map[engine.ID]standInDoc{}}
		return map[string]any{"acknowledged": true}, nil
	}
	if x == nil {
		return nil, suite.ErrMissing
	}
	switch parts[1] {
	case "_mapping":
		return map[string]any{parts[0]: map[string]any{"mappings": x.mappings}}, nil
	case "_refresh":
		return map[string]any{}, nil
	case "_bulk":
		return s.bulk(x, r)
	case "_mget":
		var body struct{ IDs []engine.ID }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		docs := []any{}
		for _, id := range body.IDs {
			d, found := x.docs[id]
			if s.faults && s.requests%4 == 0 { // as while shards recover
				docs = append(docs, map[string]any{"_id": id, "error": map[string]any{"type": "no_shard_available_action_exception"}})
				continue
			}
			docs = append(docs, map[string]any{"_id": id, "found": found, "_source": map[string]any{"hash": d.Hash, "model": d.Model}})
		}
		return map[string]any{"docs": docs}, nil
	case "_search":
		return s.search(x, r)
	}
	return nil, fmt.Errorf("%s", r.URL.Path)
}

func (s *standIn) bulk(x *standInIndex, r *http.Request) (any, error) {
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 1<<26)
	items := []any{}
	for n := 0; lines.Scan(); n++ {
		var head map[string]action
		if err := json.Unmarshal(lines.Bytes(), &head); err != nil {
			return nil, err
		}
		busy := s.faults && n%3 == 1 && s.requests%4 != 0
		for what, a := range head {
			a.Status = http.StatusOK
			switch {
			case what == "delete" && x.docs[a.ID].source == nil:
				a.Status = http.StatusNotFound
			case busy:
				a.Status, a.Error = http.StatusTooManyRequests, json.RawMessage(`{"type":"rejected"}`)
			case what == "delete":
				delete(x.docs, a.ID)
			}
			if what == "index" {
				lines.Scan()
				if !busy {
					d := standInDoc{source: slices.Clone(lines.Bytes())}
					if err := json.Unmarshal(d.source, &d.values); err != nil {
						return nil, err
					}
					if err := json.Unmarshal(d.source, &d.document); err != nil {
						return nil, err
					}
					x.docs[a.ID] = d
				}
			}
			items = append(items, map[string]any{what: a})
		}
	}
	return map[string]any{"items": items}, lines.Err()
}

func (s *standIn) search(x *standInIndex, r *http.Request) (any, error) {
	var body struct {
		Size, From int
		After      []string `json:"search_after"`
		Sort       []string
		Query      map[string]any
		Rescore    map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	type hit struct {
		ID     engine.ID       `json:"_id"`
		Source json.RawMessage `json:"_source"`
		score  float64
	}
	hits := []hit{}
	query := body.Query
	if body.Rescore != nil { // every candidate is in the window
		query = map[string]any{"bool": map[string]any{"must": body.Rescore["query"].(map[string]any)["rescore_query"], "filter": body.Query}}
	}
	for id, d := range x.docs {
		if body.Sort != nil {
			if len(body.After) == 0 || id.String() > body.After[0] {
				hits = append(hits, hit{ID: id})
			}
			continue
		}
		if score, ok := s.score(query, &d, d.values); ok {
			hits = append(hits, hit{id, d.source, score})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		if a.score != b.score {
			return int(math.Copysign(1, b.score-a.score))
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	hits = hits[min(body.From, len(hits)):]
	return map[string]any{"hits": map[string]any{"hits": hits[:min(body.Size, len(hits))]}}, nil
}

// score says whether a query holds for a document, of which values is the part that
// fields are looked for in; what it doesn't know it panics about.
func (s *standIn) score(query map[string]any, d *standInDoc, values map[string]any) (float64, bool) {
	for kind, raw := range query {
		q := raw.(map[string]any)
		switch kind {
		case "match_all":
			return 1, true
		case "script_score":
			if s.version == "" {
				panic("no script")
			}
			if _, ok := s.score(q["query"].(map[string]any), d, values); !ok {
				return 0, false
			}
			rows := q["script"].(map[string]any)["params"].(map[string]any)["query"].([]any)
			return float64(heads.MaxSim(components(rows), d.Vectors.Data, d.Vectors.Dim)) + float64(len(rows)), true
		case "multi_match":
			score := 0.0
			for _, word := range strings.Fields(strings.ToLower(q["query"].(string))) {
				score += float64(strings.Count(strings.ToLower(d.Text+" "+d.Title), word))
			}
			return score, score > 0
		case "bool":
			return s.bool(q, d, values)
		case "nested":
			list, _ := values[q["path"].(string)].([]any)
			for _, element := range list {
				if _, ok := s.score(q["query"].(map[string]any), d, map[string]any{q["path"].(string): element}); ok {
					return 1, true
				}
			}
			return 0, false
		case "exists":
			return 1, values[q["field"].(string)] != nil
		case "terms", "range", "wildcard":
			for field, wanted := range q {
				found := values[strings.TrimSuffix(field, ".keyword")]
				if list, name, nested := strings.Cut(field, "."); nested && name != "keyword" {
					found = values[list].(map[string]any)[name]
				}
				list, isList := found.([]any)
				if !isList {
					list = []any{found}
				}
				return 1, slices.ContainsFunc(list, func(v any) bool { return relates(kind, v, wanted) })
			}
		}
		panic("unknown query " + kind)
	}
	panic("empty query")
}

// components are those of a list of lists of numbers.
func components(rows []any) []float32 {
	var list []float32
	for _, row := range rows {
		for _, v := range row.([]any) {
			list = append(list, float32(v.(float64)))
		}
	}
	return list
}

func (s *standIn) bool(q map[string]any, d *standInDoc, values map[string]any) (float64, bool) {
	total := 0.0
	for how, raw := range q {
		list, isList := raw.([]any)
		if !isList {
			list = []any{raw}
		}
		held := 0
		for _, part := range list {
			if score, ok := s.score(part.(map[string]any), d, values); ok {
				held++
				if how == "must" {
					total += score
				}
			}
		}
		if how == "must_not" && held > 0 || how == "should" && held == 0 || (how == "must" || how == "filter") && held < len(list) {
			return 0, false
		}
	}
	return total, true
}

// relates says whether a value relates to what a query asks of it.
func relates(kind string, value, wanted any) bool {
	switch kind {
	case "terms":
		return slices.Contains(wanted.([]any), value)
	case "wildcard":
		text, ok := value.(string)
		return ok && matches(wanted.(map[string]any)["value"].(string), text)
	}
	for how, bound := range wanted.(map[string]any) {
		var order int
		switch v := value.(type) {
		case float64:
			order = int(math.Copysign(1, v-bound.(float64)))
			if v == bound.(float64) {
				order = 0
			}
		case string:
			order = strings.Compare(v, bound.(string))
		default:
			return false
		}
		if !map[string]bool{"lt": order < 0, "lte": order <= 0, "gt": order > 0, "gte": order >= 0}[how] {
			return false
		}
	}
	return true
}

// matches matches a pattern with *, ? and backslashes before what means itself.
func matches(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] == '*' {
		return matches(pattern[1:], text) || text != "" && matches(pattern, text[1:])
	}
	if text == "" {
		return false
	}
	if pattern[0] == '\\' {
		pattern = pattern[1:]
	} else if pattern[0] == '?' {
		return matches(pattern[1:], text[1:])
	}
	return pattern[0] == text[0] && matches(pattern[1:], text[1:])
}
