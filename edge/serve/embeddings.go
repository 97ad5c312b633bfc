package serve

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"time"

	"github.com/toller-search/toller/edge"
)

// multiVector is the vectors of a text.
type multiVector interface {
	Len() int
	Dim() int
	Vectors() []float32
}

// embeddingsRequest is what OpenAI, Jina, Cohere and vLLM say when they want vectors.
type embeddingsRequest struct {
	work          // its documents are queries if asQuery
	asQuery bool  // as a query is encoded
	base64  bool  // bytes of float32, little-endian, row by row
	counts  []int // tokens of each text
}

// kinds are the words for the two kinds of texts: Cohere's and Jina's input_type,
// Jina's task, and the prompts' names of sentence-transformers.
var kinds = map[string]bool{
	"query": true, "search_query": true, "retrieval.query": true,
	"document": false, "passage": false, "search_document": false, "retrieval.passage": false,
}

// kindFields are the fields that have them.
var kindFields = []string{"input_type", "task", "prompt_name"}

func (c *call) readEmbeddings() *embeddingsRequest {
	f := c.fields
	q := &embeddingsRequest{work: work{name: "input", query: "input"}}
	for _, name := range kindFields {
		if c.route.path == poolingPath && name == "task" || !f.has(name) {
			continue
		}
		word := f.optional(name)
		asQuery, known := kinds[word]
		if !known && f.bad == nil {
			f.fail(cannot(name, `toller encodes a "query" or a "document", found %q`, word))
		}
		q.asQuery = asQuery
		break
	}
	for _, name := range []string{"encoding_format", "embedding_type"} {
		switch format := f.optional(name); format {
		case "", "float":
		case "base64":
			q.base64 = true
		default:
			f.fail(cannot(name, `toller gives "float" or "base64", found %q`, format))
		}
	}
	dim := c.server.info.Dim
	if n := f.integer("dimensions", dim, 1, math.MaxInt32); n != dim {
		f.fail(cannot("dimensions", "the model's vectors have %d, which can't be changed, found %d", dim, n))
	}
	if !f.boolean("return_multivector", true) {
		f.fail(cannot("return_multivector", "the model gives a vector for each token, not one for a text"))
	}
	if !f.boolean("normalized", true) {
		f.fail(cannot("normalized", "vectors are as long as the model makes them"))
	}
	f.refuses("late_chunking", "false", "the model gives a vector for each token already")
	f.refuses("use_activation", "true", "vectors are as the model makes them")
	f.refuses("add_special_tokens", "true", "a query and a document have the markers that the model was trained with")
	f.refuses("embed_dtype", `"float32"`, `toller gives "float32"`)
	f.refuses("endianness", `"little"`, `toller gives "little"`)
	f.refuses("messages", "null", "toller encodes texts, not conversations")
	c.readCut(&q.work)

	v := f.values["input"]
	switch {
	case v == nil:
		f.fail(invalid("input", "expected a text or an array of texts, found none"))
	case v.Kind() == '[':
		if list := f.list("input", 1); len(list) > 0 && (list[0].Kind() == '0' || list[0].Kind() == '[') {
			f.fail(cannot("input", "toller encodes texts, not the token ids of another tokenizer"))
		}
		q.documents = c.texts(f, "input", nil)
	default:
		q.documents = c.oneOrMore("input")
	}
	return q
}

// encode makes the vectors of each text, in the order given.
func (c *call) encode(ctx context.Context, q *embeddingsRequest) ([]multiVector, *refusal) {
	vectors := make([]multiVector, len(q.documents))
	total := 0
	if q.asQuery {
		q.counts = make([]int, len(q.documents))
		for i, text := range q.documents {
			v, err := c.server.model.EncodeQuery(ctx, text)
			if err != nil {
				return nil, c.failed(err)
			}
			if q.whole && v.Truncated() {
				return nil, invalid(element("input", i), "expected at most %d tokens, since the request says that nothing may be cut, found more", c.server.info.Query.Length)
			}
			vectors[i], q.counts[i] = v, v.Len()
			if total += v.Len(); total > c.server.limits.Vectors {
				return nil, c.tooManyVectors()
			}
			if bad := c.take(int64(4 * v.Len() * v.Dim())); bad != nil {
				return nil, bad
			}
		}
		return vectors, nil
	}
	var bad *refusal
	if q.counts, bad = c.measure(ctx, &q.work); bad != nil {
		return nil, bad
	}
	for _, n := range q.counts {
		total += n
	}
	if total > c.server.limits.Vectors {
		return nil, c.tooManyVectors()
	}
	// They are all held until the answer is written.
	if bad := c.take(int64(4 * total * c.server.info.Dim)); bad != nil {
		return nil, bad
	}
	if err := c.documents(ctx, &q.work, q.counts, func(i int, d *edge.Document) { vectors[i] = d }); err != nil {
		return nil, c.failed(err)
	}
	return vectors, nil
}

func (c *call) tooManyVectors() *refusal {
	return tooMuch("input", "expected texts of at most %d tokens together, since each gives a vector, found more", c.server.limits.Vectors)
}

// form is vectors as JSON has them: rows, or base64.
func (q *embeddingsRequest) form(v multiVector) any {
	data, dim := v.Vectors(), v.Dim()
	if q.base64 {
		raw := make([]byte, 0, 4*len(data))
		for _, x := range data {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
		return base64.StdEncoding.EncodeToString(raw)
	}
	rows := make([][]float32, v.Len())
	for i := range rows {
		rows[i] = data[i*dim : (i+1)*dim]
	}
	return rows
}

// embedding is one text's place in an answer. OpenAI's clients want "embedding",
// Jina's "embeddings", vLLM's /pooling "data". Shape is [vectors, dimensions], which
// bytes don't say.
type embedding struct {
	Object     string `json:"object"`
	Index      int    `json:"index"`
	Embedding  any    `json:"embedding,omitempty"`
	Embeddings any    `json:"embeddings,omitempty"`
	Data       any    `json:"data,omitempty"`
	Shape      [2]int `json:"shape"`
}

type embeddingsAnswer struct {
	ID      string      `json:"id"`
	Object  string      `json:"object"`
	Created int64       `json:"created"`
	Model   string      `json:"model"`
	Data    []embedding `json:"data"`
	Usage   usage       `json:"usage"`
}

// embeddings answers as OpenAI, Jina and vLLM do, but with several vectors a text.
func embeddings(ctx context.Context, c *call) (any, *refusal) {
	jina := c.route.path == multiVectorPath || c.fields.has("return_multivector")
	q := c.readEmbeddings()
	if task := c.fields.optional("task"); c.route.path == poolingPath && task != "" && task != "token_embed" {
		c.fields.fail(cannot("task", `toller has "token_embed", found %q`, task))
	}
	if c.fields.bad != nil {
		return nil, c.fields.bad
	}
	vectors, bad := c.encode(ctx, q)
	if bad != nil {
		return nil, bad
	}
	a := &embeddingsAnswer{ID: newID("embd"), Object: "list", Created: time.Now().Unix(), Model: c.server.info.Name, Data: make([]embedding, len(vectors))}
	for i, v := range vectors {
		e := embedding{Object: "embedding", Index: i, Shape: [2]int{v.Len(), v.Dim()}}
		switch {
		case c.route.path == poolingPath:
			e.Object, e.Data = "pooling", q.form(v)
		case jina:
			e.Embeddings = q.form(v)
		default:
			e.Embedding = q.form(v)
		}
		a.Data[i] = e
		a.Usage.Prompt += q.counts[i]
	}
	a.Usage.Total = a.Usage.Prompt
	return a, nil
}
