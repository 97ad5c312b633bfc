package serve

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/toller-search/toller/edge"
)

// rerankAnswer is what Cohere, Jina, vLLM and llama.cpp each look for in an answer.
type rerankAnswer struct {
	ID      string         `json:"id"`     // Cohere, vLLM
	Object  string         `json:"object"` // llama.cpp
	Model   string         `json:"model"`
	Results []rerankResult `json:"results"`
	Usage   usage          `json:"usage"`
	Meta    cohereMeta     `json:"meta"`
}

type rerankResult struct {
	Index    int            `json:"index"`
	Score    float32        `json:"relevance_score"`
	Document jsontext.Value `json:"document,omitempty"`
}

type usage struct {
	Prompt int `json:"prompt_tokens"`
	Total  int `json:"total_tokens"`
}

// cohereMeta is ApiMeta of Cohere's clients.
type cohereMeta struct {
	Version struct {
		Version string `json:"version"`
	} `json:"api_version"`
	Tokens struct {
		Input int `json:"input_tokens"`
	} `json:"tokens"`
	Warnings []string `json:"warnings,omitempty"`
}

// rerank answers for one version of Cohere's API, and for those who share its path.
func rerank(version string, scale Scale) handler {
	return func(ctx context.Context, c *call) (any, *refusal) {
		if c.fields.has("texts") {
			return rerankTexts(ctx, c)
		}
		scale, bad := c.scale(scale)
		if bad != nil {
			return nil, bad
		}
		q := c.readRerank("documents", c.fields.strings("rank_fields"))
		echo := c.fields.boolean("return_documents", true)
		if c.fields.bad != nil {
			return nil, c.fields.bad
		}
		r, bad := c.rank(ctx, &q.work)
		if bad != nil {
			return nil, bad
		}
		a := &rerankAnswer{ID: newID("rerank"), Object: "list", Model: c.server.info.Name, Usage: usage{r.tokens, r.tokens}}
		a.Meta.Version.Version = version
		a.Meta.Tokens.Input = r.tokens
		if r.truncated > 0 {
			a.Meta.Warnings = []string{fmt.Sprintf("cut at the length limit: %d of %d documents", r.truncated, len(r.hits))}
		}
		a.Results = results(r.best(q.top), scale)
		if echo {
			given := c.fields.list("documents", len(q.documents))
			for i := range a.Results {
				a.Results[i].Document = asObject(given[a.Results[i].Index])
			}
		}
		return a, nil
	}
}

// asObject is a document as it is given back: a string within an object.
func asObject(v jsontext.Value) jsontext.Value {
	if v.Kind() == '{' {
		return v
	}
	return append(append(jsontext.Value(`{"text":`), v...), '}')
}

// rerankLlama answers as llama.cpp does on the paths that are its own.
func rerankLlama(ctx context.Context, c *call) (any, *refusal) {
	if c.fields.has("texts") {
		return rerankTexts(ctx, c)
	}
	scale, bad := c.scale(MaxSim)
	if bad != nil {
		return nil, bad
	}
	q := c.readRerank("documents", nil)
	if c.fields.bad != nil {
		return nil, c.fields.bad
	}
	r, bad := c.rank(ctx, &q.work)
	if bad != nil {
		return nil, bad
	}
	return struct {
		Model   string         `json:"model"`
		Object  string         `json:"object"`
		Usage   usage          `json:"usage"`
		Results []rerankResult `json:"results"`
	}{c.server.info.Name, "list", usage{r.tokens, r.tokens}, results(r.best(q.top), scale)}, nil
}

func results(hits []edge.Hit, scale Scale) []rerankResult {
	out := make([]rerankResult, len(hits))
	for i, h := range hits {
		out[i] = rerankResult{Index: h.Index, Score: scale.of(h)}
	}
	return out
}

// rerankTexts answers as Text Embeddings Inference does. "top_n" is llama.cpp's.
func rerankTexts(ctx context.Context, c *call) (any, *refusal) {
	c.shape = teiShape
	scale := Unit
	if c.fields.boolean("raw_scores", false) {
		scale = MaxSim
	}
	scale, bad := c.scale(scale)
	if bad != nil {
		return nil, bad
	}
	if d := c.fields.optional("truncation_direction"); d != "" && d != "right" && d != "Right" {
		c.fields.fail(cannot("truncation_direction", "toller cuts texts at their end, expected \"right\", found %q", d))
	}
	q := c.readRerank("texts", nil)
	echo := c.fields.boolean("return_text", false)
	if c.fields.bad != nil {
		return nil, c.fields.bad
	}
	r, bad := c.rank(ctx, &q.work)
	if bad != nil {
		return nil, bad
	}
	type result struct {
		Index int     `json:"index"`
		Text  *string `json:"text,omitempty"`
		Score float32 `json:"score"`
	}
	hits := r.best(q.top)
	out := make([]result, len(hits))
	for i, h := range hits {
		out[i] = result{Index: h.Index, Score: scale.of(h)}
		if echo {
			out[i].Text = &q.documents[h.Index]
		}
	}
	return out, nil
}

// rerankRequest is what all dialects say when they have documents ordered.
type rerankRequest struct {
	work
	top int // results, 0 for all
}

// readRerank reads a request; what is wrong with it is in c.fields.bad.
func (c *call) readRerank(documents string, rankFields []string) rerankRequest {
	f := c.fields
	q := rerankRequest{work: work{name: documents, query: "query"}}
	q.queries = []string{c.queryText("query")}
	q.top = f.integer("top_n", 0, 0, math.MaxInt32)
	c.readCut(&q.work)
	q.documents = c.texts(f, documents, rankFields)
	return q
}

// queryText is a query: a string, or Jina's object with "text".
func (c *call) queryText(name string) string {
	f := c.fields
	if v := f.values[name]; v != nil && v.Kind() == '{' {
		text, bad := textOf(name, v, nil)
		if bad != nil {
			f.fail(bad)
			return ""
		}
		f.values[name], _ = jsontext.AppendQuote(nil, text)
	}
	return f.text(name)
}

// readCut reads how documents are cut, and refuses ways in which toller can't.
func (c *call) readCut(w *work) {
	f := c.fields
	w.cut = f.integer("max_tokens_per_doc", 0, 0, c.server.limits.DocumentTokens)
	w.whole = !f.boolean("truncate", true) || !f.boolean("truncation", true)
	f.refuses("max_chunks_per_doc", "1", "toller scores documents whole, not in chunks: expected 1 or nothing")
	f.refuses("max_tokens_per_query", "0", "the model's query length holds: expected 0 or nothing")
	f.refuses("truncate_prompt_tokens", "-1", "toller cuts queries and documents each at their own length: expected -1 or nothing, and max_tokens_per_doc to cut documents")
	f.refuses("truncation_side", `"right"`, `toller cuts texts at their end: expected "right" or nothing`)
	f.refuses("instruction", `""`, "the models that toller runs take no instruction")
	f.refuses("chat_template_kwargs", "{}", "the models that toller runs have no chat template")
	f.refuses("mm_processor_kwargs", "{}", "toller reads text alone")
}

// newID is a name for an answer.
func newID(what string) string { return what + "-" + rand.Text() }
