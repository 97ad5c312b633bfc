package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/toller-search/toller/edge/engine/vespa"
)

// qdrantLike keeps what is pushed, and finds all of it, in whatever order.
type qdrantLike struct {
	mu     sync.Mutex
	config json.RawMessage
	points map[string]map[string]json.RawMessage
	key    string // the last Api-Key
}

func (s *qdrantLike) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = r.Header.Get("Api-Key")
	var body struct {
		Vectors json.RawMessage
		Points  json.RawMessage
		IDs     []string
	}
	json.NewDecoder(r.Body).Decode(&body)
	all := []map[string]json.RawMessage{}
	var result any
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, "/collections/notes") {
	case "GET ":
		if s.config == nil {
			http.NotFound(w, r)
			return
		}
		result = map[string]any{"config": map[string]any{"params": map[string]any{"vectors": s.config}}}
	case "PUT ":
		s.config, s.points = body.Vectors, map[string]map[string]json.RawMessage{}
	case "PUT /points":
		json.Unmarshal(body.Points, &all)
		for _, p := range all {
			s.points[string(p["id"])] = p
		}
	case "POST /points":
		for _, id := range body.IDs {
			if p := s.points[`"`+id+`"`]; p != nil {
				all = append(all, p)
			}
		}
		result = all
	case "POST /points/delete":
		var ids []string
		json.Unmarshal(body.Points, &ids)
		for _, id := range ids {
			delete(s.points, `"`+id+`"`)
		}
	case "POST /points/scroll", "POST /points/query":
		for _, p := range s.points {
			all = append(all, p)
		}
		result = map[string]any{"points": all}
	}
	json.NewEncoder(w).Encode(map[string]any{"result": result})
}

func TestPush(t *testing.T) {
	engine := &qdrantLike{}
	server := httptest.NewServer(engine)
	defer server.Close()
	index := indexed(t, mixed(t))
	flags := []string{"--engine", "qdrant", "--url", server.URL, "--collection", "notes"}
	push := func() (done pushed) {
		runJSON(t, &done, append([]string{"push", "--index", index}, flags...)...)
		return done
	}
	if done := push(); done.Sent < 8 || done.Sent != len(engine.points) || done.Documents != 8 || done.Index != index || !strings.Contains(done.Engine, server.URL) {
		t.Errorf("pushed %+v", done)
	}
	want := searchJSON(t, index, boneQuestion, "--mode", "exact", "--explain")
	var found findings
	runJSON(t, &found, append([]string{"search", boneQuestion, "--explain"}, flags...)...)
	if found.Engine == "" || found.Index != "notes" || found.Model != want.Model || len(found.Hits) != len(want.Hits) {
		t.Fatalf("found %+v", found)
	}
	for i, h := range found.Hits {
		w := want.Hits[i]
		if h.Key != w.Key || h.Score-w.Score > 1e-4 || w.Score-h.Score > 1e-4 || h.Text != w.Text || len(h.Matches) != len(w.Matches) || h.Snippet.Text != w.Snippet.Text {
			t.Errorf("hit %d is %+v, expected %+v", i, h, w)
		}
	}
	_, url := startServe(t, nil, flags...)
	status, answer := ask(t, url+"/v1/search", `{"query": "`+boneQuestion+`", "index": "notes"}`)
	var served findings
	if err := json.Unmarshal([]byte(answer), &served); err != nil || status != 200 || len(served.Hits) != len(want.Hits) || served.Hits[0].Key != want.Hits[0].Key {
		t.Errorf("the server answered %d %s", status, answer)
	}
	first := want.Hits[0].Key
	toller(t, "", "rm", "--index", index, first).want(t, exitOK)
	if done := push(); done.Sent != 0 || done.Deleted == 0 || done.Unchanged != len(engine.points) {
		t.Errorf("after a removal %+v", done)
	}
	cmd := command(t, append([]string{"push", "--index", index}, flags...)...)
	cmd.Env = append(cmd.Environ(), engineKey+"=secret")
	if r := finish(t, cmd).want(t, exitOK); !strings.Contains(r.stdout, "0 sent") || engine.key != "secret" {
		t.Errorf("printed %q, key %q", r.stdout, engine.key)
	}
}

func TestPushVespa(t *testing.T) {
	index, out := indexed(t, mixed(t)), filepath.Join(t.TempDir(), "app")
	var done pushed
	args := []string{"push", "--index", index, "--engine", "vespa", "-o", out}
	runJSON(t, &done, args...)
	lines := strings.Split(strings.TrimSpace(string(readFileBytes(t, filepath.Join(out, vespa.FeedFile)))), "\n")
	if done.Sent < 8 || len(lines) != done.Sent {
		t.Errorf("%d lines, %+v", len(lines), done)
	}
	for _, line := range lines {
		var put struct {
			Put    string
			Fields struct {
				Key     string
				Vectors struct{ Blocks map[string][]float32 }
			}
		}
		if err := json.Unmarshal([]byte(line), &put); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(put.Put, "id:toller:passage::") || put.Fields.Key == "" || len(put.Fields.Vectors.Blocks["0"]) != embedded(t).Dim {
			t.Errorf("a line is %.200s", line)
		}
	}
	readFileBytes(t, filepath.Join(out, vespa.ServicesFile))
	readFileBytes(t, filepath.Join(out, vespa.SchemaFile))
	toller(t, "", args...).want(t, exitFailure).says(t, "exists")
	toller(t, "", append(args, "--force")...).want(t, exitOK)
}

func TestPushRefuses(t *testing.T) {
	index := indexed(t, mixed(t))
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"push"}, `--engine is ""`},
		{[]string{"push", "--engine", "solr"}, `--engine is "solr"`},
		{[]string{"push", "--engine", "vespa"}, "-o"},
		{[]string{"push", "--engine", "qdrant", "-o", "x"}, "--engine vespa"},
		{[]string{"push", "--engine", "qdrant", "--shards", "-1"}, "--shards"},
		{[]string{"push", "--engine", "qdrant", "--replicas", "-2"}, "--replicas"},
		{[]string{"push", "--engine", "opensearch", "--quantization", "int8"}, "--quantization"},
		{[]string{"push", "--engine", "qdrant", "--quantization", "int4"}, "--quantization"},
		{[]string{"push", "--engine", "qdrant", "--collection", ""}, "--collection"},
		{[]string{"push", "--engine", "qdrant", "--url", "localhost", "--index", index}, "http://"},
		{[]string{"push", "--engine", "opensearch", "--collection", "*", "--index", index}, "one index"},
		{[]string{"search", "x", "--engine", "vespa"}, `--engine is "vespa"`},
		{[]string{"search", "x", "--url", "http://x"}, "--engine"},
		{[]string{"search", "x", "--engine", "qdrant", "--mode", "lexical"}, "--mode"},
		{[]string{"search", "x", "--engine", "qdrant", "--fusion", "rrf"}, "--fusion"},
	} {
		toller(t, "", test.args...).want(t, exitUsage).says(t, test.says)
	}
}
