package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/index"
)

// versions are those of the protocol that the server says it speaks.
var versions = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}

func model(t *testing.T) *edge.Model {
	t.Helper()
	m, err := builtin.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// made is an index with these entries, opened as the command opens it.
func made(t *testing.T, m *edge.Model, entries ...index.Entry) *index.Index {
	t.Helper()
	path := filepath.Join(t.TempDir(), "index.db")
	x, err := index.Open(t.Context(), path, m)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Add(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x, err = index.Open(context.Background(), path, m, index.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

var day = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const boneQuestion = "what slows the loss of bone?"

// notes has a document that answers boneQuestion, and one that answers it on its
// second page.
func notes() []index.Entry {
	return []index.Entry{
		{Key: "/notes/calcium.md", Title: "Calcium", Text: "# Calcium\n\n## Bones\n\nCalcium slows the loss of bone in old age.", Time: day, Metadata: map[string]any{"author": "Ada"}},
		{Key: "/notes/tides.md", Title: "Tides", Text: "The moon raises the tides of the sea.", Time: day.AddDate(1, 0, 0)},
		{Key: "/notes/report.pdf", Title: "Report", Text: strings.Repeat("The weather was fine. ", 60) + "\f" + strings.Repeat("Vitamin D slows the loss of bone, too. ", 40), Plain: true},
	}
}

// mail has the key of one of the notes, too.
func mail() []index.Entry {
	return []index.Entry{
		{Key: "1", Title: "Lunch", Text: "Shall we meet for lunch on Friday?"},
		{Key: "2", Title: "Doctor", Text: "The doctor says that exercise keeps bones strong and slows the loss of bone."},
		{Key: "/notes/tides.md", Text: "A copy."},
	}
}

func server(t *testing.T, m *edge.Model, indexes ...Index) *Server {
	t.Helper()
	s, err := New(t.Context(), Options{Model: m, Indexes: indexes, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// both is a server with notes and mail.
func both(t *testing.T) *Server {
	t.Helper()
	m := model(t)
	return server(t, m, Index{"notes", made(t, m, notes()...)}, Index{"mail", made(t, m, mail()...)})
}

// connect connects a client to the server in memory.
func connect(t *testing.T, s *Server, version string, o *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	here, there := mcp.NewInMemoryTransports()
	if _, err := s.mcp.Connect(context.Background(), there, nil); err != nil {
		t.Fatal(err)
	}
	return dial(t, here, version, o)
}

// dial connects a client over a transport, and expects the version that it asks for.
func dial(t *testing.T, transport mcp.Transport, version string, o *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test"}, o)
	session, err := client.Connect(t.Context(), transport, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	if found := session.InitializeResult().ProtocolVersion; version != "" && found != version {
		t.Fatalf("protocol %s, want %s", found, version)
	}
	return session
}

type arguments = map[string]any

func call(t *testing.T, c *mcp.ClientSession, name string, a arguments) *mcp.CallToolResult {
	t.Helper()
	result, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: a})
	if err != nil {
		t.Fatalf("%s %v: %v", name, a, err)
	}
	return result
}

func textOf(t *testing.T, r *mcp.CallToolResult) string {
	t.Helper()
	if len(r.Content) != 1 {
		t.Fatalf("%d pieces of content", len(r.Content))
	}
	return r.Content[0].(*mcp.TextContent).Text
}

// answer calls a tool and decodes its structured result; the text must be there, too.
func answer[R any](t *testing.T, c *mcp.ClientSession, name string, a arguments) R {
	t.Helper()
	result := call(t, c, name, a)
	text := textOf(t, result)
	if result.IsError || text == "" {
		t.Fatalf("%s %v: %s", name, a, text)
	}
	encoded, err := json.Marshal(result.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	var r R
	if err := json.Unmarshal(encoded, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func keysOf(hits []hit) (keys []string) {
	for _, h := range hits {
		keys = append(keys, h.Index+":"+h.Key)
	}
	return keys
}

func TestVersions(t *testing.T) {
	s := both(t)
	if got := mcp.SupportedProtocolVersions(); !reflect.DeepEqual(slices.Sorted(slices.Values(got)), versions) {
		t.Errorf("the SDK speaks %q: the documentation has to be changed", got)
	}
	for _, version := range versions {
		c := connect(t, s, version, nil)
		if text := c.InitializeResult().Instructions; !strings.Contains(text, "- notes: 3 documents") || !strings.Contains(text, "- mail: 3 documents") {
			t.Errorf("instructions %q", text)
		}
		tools, err := c.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, tool := range tools.Tools {
			names = append(names, tool.Name)
			if !tool.Annotations.ReadOnlyHint || *tool.Annotations.OpenWorldHint || tool.Description == "" || tool.OutputSchema == nil {
				t.Errorf("%+v", tool)
			}
			described(t, tool)
		}
		if slices.Sort(names); !slices.Equal(names, []string{"list", "read_document", "rerank", "search"}) {
			t.Errorf("%s has the tools %q", version, names)
		}
		if hits := answer[searchResult](t, c, "search", arguments{"query": boneQuestion}).Hits; len(hits) != 6 {
			t.Errorf("%s: %+v", version, hits)
		}
	}
}

// described fails the test for an argument without a description.
func described(t *testing.T, tool *mcp.Tool) {
	t.Helper()
	properties := tool.InputSchema.(map[string]any)["properties"].(map[string]any)
	for name, p := range properties {
		if p, ok := p.(map[string]any); !ok || p["description"] == nil || p["type"] == nil {
			t.Errorf("%s: %s is described as %v", tool.Name, name, p)
		}
	}
}

func TestSearch(t *testing.T) {
	s := both(t)
	c := connect(t, s, "", nil)
	first := answer[searchResult](t, c, "search", arguments{"query": boneQuestion, "indexes": []string{"notes"}}).Hits
	want := hit{Rank: 1, Index: "notes", Key: "/notes/calcium.md", Title: "Calcium", Heading: "Bones"}
	h := first[0]
	if h.Rank != want.Rank || h.Index != want.Index || h.Key != want.Key || h.Title != want.Title || h.Heading != want.Heading || !strings.Contains(h.Snippet, "Calcium slows") {
		t.Errorf("the best is %+v", h)
	}
	if h := first[1]; h.Key != "/notes/report.pdf" || h.Page != 2 || h.Heading != "" || !strings.Contains(h.Snippet, "Vitamin D") {
		t.Errorf("the second is %+v", h)
	}
	joined := keysOf(answer[searchResult](t, c, "search", arguments{"query": boneQuestion}).Hits)
	if best := slices.Clone(joined[:3]); !slices.Contains(best, "mail:2") || !slices.Contains(best, "notes:/notes/calcium.md") || len(joined) != 6 {
		t.Errorf("both indexes give %q", joined)
	}
	for _, test := range []struct {
		a    arguments
		want []string
	}{
		{arguments{"filter": "author = 'Ada'"}, []string{"notes:/notes/calcium.md"}},
		{arguments{"filter": "time >= 2027-01-01"}, []string{"notes:/notes/tides.md"}},
		{arguments{"filter": "key = 'none'"}, nil},
		{arguments{"mode": "lexical", "indexes": []string{"mail", "mail"}}, []string{"mail:2"}},
		{arguments{"mode": "exact", "k": 1, "indexes": []string{"notes"}}, []string{"notes:/notes/calcium.md"}},
	} {
		test.a["query"] = boneQuestion
		if got := keysOf(answer[searchResult](t, c, "search", test.a).Hits); !slices.Equal(got, test.want) {
			t.Errorf("%v finds %q, want %q", test.a, got, test.want)
		}
	}
	passages := answer[searchResult](t, c, "search", arguments{"query": boneQuestion, "passages": true, "filter": "key ~ '*.pdf'"}).Hits
	if len(passages) < 2 || passages[0].Start == passages[1].Start {
		t.Errorf("passages: %+v", passages)
	}
}

// TestSlips says what is wrong with a filter or a glob that finds nothing.
func TestSlips(t *testing.T) {
	c := connect(t, both(t), "", nil)
	for _, test := range []struct {
		tool string
		a    arguments
		says string
	}{
		{"search", arguments{"query": "bone", "filter": "autor = 'Ada'"}, "In notes no document has the field autor; fields are key, title, source, time, author.\nIn mail no"},
		{"list", arguments{"index": "notes", "filter": "autor = 'Ada'"}, "In notes no document has the field autor;"},
		{"list", arguments{"index": "notes", "glob": "[a"}, "the glob can't be read: column 5: the pattern"},
		{"list", arguments{"index": "notes", "glob": strings.Repeat("a", 60_000)}, "at most 50000 are possible"},
	} {
		r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: test.tool, Arguments: test.a})
		if err != nil {
			t.Fatal(err)
		}
		if text := textOf(t, r); !strings.Contains(text, test.says) {
			t.Errorf("%s %.100v says %q, want %q", test.tool, test.a, text, test.says)
		}
	}
	r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: "search", Arguments: arguments{"query": "bone", "filter": "author = 'Ida'"}})
	if err != nil {
		t.Fatal(err)
	}
	if text := textOf(t, r); strings.Contains(text, "In notes") {
		t.Errorf("a field that there is is missed in %q", text)
	}
}

// TestSearchPages turns pages of all sizes, which give what one search gives, each hit
// once, in one order.
func TestSearchPages(t *testing.T) {
	m := model(t)
	var many, more []index.Entry
	for i := range 130 {
		many = append(many, index.Entry{Key: fmt.Sprint(i), Text: fmt.Sprintf("Note %d says that %d grams of calcium slow the loss of bone.", i, i*i)})
		more = append(more, index.Entry{Key: fmt.Sprint(i), Text: fmt.Sprintf("In %d bones were counted by the %dth doctor.", 1900+i, i)})
	}
	x := made(t, m, many...)
	for name, s := range map[string]*Server{"one": server(t, m, Index{"a", x}), "two": server(t, m, Index{"a", x}, Index{"b", made(t, m, more...)})} {
		c := connect(t, s, "", nil)
		var want []string
		for _, k := range []int{7, 25} {
			var got []string
			for offset, pages := 0, 0; ; pages++ {
				r := answer[searchResult](t, c, "search", arguments{"query": boneQuestion, "k": k, "offset": offset})
				if len(r.Hits) > 0 && r.Hits[0].Rank != offset+1 || pages > deepest {
					t.Fatalf("page %d at %d begins with %+v", pages, offset, r.Hits[0])
				}
				got = append(got, keysOf(r.Hits)...)
				if r.NextOffset == 0 {
					break
				}
				offset = r.NextOffset
			}
			if len(got) != deepest {
				t.Errorf("%s: pages of %d have %d hits", name, k, len(got))
			}
			seen := map[string]bool{}
			for _, key := range got {
				if seen[key] {
					t.Errorf("%s: %s comes twice", name, key)
				}
				seen[key] = true
			}
			if want == nil {
				want = got
			} else if !slices.Equal(got, want) {
				t.Errorf("%s: pages of %d give %q, others %q", name, k, got, want)
			}
		}
	}
	// One index gives what it gives by itself.
	found, err := x.Search(t.Context(), boneQuestion, index.TopK(10), index.PerDocument(true))
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, server(t, m, Index{"a", x}), "", nil)
	for i, h := range answer[searchResult](t, c, "search", arguments{"query": boneQuestion, "k": 10}).Hits {
		if r := found[i]; h.Key != r.Key || h.Start != r.Start || h.Snippet != r.Snippet.Of(r.Text) {
			t.Errorf("hit %d is %+v, want %+v", i, h, r)
		}
	}
}

// TestRead puts pieces of a text together, whatever characters they were cut at.
func TestRead(t *testing.T) {
	m := model(t)
	text := strings.Repeat("Zwölf Boxkämpfer 🥊 jagen 维克托 quer über den Deich.\n", 40)
	metadata := map[string]any{"long": strings.Repeat("x", metadataBytes)}
	s := server(t, m, Index{"a", made(t, m, index.Entry{Key: "k", Title: strings.Repeat("ä", 300), Text: text, Metadata: metadata}, index.Entry{Key: "empty", Title: "Empty"})})
	c := connect(t, s, "", nil)
	for _, length := range []int{16, 17, 18, 19, 501, mostLength} {
		got := ""
		for start := 0; ; {
			r := answer[readResult](t, c, "read_document", arguments{"key": "k", "start": start, "length": length})
			if r.Start != start || r.End != start+len(r.Text) || r.Total != len(text) || len(r.Text) > length || len(r.Title) > nameBytes+3 || r.Metadata != nil {
				t.Fatalf("%d bytes at %d: %+v", length, start, r)
			}
			got += r.Text
			if r.NextStart == 0 {
				break
			}
			start = r.NextStart
		}
		if got != text {
			t.Errorf("pieces of %d bytes make %q", length, got)
		}
	}
	inside := answer[readResult](t, c, "read_document", arguments{"key": "k", "start": strings.Index(text, "🥊") + 2})
	if !strings.HasPrefix(inside.Text, "🥊") {
		t.Errorf("from within a character: %q", inside.Text)
	}
	if r := answer[readResult](t, c, "read_document", arguments{"key": "empty"}); r.Text != "" || r.Total != 0 {
		t.Errorf("the empty document is %+v", r)
	}
	c = connect(t, both(t), "", nil)
	r := answer[readResult](t, c, "read_document", arguments{"key": "/notes/tides.md", "index": "mail"})
	if r.Text != "A copy." || r.Index != "mail" {
		t.Errorf("found %+v", r)
	}
	r = answer[readResult](t, c, "read_document", arguments{"key": "/notes/calcium.md"})
	if r.Index != "notes" || r.Time != "2026-05-01T12:00:00Z" || r.Metadata["author"] != "Ada" {
		t.Errorf("found %+v", r)
	}
}

func TestList(t *testing.T) {
	c := connect(t, both(t), "", nil)
	for _, test := range []struct {
		a    arguments
		want string
	}{
		{arguments{}, "/notes/calcium.md /notes/report.pdf /notes/tides.md"},
		{arguments{"glob": "*.md"}, "/notes/calcium.md /notes/tides.md"},
		{arguments{"glob": "calcium.md"}, ""},
		{arguments{"glob": "*o'clock'*"}, ""},
		{arguments{"filter": "time < 2027-01-01"}, "/notes/calcium.md"},
		{arguments{"filter": "title = 'Report' or title = 'Tides'", "glob": "*.md"}, "/notes/tides.md"},
	} {
		test.a["index"] = "notes"
		for _, limit := range []int{1, 2, 50} {
			var keys []string
			delete(test.a, "after")
			for {
				test.a["limit"] = limit
				r := answer[listResult](t, c, "list", test.a)
				if len(r.Documents) > limit {
					t.Fatalf("%d documents, want at most %d", len(r.Documents), limit)
				}
				for _, d := range r.Documents {
					keys = append(keys, d.Key)
				}
				if r.NextAfter == "" {
					break
				}
				test.a["after"] = r.NextAfter
			}
			if got := strings.Join(keys, " "); got != test.want {
				t.Errorf("%v lists %q, want %q", test.a, got, test.want)
			}
		}
	}
}

// TestListLongKeys has pages end before they are long.
func TestListLongKeys(t *testing.T) {
	m := model(t)
	var entries []index.Entry
	for i := range 10 {
		entries = append(entries, index.Entry{Key: fmt.Sprint(i) + strings.Repeat("k", listedBytes/3), Title: "A title"})
	}
	c := connect(t, server(t, m, Index{"a", made(t, m, entries...)}), "", nil)
	n := 0
	for after := ""; ; {
		r := answer[listResult](t, c, "list", arguments{"after": after})
		if n += len(r.Documents); len(r.Documents) > 3 {
			t.Fatalf("%d documents on a page", len(r.Documents))
		}
		if after = r.NextAfter; after == "" {
			break
		}
	}
	if n != len(entries) {
		t.Errorf("%d documents, want %d", n, len(entries))
	}
}

func TestRerank(t *testing.T) {
	s := both(t)
	c := connect(t, s, "", nil)
	texts := []string{"The moon raises the tides.", "Calcium slows the loss of bone.", "", "Bones\n\n of dogs " + strings.Repeat("and cats ", 2000)}
	want, err := s.model.Rank(t.Context(), boneQuestion, texts)
	if err != nil {
		t.Fatal(err)
	}
	got := answer[rerankResult](t, c, "rerank", arguments{"query": boneQuestion, "texts": texts}).Ranking
	if len(got) != len(want) || got[0].Text != 1 {
		t.Fatalf("found %+v", got)
	}
	for i, h := range want {
		if g := got[i]; g.Text != h.Index || g.Truncated != h.Truncated || g.Score-float64(h.Mean) > 5e-5 || float64(h.Mean)-g.Score > 5e-5 {
			t.Errorf("%d: %+v, want %+v", i, g, h)
		}
	}
	if top := answer[rerankResult](t, c, "rerank", arguments{"query": boneQuestion, "texts": texts, "top": 1}).Ranking; !slices.Equal(top, got[:1]) {
		t.Errorf("the best is %+v", top)
	}
}

// TestRefusals are calls that make no sense. Each is answered by what is wrong, as a
// tool's error, which agents see.
func TestRefusals(t *testing.T) {
	c := connect(t, both(t), "", nil)
	for _, test := range []struct {
		tool string
		a    any
		says string
	}{
		{"search", arguments{}, "query"},
		{"search", arguments{"query": " \n"}, "blank"},
		{"search", arguments{"query": ""}, "minLength"},
		{"search", arguments{"query": strings.Repeat("x", queryLength+1)}, "maxLength"},
		{"search", arguments{"query": 7}, "string"},
		{"search", arguments{"query": "x", "k": 0}, "minimum"},
		{"search", arguments{"query": "x", "k": mostHits + 1}, "maximum"},
		{"search", arguments{"query": "x", "k": 1.5}, "integer"},
		{"search", arguments{"query": "x", "offset": -1}, "minimum"},
		{"search", arguments{"query": "x", "offset": deepest}, "narrower"},
		{"search", arguments{"query": "x", "offset": "bm90IGEgY3Vyc29y"}, "integer"},
		{"search", arguments{"query": "x", "mode": "psychic"}, "enum"},
		{"search", arguments{"query": "x", "indexes": []string{"secrets"}}, "enum"},
		{"search", arguments{"query": "x", "filter": "author = "}, "Filters look like"},
		{"search", arguments{"query": "x", "filter": "1) or (1"}, "Filters look like"},
		{"search", arguments{"query": "x", "surprise": true}, "surprise"},
		{"search", []int{1}, "arguments"},
		{"read_document", arguments{"key": "none"}, "list with glob"},
		{"read_document", arguments{"key": "/notes/tides.md"}, "name one as index"},
		{"read_document", arguments{"key": "/notes/calcium.md", "start": 1000}, "start at 0"},
		{"read_document", arguments{"key": "/notes/calcium.md", "length": mostLength + 1}, "maximum"},
		{"read_document", arguments{"key": "/etc/passwd"}, "no document"},
		{"read_document", arguments{"key": "/notes/../notes/calcium.md"}, "no document"},
		{"read_document", arguments{"key": "../../../etc/passwd"}, "no document"},
		{"read_document", arguments{"key": "file:///etc/passwd"}, "no document"},
		{"read_document", arguments{"key": "/notes/calcium.md\x00.png"}, "no document"},
		{"list", arguments{}, "index"},
		{"list", arguments{"index": "notes", "filter": "?"}, "Filters look like"},
		{"list", arguments{"index": "notes", "limit": mostListed + 1}, "maximum"},
		{"rerank", arguments{"query": "x", "texts": []string{}}, "minItems"},
		{"rerank", arguments{"query": "x", "texts": slices.Repeat([]string{"x"}, mostTexts+1)}, "maxItems"},
		{"rerank", arguments{"query": "x", "texts": []any{1}}, "string"},
		{"rerank", arguments{"query": " ", "texts": []string{"x"}}, "blank"},
	} {
		result, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: test.tool, Arguments: test.a})
		if err != nil {
			t.Errorf("%s %.200v: %v", test.tool, test.a, err)
			continue
		}
		if text := textOf(t, result); !result.IsError || !strings.Contains(text, test.says) || len(text) > 1000 {
			t.Errorf("%s %.200v gives %.2000q, want an error that says %q", test.tool, test.a, text, test.says)
		}
	}
	if _, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: "delete_everything"}); err == nil || !strings.Contains(err.Error(), "unknown tool") {
		t.Errorf("an unknown tool gives %v", err)
	}
}

func TestNew(t *testing.T) {
	m := model(t)
	x := made(t, m, notes()...)
	for says, o := range map[string]Options{
		"index or more": {Model: m},
		"a model":       {Indexes: []Index{{"a", x}}},
		"1 to 64":       {Model: m, Indexes: []Index{{"a b", x}}},
		"two indexes":   {Model: m, Indexes: []Index{{"a", x}, {"a", x}}},
	} {
		if _, err := New(t.Context(), o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want an error that says %q", err, says)
		}
	}
}
