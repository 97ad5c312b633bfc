package serve

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
)

// replay sends a request as a client of another service sent it.
func replay(t *testing.T, url, name string) (sent map[string]json.RawMessage, a answer) {
	t.Helper()
	recorded, err := os.ReadFile("../../testdata/clients/" + name + ".http")
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(recorded)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	again := request(t, r.Method, url+r.URL.RequestURI(), string(body))
	again.Header, again.Host = r.Header, r.Host
	again.Header.Del("Accept-Encoding")
	return sent, send(t, again)
}

// cohereAnswer is what the clients of Cohere and Jina read.
type cohereAnswer struct {
	ID      string
	Results []struct {
		Index          int
		RelevanceScore float32 `json:"relevance_score"`
		Document       *struct{ Text string }
	}
	Meta struct {
		APIVersion struct{ Version string } `json:"api_version"`
	}
	Usage struct {
		TotalTokens int `json:"total_tokens"`
	}
}

func TestRecordedRerank(t *testing.T) {
	_, url := start(t, Options{})
	tests := []struct {
		name  string
		scale Scale
	}{
		{"cohere-python-v1", MaxSim}, {"cohere-python-v1-fields", MaxSim}, {"cohere-python-v2", Unit},
		{"cohere-js-v1", MaxSim}, {"cohere-js-v2", Unit},
		{"langchain-cohere", Unit}, {"langchain-jina", MaxSim},
		{"llama-index-cohere", Unit}, {"llama-index-jina", MaxSim},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sent, a := replay(t, url, test.name)
			var found cohereAnswer
			a.read(t, 200, &found)
			query, texts, top := contents(t, sent)
			hits := wanted(t, query, texts, edge.TopK(top))
			if len(found.Results) != len(hits) || found.ID == "" || found.Usage.TotalTokens == 0 || found.Meta.APIVersion.Version == "" {
				t.Fatalf("found %s", a.body)
			}
			for i, r := range found.Results {
				if r.Index != hits[i].Index || r.RelevanceScore != test.scale.of(hits[i]) {
					t.Errorf("place %d: found %+v, want %+v", i, r, hits[i])
				}
				if r.Document == nil || r.Document.Text != texts[r.Index] {
					t.Errorf("place %d: document %+v", i, r.Document)
				}
			}
		})
	}
}

// contents is what a recorded request is about.
func contents(t *testing.T, sent map[string]json.RawMessage) (query string, texts []string, top int) {
	t.Helper()
	var documents []any
	for name, into := range map[string]any{"query": &query, "documents": &documents, "top_n": &top} {
		if sent[name] != nil {
			if err := json.Unmarshal(sent[name], into); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, d := range documents {
		if object, ok := d.(map[string]any); ok {
			d = object["text"]
		}
		texts = append(texts, d.(string))
	}
	return query, texts, top
}

func TestRecordedTexts(t *testing.T) {
	_, url := start(t, Options{})
	sent, a := replay(t, url, "llama-index-tei")
	var texts []string
	var query string
	if err := json.Unmarshal(sent["texts"], &texts); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(sent["query"], &query); err != nil {
		t.Fatal(err)
	}
	var found []struct {
		Index int
		Score float32
		Text  *string
	}
	a.read(t, 200, &found)
	for i, h := range wanted(t, query, texts) {
		if found[i].Index != h.Index || found[i].Score != Unit.of(h) || found[i].Text != nil {
			t.Errorf("place %d: found %+v, want %+v", i, found[i], h)
		}
	}
}

func TestRecordedRefusals(t *testing.T) {
	_, url := start(t, Options{})
	for name, says := range map[string]string{
		"cohere-python-v2-empty":  "documents: expected at least one text",
		"cohere-js-v1-empty":      "documents: expected at least one text",
		"langchain-jina-image":    "documents[0].image: toller reads text alone",
		"openai-python-token-ids": "input: toller encodes texts, not the token ids",
	} {
		_, a := replay(t, url, name)
		var found struct {
			Message, Detail string
			Error           struct {
				Message, Type string
				Param         *string
			}
		}
		a.read(t, 400, &found)
		shown := []string{found.Message, found.Detail, found.Error.Message}
		if strings.HasPrefix(name, "openai") {
			shown = shown[2:]
		}
		for _, text := range shown {
			if !strings.HasPrefix(text, says) {
				t.Errorf("%s: expected %q, found %s", name, says, a.body)
			}
		}
		if found.Error.Type == "" || found.Error.Param == nil {
			t.Errorf("%s: found %s", name, a.body)
		}
	}
}

func TestRecordedEmbeddings(t *testing.T) {
	_, url := start(t, Options{})
	type item struct {
		Index     int
		Object    string
		Shape     [2]int
		Embedding json.RawMessage
	}
	type list struct {
		Object string
		Model  string
		Data   []item
		Usage  struct {
			PromptTokens int `json:"prompt_tokens"`
			TotalTokens  int `json:"total_tokens"`
		}
	}
	var asQuery, asDocument list
	sent, a := replay(t, url, "openai-python-query-base64")
	a.read(t, 200, &asQuery)
	var input []string
	if err := json.Unmarshal(sent["input"], &input); err != nil {
		t.Fatal(err)
	}
	q, err := model(t).EncodeQuery(t.Context(), input[0])
	if err != nil {
		t.Fatal(err)
	}
	var text string
	if err := json.Unmarshal(asQuery.Data[0].Embedding, &text); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	if asQuery.Data[0].Shape != [2]int{q.Len(), q.Dim()} || len(raw) != 4*q.Len()*q.Dim() || asQuery.Usage.TotalTokens != q.Len() {
		t.Fatalf("found %v and %d bytes for %d vectors", asQuery.Data[0].Shape, len(raw), q.Len())
	}
	for i, x := range q.Vectors() {
		if found := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])); found != x {
			t.Fatalf("component %d: found %v, want %v", i, found, x)
		}
	}

	sent, a = replay(t, url, "openai-python-document-float")
	a.read(t, 200, &asDocument)
	if err := json.Unmarshal(sent["input"], &text); err != nil {
		t.Fatal(err)
	}
	documents, err := model(t).EncodeDocuments(t.Context(), []string{text})
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]float32
	if err := json.Unmarshal(asDocument.Data[0].Embedding, &rows); err != nil {
		t.Fatal(err)
	}
	d := documents[0]
	if len(rows) != d.Len() || asDocument.Usage.PromptTokens < d.Len() {
		t.Fatalf("found %d vectors and %+v, want %d", len(rows), asDocument.Usage, d.Len())
	}
	for i, row := range rows {
		for j, x := range row {
			if x != d.Vectors()[i*d.Dim()+j] {
				t.Fatalf("vector %d, component %d: found %v", i, j, x)
			}
		}
	}
}

// Every recorded request is sent by some test.
func TestAllRecordingsAreUsed(t *testing.T) {
	found, err := filepath.Glob("../../testdata/clients/*.http")
	if err != nil || len(found) != 16 {
		t.Errorf("found %d recordings, want 16: %v", len(found), err)
	}
}
