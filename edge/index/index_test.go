package index

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/tiny"
)

// openIndex opens an index in a new folder until the test ends.
func openIndex(tb testing.TB, m *edge.Model, opts ...Option) *Index {
	tb.Helper()
	return openIndexAt(tb, filepath.Join(tb.TempDir(), "index.db"), m, opts...)
}

func openIndexAt(tb testing.TB, path string, m *edge.Model, opts ...Option) *Index {
	tb.Helper()
	x, err := Open(context.Background(), path, m, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { x.Close() })
	return x
}

func search(tb testing.TB, x *Index, query string, opts ...SearchOption) []Result {
	tb.Helper()
	results, err := x.Search(context.Background(), query, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return results
}

// keysOf returns the keys of results, in their order.
func keysOf(results []Result) string {
	var keys []string
	for _, r := range results {
		keys = append(keys, r.Key)
	}
	return strings.Join(keys, " ")
}

func cleanIndex(tb testing.TB, x *Index) {
	tb.Helper()
	report, err := x.Check(context.Background(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	if !report.Clean() {
		tb.Errorf("expected a clean file, found %q", report.Problems)
	}
}

var animals = []Entry{
	{Key: "cat", Title: "The cat", Text: "the cat sat on the mat", Source: "a.txt",
		Metadata: map[string]any{"legs": 4.0, "tags": []any{"pet", "soft"}}, Time: time.UnixMilli(1_700_000_000_123)},
	{Key: "dog", Title: "The dog", Text: "the dog sat on the bread", Source: "b.txt",
		Metadata: map[string]any{"legs": 4.0, "tags": []any{"pet"}}, Time: time.UnixMilli(1_710_000_000_000)},
	{Key: "heron", Text: "A heron stands on one leg.", Metadata: map[string]any{"legs": 2.0, "tags": []any{}}},
	{Key: "title only", Title: "Bread of the dog"},
	{Key: "nothing"},
}

func TestIndexRoundTrip(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.New(t))
	path := filepath.Join(t.TempDir(), "index.db")
	x := openIndexAt(t, path, m)
	var last WriteProgress
	if err := x.Add(ctx, animals, Progress(func(p WriteProgress) { last = p })); err != nil {
		t.Fatal(err)
	}
	if want := (WriteProgress{Stored: 5, Total: 5, Passages: 4}); last != want {
		t.Errorf("expected progress to end with %+v, found %+v", want, last)
	}
	for _, want := range animals {
		got, err := x.Get(ctx, want.Key)
		if err != nil {
			t.Fatal(err)
		}
		if want.Hash, err = want.ContentHash(); err != nil {
			t.Fatal(err)
		}
		if !want.Time.Equal(got.Time) {
			t.Errorf("%s: expected the time %v, found %v", want.Key, want.Time, got.Time)
		}
		want.Time, got.Time = time.Time{}, time.Time{}
		if !reflect.DeepEqual(&want, got) {
			t.Errorf("expected %+v, found %+v", want, got)
		}
	}
	if _, err := x.Get(ctx, "cow"); !errors.Is(err, ErrNotFound) {
		t.Errorf("expected ErrNotFound, found %v", err)
	}

	// The last word of a key is that of the last write.
	err := x.Update(ctx, []Entry{{Key: "cat", Text: "the cat left", Hash: [32]byte{7}}})
	if err == nil {
		err = x.Put(ctx, []Entry{{Key: "dog", Text: "the dog left"}, {Key: "cow", Text: "a cow came"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	n, err := x.Delete(ctx, "heron", "unicorn")
	if err != nil || n != 1 {
		t.Errorf("expected one deletion, found %d, %v", n, err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = openIndexAt(t, path, m)
	hashes, err := x.Hashes(ctx)
	if err != nil {
		t.Fatal(err)
	}
	keys := slices.Sorted(maps.Keys(hashes))
	if want := []string{"cat", "cow", "dog", "nothing", "title only"}; !slices.Equal(keys, want) {
		t.Errorf("expected the keys %q, found %q", want, keys)
	}
	if hashes["cat"] != [32]byte{7} {
		t.Errorf("expected the hash that was given, found %x", hashes["cat"])
	}
	var texts []string
	if err := x.Entries(ctx, "key in ('cat', 'dog')", func(e *Entry) bool { texts = append(texts, e.Text); return true }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"the cat left", "the dog left"}; !slices.Equal(texts, want) {
		t.Errorf("expected the texts %q, found %q", want, texts)
	}
	seen := 0
	if err := x.Entries(ctx, "", func(*Entry) bool { seen++; return seen < 2 }); err != nil || seen != 2 {
		t.Errorf("expected to stop at the second entry, found %d, %v", seen, err)
	}
	stat, err := x.Stat(ctx)
	if err != nil || stat.Documents != 5 || stat.Passages != 4 || stat.Model.Name != "tiny" {
		t.Errorf("expected 5 documents and 4 passages of tiny, found %+v, %v", stat, err)
	}
	if err := x.Compact(ctx, nil); err != nil {
		t.Error(err)
	}
	if err := x.Train(ctx, nil); err != nil {
		t.Error(err)
	}
	cleanIndex(t, x)
}

// TestContentHash checks that everything that is stored counts.
func TestContentHash(t *testing.T) {
	base := Entry{Key: "k", Title: "t", Source: "s", Text: "x", Metadata: map[string]any{"a": 1}, Time: time.UnixMilli(5)}
	want, err := base.ContentHash()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Entry){
		"title":    func(e *Entry) { e.Title = "" },
		"source":   func(e *Entry) { e.Source = "x" },
		"text":     func(e *Entry) { e.Text = "s" },
		"metadata": func(e *Entry) { e.Metadata = map[string]any{"a": 2} },
		"time":     func(e *Entry) { e.Time = time.Time{} },
		"border":   func(e *Entry) { e.Title, e.Source = "ts", "" },
	} {
		e := base
		change(&e)
		if got, err := e.ContentHash(); err != nil || got == want {
			t.Errorf("%s: expected another hash, found the same, %v", name, err)
		}
	}
	base.Key, base.Hash = "another", [32]byte{1}
	if got, _ := base.ContentHash(); got != want {
		t.Error("neither the key nor the caller's hash is content")
	}
}

// TestIndexModel opens an index with the same model in other guises, with
// others, and with none.
func TestIndexModel(t *testing.T) {
	ctx := context.Background()
	c := tiny.New(t)
	path := filepath.Join(t.TempDir(), "index.db")
	if _, err := Open(ctx, path, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("without a file and a model: expected ErrNotFound, found %v", err)
	}
	if _, err := Open(ctx, path, open(t, c), ReadOnly()); !errors.Is(err, ErrNotFound) {
		t.Errorf("read-only without a file: expected ErrNotFound, found %v", err)
	}
	x := openIndexAt(t, path, open(t, c))
	if err := x.Add(ctx, animals); err != nil {
		t.Fatal(err)
	}
	x.Close()

	packed, err := edge.OpenBytes("packed", c.Pack(t))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	for name, m := range map[string]*edge.Model{
		"packed, another name": packed,
		"other lengths":        open(t, c, edge.WithDocumentLength(32), edge.WithQueryLength(20)),
		"other queries":        open(t, c, edge.WithExpansion(true), edge.WithQueryPrompt("the ")),
	} {
		again, err := Open(ctx, path, m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if found := search(t, again, "the dog sat", TopK(1)); len(found) != 1 {
			t.Errorf("%s: expected a result, found none", name)
		}
		again.Close()
	}

	other := tiny.New(t)
	other.Set(t, "1_Dense/config.json", "activation_function", "torch.nn.modules.linear.Identity")
	reweighted := tiny.New(t)
	weights := slices.Clone(reweighted["2_Dense/model.safetensors"])
	weights[len(weights)-1] ^= 1
	reweighted["2_Dense/model.safetensors"] = weights
	for name, m := range map[string]*edge.Model{
		"other weights":  open(t, reweighted),
		"other prompt":   open(t, c, edge.WithDocumentPrompt("the ")),
		"other prefix":   open(t, c, edge.WithDocumentPrefix("")),
		"other skiplist": open(t, c, edge.WithSkiplist([]string{"."})),
		"cased":          open(t, c, edge.WithLowerCase(false)),
	} {
		_, err := Open(ctx, path, m)
		if !errors.Is(err, ErrModel) {
			t.Errorf("%s: expected ErrModel, found %v", name, err)
			continue
		}
		if strings.Count(err.Error(), `"tiny"`) != 2 || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: expected the file and both names, found %v", name, err)
		}
	}
}

// TestIndexWithoutModel does all that needs no encoding.
func TestIndexWithoutModel(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "index.db")
	x := openIndexAt(t, path, open(t, tiny.New(t)))
	if err := x.Add(ctx, animals); err != nil {
		t.Fatal(err)
	}
	x.Close()
	x = openIndexAt(t, path, nil)
	if got := keysOf(search(t, x, "Herons!")); got != "heron" {
		t.Errorf("expected the heron, found %q", got)
	}
	for name, opts := range map[string][]SearchOption{
		"exact": {In(Exact)}, "hybrid": {In(Hybrid)}, "evidence": {WithEvidence()},
	} {
		if _, err := x.Search(ctx, "heron", opts...); !errors.Is(err, errNoModel) {
			t.Errorf("%s: expected that a model is missing, found %v", name, err)
		}
	}
	if err := x.Add(ctx, animals[:1]); !errors.Is(err, errNoModel) {
		t.Errorf("Add: expected that a model is missing, found %v", err)
	}
	if n, err := x.Delete(ctx, "cat"); n != 1 || err != nil {
		t.Errorf("expected one deletion, found %d, %v", n, err)
	}
	cleanIndex(t, x)
}

func TestIndexReadOnly(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.New(t))
	path := filepath.Join(t.TempDir(), "index.db")
	writer := openIndexAt(t, path, m)
	if err := writer.Add(ctx, animals); err != nil {
		t.Fatal(err)
	}
	x := openIndexAt(t, path, m, ReadOnly())
	if got := search(t, x, "the dog sat on the bread", TopK(1)); len(got) != 1 {
		t.Errorf("expected a result, found %v", got)
	}
	for name, call := range map[string]func() error{
		"Add":     func() error { return x.Add(ctx, []Entry{{Key: "new", Text: "x"}}) },
		"Update":  func() error { return x.Update(ctx, animals[:1]) },
		"Put":     func() error { return x.Put(ctx, animals[:1]) },
		"Delete":  func() error { _, err := x.Delete(ctx, "cat"); return err },
		"Compact": func() error { return x.Compact(ctx, nil) },
	} {
		if err := call(); !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s: expected ErrReadOnly, found %v", name, err)
		}
	}
}

// TestIndexClose closes an index in the middle of searches and writes.
func TestIndexClose(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.New(t))
	x := openIndex(t, m)
	if err := x.Add(ctx, animals); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	started := make(chan bool, 2)
	for _, call := range []func() error{
		func() error { _, err := x.Search(ctx, "the cat"); return err },
		func() error { return x.Put(ctx, animals) },
	} {
		go func() {
			for {
				if err := call(); err != nil {
					ended <- err
					return
				}
				select {
				case started <- true:
				default:
				}
			}
		}()
	}
	<-started
	<-started
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("expected ErrClosed, found %v", err)
		}
	}
	for name, call := range map[string]func() error{
		"Add":     func() error { return x.Add(ctx, nil) },
		"Delete":  func() error { _, err := x.Delete(ctx); return err },
		"Get":     func() error { _, err := x.Get(ctx, "cat"); return err },
		"Hashes":  func() error { _, err := x.Hashes(ctx); return err },
		"Entries": func() error { return x.Entries(ctx, "", nil) },
		"Search":  func() error { _, err := x.Search(ctx, "cat"); return err },
		"Export":  func() error { return x.Export(ctx, "", nil) },
		"Import":  func() error { return x.Import(ctx, nil) },
		"Stat":    func() error { _, err := x.Stat(ctx); return err },
		"Check":   func() error { _, err := x.Check(ctx, nil); return err },
		"Compact": func() error { return x.Compact(ctx, nil) },
		"Train":   func() error { return x.Train(ctx, nil) },
	} {
		if err := call(); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: expected ErrClosed, found %v", name, err)
		}
	}
	if err := x.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}

	closed := open(t, tiny.New(t))
	x = openIndex(t, closed)
	closed.Close()
	if err := x.Add(ctx, animals); !errors.Is(err, ErrClosed) {
		t.Errorf("adding with a closed model: expected ErrClosed, found %v", err)
	}
}

func TestIndexOptions(t *testing.T) {
	m := open(t, tiny.New(t))
	for _, test := range []struct {
		name string
		opt  Option
		want string
	}{
		{"codec", WithCodec("5bit"), "5bit"},
		{"dimensions", WithDims(9), "WithDims: expected at most the model's 8, found 9"},
		{"negative dimensions", WithDims(-1), "WithDims: expected 0 or more, found -1"},
		{"pooling", WithPooling(-2), "WithPooling: expected 0 or more, found -2"},
		{"small passages", WithPassages(10, 0), "WithPassages: expected 19 to 32256 tokens, found 10"},
		{"large passages", WithPassages(40_000, 0), "WithPassages: expected 19 to 32256 tokens, found 40000"},
		{"overlap", WithPassages(40, 21), "WithPassages: expected an overlap of 0 to half the 40 tokens, found 21"},
	} {
		_, err := Open(context.Background(), filepath.Join(t.TempDir(), "index.db"), m, test.opt)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: expected %q, found %v", test.name, test.want, err)
		}
	}
	x := openIndex(t, m, WithCodec("int8"), WithDims(6), WithPooling(3), WithLockWait(time.Second))
	stat, err := x.Stat(context.Background())
	if err != nil || stat.Codec.String() != "int8" || stat.Dims != 6 || stat.Pool != 3 {
		t.Errorf("expected int8, 6 dimensions, pooling by 3, found %+v, %v", stat, err)
	}
	// An existing file keeps what it was made with, pooling in particular.
	again := openIndexAt(t, stat.Path, m, WithPooling(2))
	if again.pool != 3 {
		t.Errorf("expected the file's pooling by 3, found %d", again.pool)
	}
}
