package serve

import (
	"context"
	"time"
)

// scorePairs are the names of the two sides of vLLM's ScoreRequest.
var scorePairs = [][2]string{{"queries", "documents"}, {"queries", "items"}, {"text_1", "text_2"}, {"data_1", "data_2"}}

// score answers as vLLM's /score does: the first side is a query or one for each
// text of the second.
func score(ctx context.Context, c *call) (any, *refusal) {
	scale, bad := c.scale(MaxSim)
	if bad != nil {
		return nil, bad
	}
	f := c.fields
	var w work
	for _, pair := range scorePairs {
		if f.has(pair[0]) && f.has(pair[1]) {
			w.query, w.name = pair[0], pair[1]
			break
		}
	}
	if w.name == "" {
		return nil, refuse(wrong, "expected one of these pairs of fields, found none: queries and documents, queries and items, text_1 and text_2, data_1 and data_2")
	}
	c.readCut(&w)
	w.queries, w.documents = c.oneOrMore(w.query), c.oneOrMore(w.name)
	if f.bad == nil && len(w.queries) != 1 && len(w.queries) != len(w.documents) {
		f.fail(invalid(w.query, "expected one text, or as many as the %d of %s, found %d", len(w.documents), w.name, len(w.queries)))
	}
	if f.bad != nil {
		return nil, f.bad
	}
	r, bad := c.rank(ctx, &w)
	if bad != nil {
		return nil, bad
	}
	type result struct {
		Index  int     `json:"index"`
		Object string  `json:"object"`
		Score  float32 `json:"score"`
	}
	data := make([]result, len(r.hits))
	for i, h := range r.hits {
		data[i] = result{i, "score", scale.of(h)}
	}
	return struct {
		ID      string   `json:"id"`
		Object  string   `json:"object"`
		Created int64    `json:"created"`
		Model   string   `json:"model"`
		Data    []result `json:"data"`
		Usage   usage    `json:"usage"`
	}{newID("score"), "list", time.Now().Unix(), c.server.info.Name, data, usage{r.tokens, r.tokens}}, nil
}

// oneOrMore is a field with a text or an array of them.
func (c *call) oneOrMore(name string) []string {
	f := c.fields
	if v := f.values[name]; v.Kind() != '[' {
		text, bad := textOf(name, v, nil)
		if bad != nil {
			f.fail(bad)
		}
		return []string{text}
	}
	return c.texts(f, name, nil)
}
