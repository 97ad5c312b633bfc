package serve

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// models lists the model as OpenAI does, and the indexes beside it.
func models(s *Server, w http.ResponseWriter) {
	type model struct {
		ID          string `json:"id"`
		Object      string `json:"object"`
		Created     int64  `json:"created"`
		OwnedBy     string `json:"owned_by"`
		Fingerprint string `json:"fingerprint"`
		Dim         int    `json:"dim"`
		Query       int    `json:"query_length"`
		Document    int    `json:"document_length"`
	}
	names := make([]string, len(s.options.Indexes))
	for i, x := range s.options.Indexes {
		names[i] = x.Name
	}
	w.Header().Set("Content-Type", "application/json")
	json.MarshalWrite(w, struct {
		Object  string   `json:"object"`
		Data    []model  `json:"data"`
		Indexes []string `json:"indexes"`
	}{"list", []model{{
		s.info.Name, "model", s.metrics.started.Unix(), "toller",
		s.info.Fingerprint.String(), s.info.Dim, s.info.Query.Length, s.info.Document.Length,
	}}, names}, jsontext.AllowInvalidUTF8(true))
}
