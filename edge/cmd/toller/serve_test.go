package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// startServe starts a server on any free port and returns its address.
func startServe(t *testing.T, environment []string, args ...string) (*exec.Cmd, string) {
	t.Helper()
	cmd := command(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(cmd.Env, environment...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewReader(stderr)
	line, err := lines.ReadString('\n')
	_, address, found := strings.Cut(line, " at ")
	if err != nil || !found {
		t.Fatalf("found %q, %v", line, err)
	}
	go io.Copy(io.Discard, lines)
	return cmd, strings.TrimSpace(address)
}

// ask posts JSON and returns status and answer.
func ask(t *testing.T, url, body string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(text)
}

// rerankBody asks for all of a file's texts to be ranked.
func rerankBody(t *testing.T, texts []string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": question, "documents": texts, "return_documents": false})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// served is a ranking over HTTP as toller rank prints its digits.
type served struct {
	Results []struct {
		Index int         `json:"index"`
		Score json.Number `json:"relevance_score"`
	} `json:"results"`
}

// A server gives toller rank's scores to the digit, and again after it was killed.
func TestServeRanksAsRank(t *testing.T) {
	texts := []string{"Calcium and vitamin D slow bone loss.", "Rain is expected.", "Exercise keeps bones strong.", "Trains run late."}
	r := toller(t, strings.Join(texts, "\n")+"\n", "rank", question, "--json", "-k", "0", "--no-passage").want(t, exitOK)
	var ranked struct {
		Hits []struct {
			Index int
			Score json.Number
			Mean  json.Number
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &ranked); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		cmd, url := startServe(t, nil)
		for path, unit := range map[string]bool{"/v1/rerank": false, "/v2/rerank": true} {
			status, text := ask(t, url+path, rerankBody(t, texts))
			var found served
			if err := json.Unmarshal([]byte(text), &found); err != nil || status != 200 || len(found.Results) != len(texts) {
				t.Fatalf("status %d, %v: %s", status, err, text)
			}
			for i, h := range ranked.Hits {
				want := h.Score
				if unit {
					want = h.Mean
				}
				if found.Results[i].Index != h.Index || found.Results[i].Score != want {
					t.Errorf("%s, place %d: found %+v, want %+v", path, i, found.Results[i], h)
				}
			}
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
}

func TestServeSearches(t *testing.T) {
	db := filepath.Join(t.TempDir(), "library.db")
	toller(t, "", "index", "../../../testdata/library", "--index", db).want(t, exitOK)
	_, url := startServe(t, nil, "--index", db, "--index", "again="+db)
	r := toller(t, "", "search", "why does my fruit split?", "--index", db, "--json", "-k", "3").want(t, exitOK)
	type hits struct {
		Hits []struct {
			Key     string
			Score   json.Number
			MaxSim  json.Number
			Snippet struct{ Text string }
		}
	}
	var printed, found hits
	status, text := ask(t, url+"/v1/search", `{"query": "why does my fruit split?", "index": "library", "top_k": 3}`)
	if status != 200 {
		t.Fatalf("status %d: %s", status, text)
	}
	for text, into := range map[string]*hits{r.stdout: &printed, text: &found} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(printed) != fmt.Sprint(found) {
		t.Errorf("toller search printed\n%v\nthe server answered\n%v", printed, found)
	}
}

// A folder may have "=" in its name; the index is named by its file all the same.
func TestServeOddPath(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a=b", "notes.db")
	toller(t, "", "index", write(t, filepath.Join(t.TempDir(), "note.txt"), "Calcium slows bone loss."), "--index", db).want(t, exitOK)
	_, url := startServe(t, nil, "--index", db)
	if status, text := ask(t, url+"/v1/search", `{"query": "bones", "index": "notes"}`); status != 200 || !strings.Contains(text, "note.txt") {
		t.Errorf("%d %s", status, text)
	}
}

func TestServeToken(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "token"), "0123456789abcdef\n")
	for name, test := range map[string]struct{ environment, args []string }{
		"file":        {nil, []string{"--token-file", file}},
		"environment": {[]string{"TOLLER_TOKEN=0123456789abcdef"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := startServe(t, test.environment, test.args...)
			body := rerankBody(t, []string{"d"})
			if status, text := ask(t, url+"/v1/rerank", body); status != 401 || !strings.Contains(text, "Bearer") {
				t.Errorf("without: %d %s", status, text)
			}
			if status, text := ask(t, url+"/v1/rerank", body, "Authorization", "Bearer 0123456789abcdef"); status != 200 {
				t.Errorf("with: %d %s", status, text)
			}
		})
	}
	spaces := write(t, filepath.Join(t.TempDir(), "token"), "two words")
	toller(t, "", "serve", "--token-file", spaces, "--listen", "127.0.0.1:0").want(t, exitFailure).says(t, "expected a token of one line")
}

func TestServeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"the network without a token": {[]string{"--listen", "0.0.0.0:0"}, exitUsage, "expected a token of at least 16 characters"},
		"a bad address":               {[]string{"--listen", "nowhere"}, exitFailure, "nowhere"},
		"an index that isn't there":   {[]string{"--index", "x=missing.db"}, exitFailure, "there is no index at missing.db"},
		"a name for no index":         {[]string{"--index", "notes="}, exitUsage, `--index is "notes=", expected NAME=FILE or FILE`},
		"no index":                    {[]string{"--index", ""}, exitUsage, `--index is "", expected`},
		"a path with =":               {[]string{"--index", "some/a=b.db"}, exitFailure, "there is no index at some/a=b.db"},
		"scores":                      {[]string{"--scores", "percent"}, exitUsage, "--scores is"},
		"an origin":                   {[]string{"--origin", "*"}, exitUsage, "Origins: expected an origin"},
		"a negative cache":            {[]string{"--cache", "-1"}, exitUsage, "--cache is -1"},
		"a large body":                {[]string{"--max-body", "100000"}, exitUsage, "--max-body is"},
		"an engine":                   {[]string{"--engine", "solr"}, exitUsage, `--engine is "solr"`},
		"no engine":                   {[]string{"--url", "http://localhost:6333"}, exitUsage, "--url goes with --engine"},
		"an argument":                 {[]string{"x"}, exitUsage, `found "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"serve", "--listen", "127.0.0.1:0"}, test.args...)
			r := toller(t, "", args...)
			if r.code != test.code || !strings.Contains(r.stderr, test.says) {
				t.Errorf("exit code %d, want %d and %q: %s", r.code, test.code, test.says, r.stderr)
			}
		})
	}
}
