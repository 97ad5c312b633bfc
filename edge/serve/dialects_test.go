package serve

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
)

// rerankPaths are the paths that take "documents", each with its scale.
var rerankPaths = map[string]Scale{
	"/v1/rerank": MaxSim, "/v2/rerank": Unit, "/rerank": MaxSim, "/reranking": MaxSim, "/v1/reranking": MaxSim,
}

func TestRerank(t *testing.T) {
	_, url := start(t, Options{})
	hits := wanted(t, question, few)
	for path, scale := range rerankPaths {
		for parameter, scale := range map[string]Scale{"": scale, "?scores=maxsim": MaxSim, "?scores=unit": Unit} {
			var found cohereAnswer
			post(t, url+path+parameter, `{"query": `+quoted(question)+`, "documents": `+quoted(few)+`, "top_n": 0}`).read(t, 200, &found)
			if len(found.Results) != len(hits) {
				t.Fatalf("%s: found %+v", path, found)
			}
			for i, r := range found.Results {
				if r.Index != hits[i].Index || r.RelevanceScore != scale.of(hits[i]) {
					t.Errorf("%s%s, place %d: found %+v, want %+v", path, parameter, i, r, hits[i])
				}
			}
		}
	}
}

// A server's scale holds unless a request has one of its own.
func TestServersScale(t *testing.T) {
	_, url := start(t, Options{Scores: Unit})
	h := wanted(t, question, few[:1])[0]
	for parameter, score := range map[string]float32{"": h.Mean, "?scores=maxsim": h.Score} {
		var found cohereAnswer
		post(t, url+"/v1/rerank"+parameter, `{"query": `+quoted(question)+`, "documents": `+quoted(few[:1])+`}`).read(t, 200, &found)
		if found.Results[0].RelevanceScore != score {
			t.Errorf("%q: found %v, want %v", parameter, found.Results[0].RelevanceScore, score)
		}
	}
}

func TestUnitScale(t *testing.T) {
	for mean, score := range map[float32]float32{-0.5: 0, 0.25: 0.25, 1.0000001: 1} {
		if found := Unit.of(edge.Hit{Mean: mean}); found != score {
			t.Errorf("mean %v: found %v, want %v", mean, found, score)
		}
	}
}

func TestTexts(t *testing.T) {
	_, url := start(t, Options{})
	hits := wanted(t, question, few)
	for fields, scale := range map[string]Scale{"": Unit, `, "raw_scores": false`: Unit, `, "raw_scores": true`: MaxSim} {
		var found []struct {
			Index int
			Score float32
			Text  string
		}
		post(t, url+"/rerank", `{"query": `+quoted(question)+`, "texts": `+quoted(few)+`, "return_text": true`+fields+`}`).read(t, 200, &found)
		for i, r := range found {
			if r.Index != hits[i].Index || r.Score != scale.of(hits[i]) || r.Text != few[r.Index] {
				t.Errorf("%q, place %d: found %+v, want %+v", fields, i, r, hits[i])
			}
		}
	}
}

func TestScore(t *testing.T) {
	_, url := start(t, Options{})
	type result struct {
		Data []struct {
			Index  int
			Object string
			Score  float32
		}
		Usage struct {
			TotalTokens int `json:"total_tokens"`
		}
	}
	hit := func(query, text string) float32 { return wanted(t, query, []string{text})[0].Score }
	var one, pairs, single result
	post(t, url+"/score", `{"queries": "bone loss", "documents": ["calcium", {"text": "rain"}]}`).read(t, 200, &one)
	post(t, url+"/v1/score", `{"text_1": ["bone loss", "weather"], "text_2": ["calcium", "rain"]}`).read(t, 200, &pairs)
	post(t, url+"/score", `{"data_1": "weather", "data_2": "rain"}`).read(t, 200, &single)
	for _, test := range []struct {
		found result
		want  []float32
	}{
		{one, []float32{hit("bone loss", "calcium"), hit("bone loss", "rain")}},
		{pairs, []float32{hit("bone loss", "calcium"), hit("weather", "rain")}},
		{single, []float32{hit("weather", "rain")}},
	} {
		if len(test.found.Data) != len(test.want) || test.found.Usage.TotalTokens == 0 {
			t.Fatalf("found %+v, want %v", test.found, test.want)
		}
		for i, d := range test.found.Data {
			if d.Index != i || d.Score != test.want[i] || d.Object != "score" {
				t.Errorf("place %d: found %+v, want %v", i, d, test.want[i])
			}
		}
	}
}

func TestRankFields(t *testing.T) {
	_, url := start(t, Options{})
	var found cohereAnswer
	post(t, url+"/v1/rerank", `{"query": "bone loss", "rank_fields": ["title", "year", "absent", "text"], "return_documents": true,
		"documents": [{"text": "calcium helps", "title": "Bones", "year": 2020, "tags": ["x"]}, {"title": "Weather"}]}`).read(t, 200, &found)
	hits := wanted(t, "bone loss", []string{"Bones\n2020\ncalcium helps", "Weather"})
	for i, r := range found.Results {
		if r.Index != hits[i].Index || r.RelevanceScore != hits[i].Score {
			t.Errorf("place %d: found %+v, want %+v", i, r, hits[i])
		}
	}
}

// An object is given back with all that it had.
func TestDocumentsAreGivenBack(t *testing.T) {
	_, url := start(t, Options{})
	var found struct {
		Results []struct{ Document json.RawMessage }
	}
	post(t, url+"/v1/rerank", `{"query": "q", "documents": [{"id": 9007199254740993, "text": "a"}]}`).read(t, 200, &found)
	if string(found.Results[0].Document) != `{"id":9007199254740993,"text":"a"}` {
		t.Errorf("found %s", found.Results[0].Document)
	}
	found.Results = nil
	post(t, url+"/v1/rerank", `{"query": "q", "documents": ["a"], "return_documents": false}`).read(t, 200, &found)
	if found.Results[0].Document != nil {
		t.Errorf("found %s", found.Results[0].Document)
	}
}

func TestLengths(t *testing.T) {
	_, url := start(t, Options{})
	long := strings.Join(abstracts(t, 3), " ")
	for _, n := range []int{16, 100} {
		var found cohereAnswer
		post(t, url+"/v2/rerank", `{"query": "bone loss", "documents": [`+quoted(long)+`], "max_tokens_per_doc": `+quoted(n)+`}`).read(t, 200, &found)
		if want := wanted(t, "bone loss", []string{long}, edge.MaxTokens(n))[0].Mean; found.Results[0].RelevanceScore != want {
			t.Errorf("cut at %d: found %v, want %v", n, found.Results[0].RelevanceScore, want)
		}
	}
	a := post(t, url+"/v2/rerank", `{"query": "bone loss", "documents": [`+quoted(long)+`]}`)
	if !strings.Contains(string(a.body), "cut at the length limit: 1 of 1 documents") {
		t.Errorf("no warning in %.300s", a.body)
	}
}

func TestEmbeddingsForms(t *testing.T) {
	_, url := start(t, Options{})
	text := "Calcium and vitamin D slow bone loss."
	documents, err := model(t).EncodeDocuments(t.Context(), []string{text})
	if err != nil {
		t.Fatal(err)
	}
	query, err := model(t).EncodeQuery(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path, fields, name string
		want               multiVector
	}{
		{"/v1/embeddings", "", "embedding", documents[0]},
		{"/v1/embeddings", `, "input_type": "search_document"`, "embedding", documents[0]},
		{"/v1/embeddings", `, "input_type": "search_query"`, "embedding", query},
		{"/v1/embeddings", `, "task": "retrieval.query", "return_multivector": true`, "embeddings", query},
		{"/v1/embeddings", `, "prompt_name": "query", "dimensions": 64`, "embedding", query},
		{"/v1/multi-vector", `, "input_type": "query", "embedding_type": "float"`, "embeddings", query},
		{"/v1/multi-vector", "", "embeddings", documents[0]},
		{"/pooling", `, "task": "token_embed"`, "data", documents[0]},
		{"/pooling", `, "task": "token_embed", "input_type": "query"`, "data", query},
	} {
		var found struct{ Data []map[string]json.RawMessage }
		post(t, url+test.path, `{"model": "m", "input": [`+quoted(text)+`]`+test.fields+`}`).read(t, 200, &found)
		var rows [][]float32
		if err := json.Unmarshal(found.Data[0][test.name], &rows); err != nil {
			t.Fatalf("%s%s: %v in %v", test.path, test.fields, err, found.Data[0])
		}
		last := test.want.Vectors()[(test.want.Len()-1)*test.want.Dim():]
		if len(rows) != test.want.Len() || rows[len(rows)-1][0] != last[0] {
			t.Errorf("%s%s: found %d vectors, want %d", test.path, test.fields, len(rows), test.want.Len())
		}
	}
}

// Each dialect hears in its own words what is wrong.
func TestRefusals(t *testing.T) {
	_, url := start(t, Options{})
	tests := []struct {
		path, body string
		status     int
		says       string
	}{
		{"/v1/rerank", ``, 400, "the body is empty"},
		{"/v1/rerank", `{"query": "q"`, 400, "not JSON"},
		{"/v1/rerank", `[]`, 400, "the body is an array, expected a JSON object"},
		{"/v1/rerank", `null`, 400, "the body is null"},
		{"/v1/rerank", `{"query": "q", "query": "p", "documents": ["d"]}`, 400, `the name \"query\" comes twice`},
		{"/v1/rerank", `{"query": "q"} {}`, 400, "not JSON"},
		{"/v1/rerank", `{"query": "q",}`, 400, "not JSON"},
		{"/v1/rerank", `{"query" "q"}`, 400, "not JSON"},
		{"/v1/rerank", `{7: "q"}`, 400, "not JSON"},
		{"/v1/rerank", `nonsense`, 400, "not JSON"},
		{"/v1/rerank", `"text`, 400, "not JSON"},
		{"/v1/rerank", "{\"query\": \"caf\xe9\"}", 400, "not valid UTF-8: byte 14"},
		{"/v1/rerank", `{"documents": ["d"]}`, 400, "query: expected a string, found none"},
		{"/v1/rerank", `{"query": null, "documents": ["d"]}`, 400, "query: expected a string, found none"},
		{"/v1/rerank", `{"query": 7, "documents": ["d"]}`, 400, "query: expected a string, found a number"},
		{"/v1/rerank", `{"query": " \n", "documents": ["d"]}`, 400, "query: expected a text, found a blank one"},
		{"/v1/rerank", `{"query": "q"}`, 400, "documents: expected at least one text"},
		{"/v1/rerank", `{"query": "q", "documents": "d"}`, 400, "documents: expected an array, found a string"},
		{"/v1/rerank", `{"query": "q", "documents": ["d", 7]}`, 400, "documents[1]: expected a string or an object"},
		{"/v1/rerank", `{"query": "q", "documents": [{"title": "d"}]}`, 400, "documents[0]: expected \\\"text\\\""},
		{"/v1/rerank", `{"query": "q", "documents": [{"text": []}]}`, 400, "documents[0].text: expected a string, found an array"},
		{"/v1/rerank", `{"query": "q", "documents": [{"a": {}}], "rank_fields": ["a"]}`, 400, "documents[0].a: "},
		{"/v1/rerank", `{"query": "q", "documents": [{"b": "x"}], "rank_fields": ["a"]}`, 400, "rank_fields"},
		{"/v1/rerank", `{"query": "q", "documents": ["d"], "rank_fields": "a"}`, 400, "rank_fields: expected an array"},
		{"/v1/rerank", `{"query": "q", "documents": ["d"], "rank_fields": [1]}`, 400, "rank_fields[0]: expected a string"},
		{"/v1/rerank", `{"query": "q", "documents": ["d"], "top_n": -1}`, 400, "top_n: expected a whole number from 0"},
		{"/v1/rerank", `{"query": "q", "documents": ["d"], "top_n": 1.5}`, 400, "top_n"},
		{"/v1/rerank", `{"query": "q", "documents": ["d"], "top_n": "3"}`, 400, "top_n: expected a whole number, found a string"},
		{"/v1/rerank", `{"query": "q", "documents": ["d"], "top_n": 1e999}`, 400, "top_n"},
		{"/v1/rerank", `{"query": "q", "documents": ["d"], "return_documents": "yes"}`, 400, "return_documents: expected true or false"},
		{"/v1/rerank", `{"query": "q", "documents": ["d"], "max_chunks_per_doc": 10}`, 400, "max_chunks_per_doc: toller scores documents whole"},
		{"/v1/rerank?scores=percent", `{"query": "q", "documents": ["d"]}`, 400, "scores: expected"},
		{"/v2/rerank", `{"query": "q", "documents": ["d"], "max_tokens_per_query": 9}`, 400, "max_tokens_per_query"},
		{"/rerank", `{"query": "q", "documents": ["d"], "truncate_prompt_tokens": 9}`, 400, "truncate_prompt_tokens"},
		{"/rerank", `{"query": {"content": []}, "documents": ["d"]}`, 400, "query.content: toller reads text alone"},
		{"/rerank", `{"query": "q", "texts": []}`, 400, `"error_type":"Empty"`},
		{"/rerank", `{"query": "q", "texts": [7]}`, 422, `"error_type":"Validation"`},
		{"/rerank", `{"query": "q", "texts": ["d"], "truncation_direction": "left"}`, 422, "truncation_direction"},
		{"/rerank", `{"query": "q", "texts": [`, 422, `"error_type":"Validation"`},
		{"/reranking", `{"query": "q", "documents": 7}`, 400, `"type":"invalid_request_error"`},
		{"/reranking", `{"query": "q", "documents": ["d"], "max_chunks_per_doc": 3}`, 501, `"type":"not_supported_error"`},
		{"/score", `{"text_1": "q"}`, 400, "expected one of these pairs"},
		{"/score", `{"text_1": ["q", "p"], "text_2": ["d", "e", "f"]}`, 400, "text_1: expected one text, or as many as the 3"},
		{"/score", `{"text_1": "q", "text_2": {"content": [{"type": "image_url"}]}}`, 400, "text_2.content"},
		{"/score", `{"text_1": 7, "text_2": "d"}`, 400, "text_1: expected a string"},
		{"/v1/embeddings", `{}`, 400, "input: expected a text"},
		{"/v1/embeddings", `{"input": []}`, 400, "input: expected at least one text"},
		{"/v1/embeddings", `{"input": [1, 2]}`, 400, "token ids"},
		{"/v1/embeddings", `{"input": "x", "dimensions": 16}`, 400, "dimensions: the model's vectors have 64"},
		{"/v1/embeddings", `{"input": "x", "encoding_format": "binary"}`, 400, "encoding_format: toller gives"},
		{"/v1/embeddings", `{"input": "x", "input_type": "clustering"}`, 400, "input_type: toller encodes"},
		{"/v1/embeddings", `{"input": "x", "return_multivector": false}`, 400, "return_multivector"},
		{"/v1/embeddings", `{"input": "x", "late_chunking": true}`, 400, "late_chunking"},
		{"/v1/embeddings", `{"messages": [{"role": "user"}]}`, 400, "messages"},
		{"/pooling", `{"input": "x", "task": "classify"}`, 400, "task: toller has"},
		{"/v1/search", `{"query": "q"}`, 404, "the server has no index"},
	}
	for _, test := range tests {
		a := post(t, url+test.path, test.body)
		if a.status != test.status || !strings.Contains(string(a.body), test.says) {
			t.Errorf("%s %s: status %d, want %d and %q: %s", test.path, test.body, a.status, test.status, test.says, a.body)
		}
		if !json.Valid(a.body) || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: no JSON: %s", test.path, test.body, a.body)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	_, url := start(t, Options{})
	for content, status := range map[string]int{
		"": 200, "application/json": 200, "application/json; charset=UTF-8": 200, "application/vnd.api+json": 200,
		"text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json; charset=latin1": 415, ";;": 415,
	} {
		r := request(t, http.MethodPost, url+"/v1/rerank", `{"query": "q", "documents": ["d"]}`)
		r.Header.Del("Content-Type")
		if content != "" {
			r.Header.Set("Content-Type", content)
		}
		if a := send(t, r); a.status != status {
			t.Errorf("%q: status %d, want %d: %s", content, a.status, status, a.body)
		}
	}
	r := request(t, http.MethodPost, url+"/v1/rerank", "\x1f\x8b")
	r.Header.Set("Content-Encoding", "gzip")
	if a := send(t, r); a.status != 415 {
		t.Errorf("gzip: status %d", a.status)
	}
}
