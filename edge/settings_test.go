package edge

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// names returns what each vector of a text stands for: the part of the text,
// or the name in brackets.
func names(v *vectors, text string) []string {
	var list []string
	for _, token := range v.Tokens() {
		name := token.Name
		for _, span := range token.Spans {
			name += span.Of(text)
		}
		list = append(list, name)
	}
	return list
}

func encodeOne(tb testing.TB, m *Model, text string, opts ...EncodeOption) *Document {
	tb.Helper()
	d, err := m.EncodeDocuments(context.Background(), []string{text}, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return d[0]
}

func encodeQuery(tb testing.TB, m *Model, text string) *Query {
	tb.Helper()
	q, err := m.EncodeQuery(context.Background(), text)
	if err != nil {
		tb.Fatal(err)
	}
	return q
}

// TestSettings checks what each setting does to the tokens that yield vectors,
// once from the checkpoint and once from the option that overrides it.
func TestSettings(t *testing.T) {
	const text = " The cat, of the dog. "
	for _, test := range []struct {
		name     string
		file     string
		key      string
		value    any
		option   Option
		query    string // vectors of the query text, joined by |
		document string
	}{
		{
			name:     "as it is",
			query:    "[CLS]|[Q] |T|h|e| cat|,| of| the| dog|.|[SEP]",
			document: "[CLS]|[D] |T|h|e| cat| of| the| dog|[SEP]",
		},
		{
			name: "query length", file: colbertFile, key: "query_length", value: 5, option: WithQueryLength(5),
			query:    "[CLS]|[Q] |T|h|[SEP]",
			document: "[CLS]|[D] |T|h|e| cat| of| the| dog|[SEP]",
		},
		{
			name: "document length", file: colbertFile, key: "document_length", value: 7, option: WithDocumentLength(7),
			query:    "[CLS]|[Q] |T|h|e| cat|,| of| the| dog|.|[SEP]",
			document: "[CLS]|[D] |T|h|e| cat|[SEP]",
		},
		{
			name: "expansion", file: colbertFile, key: "do_query_expansion", value: true, option: WithExpansion(true),
			query:    "[CLS]|[Q] |T|h|e| cat|,| of| the| dog|.|[SEP]|[MASK]|[MASK]|[MASK]|[MASK]",
			document: "[CLS]|[D] |T|h|e| cat| of| the| dog|[SEP]",
		},
		{
			name: "skiplist", file: colbertFile, key: "skiplist_words", value: []string{"Ġof", "cat", "no token"},
			option:   WithSkiplist([]string{"Ġof", "cat", "no token"}),
			query:    "[CLS]|[Q] |T|h|e| cat|,| of| the| dog|.|[SEP]",
			document: "[CLS]|[D] |T|h|e| cat|,| the| dog|.|[SEP]",
		},
		{
			name: "empty skiplist", file: colbertFile, key: "skiplist_words", value: []string{}, option: WithSkiplist(nil),
			query:    "[CLS]|[Q] |T|h|e| cat|,| of| the| dog|.|[SEP]",
			document: "[CLS]|[D] |T|h|e| cat|,| of| the| dog|.|[SEP]",
		},
		{
			name: "prompts", file: colbertFile, key: "prompts", value: map[string]string{"query": "of the", "document": "dog. Th"},
			option: func(o *overrides) {
				WithQueryPrompt("of the")(o)
				WithDocumentPrompt("dog. Th")(o)
			},
			// White space between prompt and text is inside and stays.
			query:    "[CLS]|[Q] |prompt|prompt|prompt| |T|h|e| cat|,| of| the| dog|.|[SEP]",
			document: "[CLS]|[D] |prompt|prompt|prompt|prompt| |T|h|e| cat| of| the| dog|[SEP]",
		},
		{
			name: "query prefix", file: colbertFile, key: "query_prefix", value: "", option: WithQueryPrefix(""),
			query:    "[CLS]|T|h|e| cat|,| of| the| dog|.|[SEP]",
			document: "[CLS]|[D] |T|h|e| cat| of| the| dog|[SEP]",
		},
		{
			name: "document prefix", file: colbertFile, key: "document_prefix", value: "[MASK]", option: WithDocumentPrefix("[MASK]"),
			query:    "[CLS]|[Q] |T|h|e| cat|,| of| the| dog|.|[SEP]",
			document: "[CLS]|[MASK]|T|h|e| cat| of| the| dog|[SEP]",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			check := func(how string, m *Model) {
				t.Helper()
				q, d := encodeQuery(t, m, text), encodeOne(t, m, text)
				if got := strings.Join(names(&q.vectors, text), "|"); got != test.query {
					t.Errorf("%s: query: expected\n%s, found\n%s", how, test.query, got)
				}
				if got := strings.Join(names(&d.vectors, text), "|"); got != test.document {
					t.Errorf("%s: document: expected\n%s, found\n%s", how, test.document, got)
				}
			}
			c := tiny.New(t)
			c.Set(t, casingFile, "do_lower_case", false)
			if test.option != nil {
				check("option", open(t, c, test.option))
			}
			if test.file != "" {
				c.Set(t, test.file, test.key, test.value)
			}
			check("checkpoint", open(t, c))
		})
	}
}

// TestDefaults opens a checkpoint that says nothing about texts.
func TestDefaults(t *testing.T) {
	c := tiny.New(t)
	delete(c, colbertFile)
	delete(c, casingFile)
	info := open(t, c).Info()
	if want := (TextInfo{Prefix: "[Q] ", Length: 32}); info.Query != want {
		t.Errorf("query: expected %+v, found %+v", want, info.Query)
	}
	if want := (TextInfo{Prefix: "[D] ", Length: 180}); info.Document != want {
		t.Errorf("document: expected %+v, found %+v", want, info.Document)
	}
	if !info.Expansion || info.Attend || info.LowerCase || info.Skiplist != 32 {
		t.Errorf("expected expansion without attention, cased, 32 marks skipped; found %+v", info)
	}
	if want := []string{colbertFile + " is missing: PyLate's defaults apply"}; !slices.Equal(info.Warnings, want) {
		t.Errorf("expected warnings %q, found %q", want, info.Warnings)
	}
}

func TestDefaultPrompt(t *testing.T) {
	c := tiny.New(t)
	c.Set(t, colbertFile, "prompts", map[string]any{"passage": "cat: ", "other": "dog: ", "query": nil})
	c.Set(t, colbertFile, "default_prompt_name", "other")
	info := open(t, c).Info()
	if info.Query.Prompt != "dog: " || info.Document.Prompt != "cat: " {
		t.Errorf("expected the default prompt and the passage's, found %q and %q", info.Query.Prompt, info.Document.Prompt)
	}
}

func TestLowerCase(t *testing.T) {
	c := tiny.New(t)
	const text = "THE CAT"
	if got := strings.Join(names(&encodeOne(t, open(t, c), text).vectors, text), "|"); got != "[CLS]|[D] |T|H|E| CAT|[SEP]" {
		t.Errorf("expected one token for CAT, found %s", got)
	}
	cased := open(t, c, WithLowerCase(false))
	if got := strings.Join(names(&encodeOne(t, cased, text).vectors, text), "|"); got != "[CLS]|[D] |T|H|E| |C|A|T|[SEP]" {
		t.Errorf("expected one token a letter, found %s", got)
	}
}

// TestAttention checks that expansion tokens are keys only where the model says so.
func TestAttention(t *testing.T) {
	c := tiny.New(t)
	c.Set(t, colbertFile, "do_query_expansion", true)
	blind, err := open(t, c).queries.prepare("cat", 16)
	if err != nil {
		t.Fatal(err)
	}
	c.Set(t, colbertFile, "attend_to_expansion_tokens", true)
	m := open(t, c)
	seeing, err := m.queries.prepare("cat", 16)
	if err != nil {
		t.Fatal(err)
	}
	if blind.Keys != 4 || seeing.Keys != 0 || len(blind.IDs) != 16 || len(seeing.IDs) != 16 {
		t.Errorf("expected 16 tokens with 4 keys, and all, found %d with %d and %d with %d", len(blind.IDs), blind.Keys, len(seeing.IDs), seeing.Keys)
	}
	// Without expansion the flag means nothing.
	off := open(t, c, WithExpansion(false))
	if off.Info().Attend || encodeQuery(t, off, "cat").Len() != 4 {
		t.Error("expected no expansion tokens to attend to")
	}
	// Out of reach of every key (the window is 4 to either side), and finite.
	far := open(t, c, WithAttendToExpansion(false), WithQueryLength(200))
	if n := encodeQuery(t, far, "cat").Len(); n != 200 {
		t.Errorf("expected 200 vectors, found %d", n)
	}
}

// TestMaxTokens checks that the option of one call does what the setting does.
func TestMaxTokens(t *testing.T) {
	c := tiny.New(t)
	m, short := open(t, c), open(t, c, WithDocumentLength(10))
	text := strings.Repeat("the cat sat on the mat ", 500)
	if !reflect.DeepEqual(encodeOne(t, m, text, MaxTokens(10)), encodeOne(t, short, text)) {
		t.Error("MaxTokens(10) and WithDocumentLength(10) differ")
	}
	for _, n := range []int{4, 64, 1000} {
		d := encodeOne(t, m, text, MaxTokens(n))
		if d.Len() != n || !d.Truncated() {
			t.Errorf("MaxTokens(%d): found %d vectors, truncated %t", n, d.Len(), d.Truncated())
		}
	}
	if d := encodeOne(t, m, text, MaxTokens(1<<20)); d.Len() >= 1<<20 || d.Truncated() {
		t.Errorf("expected the whole text, found %d vectors, truncated %t", d.Len(), d.Truncated())
	}
	for _, n := range []int{-1, 1, 3, 1<<20 + 1} {
		_, err := m.EncodeDocuments(context.Background(), []string{text}, MaxTokens(n))
		if err == nil || !strings.Contains(err.Error(), "MaxTokens") {
			t.Errorf("MaxTokens(%d): expected an error that names it, found %v", n, err)
		}
	}
	if _, err := m.Rank(context.Background(), "cat", nil, PoolFactor(-1)); err == nil {
		t.Error("PoolFactor(-1): expected an error, found none")
	}
	if _, err := m.Rank(context.Background(), "cat", nil, TopK(-1)); err == nil {
		t.Error("TopK(-1): expected an error, found none")
	}
}
