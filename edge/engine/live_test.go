package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/bench/synthetic"
	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/internal/suite"
	"github.com/toller-search/toller/edge/engine/opensearch"
	"github.com/toller-search/toller/edge/engine/qdrant"
	"github.com/toller-search/toller/edge/index"
)

// What TestKills pushes.
const (
	passages = 10_000
	tokens   = 24 // vectors of a passage
	queries  = 100
	patience = 8 * time.Minute // until a killed server is there again
)

// TestKills pushes 10,000 passages into a real engine, kills the command in the
// middle, then the engine, and has the push resumed; nothing may be lost or doubled,
// and the best ten must be those of toller's own exact search. It takes minutes, and
// runs where the environment has, for an engine X, TOLLER_X_SERVER: the command that
// runs it in the foreground, and TOLLER_X: its address.
func TestKills(t *testing.T) {
	const collection = "kills"
	t.Run("qdrant", func(t *testing.T) {
		address, server := live(t, "QDRANT")
		e, err := qdrant.New(address, collection, qdrant.Options{Wait: patience})
		if err != nil {
			t.Fatal(err)
		}
		kills(t, e, server, "--engine", "qdrant", "--url", address, "--collection", collection)
	})
	t.Run("opensearch", func(t *testing.T) {
		address, server := live(t, "OPENSEARCH")
		e, err := opensearch.New(address, collection, opensearch.Options{Wait: patience, NoReplicas: true})
		if err != nil {
			t.Fatal(err)
		}
		kills(t, e, server, "--engine", "opensearch", "--url", address, "--collection", collection, "--replicas", "0")
	})
}

// live returns the address of an engine, and the command that runs it.
func live(t *testing.T, name string) (address, server string) {
	t.Helper()
	address, server = os.Getenv("TOLLER_"+name), os.Getenv("TOLLER_"+name+"_SERVER")
	if address == "" || server == "" {
		t.Skipf("no engine: TOLLER_%[1]s is its address, TOLLER_%[1]s_SERVER the command that runs it", name)
	}
	return address, server
}

// start runs a server until the test ends, or the returned function kills it.
func start(t *testing.T, command string) (kill func()) {
	t.Helper()
	cmd := exec.Command("sh", "-c", "exec "+command)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	kill = func() {
		if !ended {
			cmd.Process.Kill()
			cmd.Wait()
		}
		ended = true
	}
	t.Cleanup(kill)
	return kill
}

// count is how many points an engine has, none where there is no collection.
func count(t *testing.T, e engine.Engine) int {
	t.Helper()
	n := 0
	err := e.IDs(t.Context(), func(ids []engine.ID) bool { n += len(ids); return true })
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		t.Fatal(err)
	}
	return n
}

func kills(t *testing.T, e engine.Engine, server string, flags ...string) {
	m, err := builtin.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	path := filepath.Join(t.TempDir(), "index.db")
	x, texts := synthesise(t, m, path)
	toller := filepath.Join(t.TempDir(), "toller")
	if out, err := exec.Command("go", "build", "-o", toller, "../cmd/toller").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	kill := start(t, server)
	if n := count(t, e); n > 0 {
		t.Fatalf("expected an engine without the collection, found one with %d points", n)
	}

	client := exec.Command(toller, append([]string{"push", "--index", path, "--no-progress"}, flags...)...)
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	for count(t, e) < passages/5 {
		time.Sleep(50 * time.Millisecond)
	}
	client.Process.Kill()
	client.Wait()
	first := count(t, e)
	t.Logf("the command was killed with %d of %d passages there", first, passages)
	if first == passages {
		t.Fatal("the command was too fast to be killed")
	}

	killed := false
	report, err := engine.Push(t.Context(), e, x, func(r engine.Report) {
		if !killed && r.Sent+r.Unchanged > passages/2 {
			killed = true
			kill()
			go func() {
				time.Sleep(time.Second)
				start(t, server)
			}()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the engine was killed, the push went on: %+v", report)
	if report.Unchanged == 0 || report.Sent+report.Unchanged != passages || report.Deleted != 0 {
		t.Errorf("expected that some of %d passages were there", passages)
	}
	suite.Same(t, e, x)

	same, near := 0, 0
	var took [2]time.Duration
	for _, query := range texts {
		want := search(t, &took[0], func(ctx context.Context) ([]index.Result, error) {
			return x.Search(ctx, query, index.In(index.Exact), index.PerDocument(false), index.WithoutSnippets())
		})
		found := search(t, &took[1], func(ctx context.Context) ([]index.Result, error) {
			return engine.Search(ctx, e, m, query, engine.Options{Exact: true, Passages: true, Bare: true})
		})
		usual := search(t, new(time.Duration), func(ctx context.Context) ([]index.Result, error) {
			return engine.Search(ctx, e, m, query, engine.Options{Passages: true, Bare: true})
		})
		if want == found {
			same++
		}
		for _, key := range strings.Fields(usual) {
			if strings.Contains(" "+want+" ", " "+key+" ") {
				near++
			}
		}
	}
	t.Logf("of %d queries %d have the same ten best in the same order; the engine's own candidates have %.1f %% of them", queries, same, 100*float64(near)/(10*queries))
	t.Logf("a search: %v here, %v there", took[0]/queries, took[1]/queries)
	if same < queries*99/100 {
		t.Errorf("expected 99 %%")
	}
}

// search returns the keys that are found, and adds the time it takes.
func search(t *testing.T, took *time.Duration, find func(context.Context) ([]index.Result, error)) string {
	t.Helper()
	began := time.Now()
	results, err := find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	*took += time.Since(began)
	var keys []string
	for _, r := range results {
		keys = append(keys, r.Key)
	}
	return strings.Join(keys, " ")
}

// synthesise makes an index of passages with vectors as real ones lie, and texts to
// search for.
func synthesise(t *testing.T, m *edge.Model, path string) (*index.Index, []string) {
	t.Helper()
	file, err := os.Open("../../testdata/abstracts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var texts, asked []string
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && len(texts)+len(asked) < 60+queries {
		var d struct{ Title, Text string }
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		if len(texts) < 60 {
			texts = append(texts, d.Text)
		} else {
			first, _, _ := strings.Cut(d.Text, ". ")
			asked = append(asked, first)
		}
	}
	if len(asked) != queries {
		t.Fatalf("%d texts to ask for", len(asked))
	}
	encoded, err := m.EncodeDocuments(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	source := synthetic.NewSource(m.Info().Dim)
	for i, d := range encoded {
		if err := source.Add(texts[i], d.Vectors()); err != nil {
			t.Fatal(err)
		}
	}
	x, err := index.Open(t.Context(), path, m, index.WithCodec("fp32"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	stat, err := x.Stat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for from := 0; from < passages; from += 500 {
		batch := make([]index.Exported, 500)
		for i := range batch {
			text, vectors, err := source.Passage(rng, tokens)
			if err != nil {
				t.Fatal(err)
			}
			batch[i] = index.Exported{
				Entry: index.Entry{Key: fmt.Sprint(from + i), Text: text, Metadata: map[string]any{"number": from + i}},
				Model: stat.Model, Passages: []index.Passage{{End: len(text), Vectors: vectors}},
			}
		}
		if err := x.Import(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	return x, asked
}
