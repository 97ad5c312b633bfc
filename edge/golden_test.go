package edge

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/testdata"
)

// Tolerances of float32 arithmetic against the float64 reference, from
// testdata/README.md.
const (
	vectorTolerance     = 2e-5
	longVectorTolerance = 1e-4 // 32,768 tokens
	scoreTolerance      = 1e-4
	orderTolerance      = 2e-4 // neighbours nearer than this may change places
)

func sumTolerance(vectors int) float64 { return 1e-6*float64(vectors) + 2e-5 }

// golden is a file of testdata/cases.
type golden struct {
	QueryLength    int `json:"query_length"`
	DocumentLength int `json:"document_length"`
	Similarity     Similarity
	Normalized     *bool
	Cases          []goldenCase
	MaxSim         []struct {
		Query     string
		Documents []string
		Scores    []float64
		Order     []int
	}
	Pooling []struct {
		goldenVectors
		Document  string
		Factor    int
		Protected int
		Unchanged bool
		Labels    []int
	}
}

type goldenCase struct {
	goldenVectors
	Name, Kind, Text string
	IDs              []int32 `json:"ids"`
	Attention, Keep  []int
	Error            string // the reference can't encode the text
	Labels           []int  // of clusters, where the checkpoint has its documents pooled
}

// goldenVectors are expected vectors: some rows, and sums over all.
type goldenVectors struct {
	NumVectors     int `json:"num_vectors"`
	Rows           []int
	Embeddings     [][]float64
	ColSum         []float64 `json:"col_sum"`
	WeightedColSum []float64 `json:"weighted_col_sum"`
}

// deviations are the largest differences seen.
type deviations struct{ vector, sum, score float64 }

func (d deviations) String() string {
	return fmt.Sprintf("vector component %.2g, column sum %.2g, score %.2g", d.vector, d.sum, d.score)
}

// check compares vectors [n, dim] with what is expected.
func (g *goldenVectors) check(t *testing.T, name string, data []float32, dim int, tolerance float64, worst *deviations) {
	t.Helper()
	n, scale := len(data)/dim, g.scale()
	tolerance *= scale
	if n != g.NumVectors {
		t.Errorf("%s: expected %d vectors, found %d", name, g.NumVectors, n)
		return
	}
	for i, row := range g.Rows {
		for j, want := range g.Embeddings[i] {
			diff := math.Abs(float64(data[row*dim+j]) - want)
			worst.vector = max(worst.vector, diff)
			if !(diff <= tolerance) {
				t.Fatalf("%s: vector %d, component %d: expected %v, found %v", name, row, j, want, data[row*dim+j])
			}
		}
	}
	for j := range dim {
		var sum, weighted float64
		for r := range n {
			sum += float64(data[r*dim+j])
			weighted += float64(data[r*dim+j]) * float64(r+1) / float64(n)
		}
		diff := max(math.Abs(sum-g.ColSum[j]), math.Abs(weighted-g.WeightedColSum[j]))
		worst.sum = max(worst.sum, diff)
		if !(diff <= scale*sumTolerance(n)) {
			t.Errorf("%s: sums of component %d: expected %v and %v, found %v and %v", name, j, g.ColSum[j], g.WeightedColSum[j], sum, weighted)
		}
	}
}

// TestGolden runs every golden text of every model from text to score.
func TestGolden(t *testing.T) {
	models := slices.Concat(testdata.Models, testdata.BERT, testdata.Native[1:])
	if testing.Short() {
		models = models[2:] // the small ones
	}
	for _, name := range models {
		t.Run(name, func(t *testing.T) {
			var g golden
			if err := json.Unmarshal(testdata.Read(t, "cases/"+name+".json"), &g); err != nil {
				t.Fatal(err)
			}
			m, err := Open(testdata.Checkpoint(t, name))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { m.Close() })
			info := m.Info()
			if positions := info.Backbone.Positions; positions > 0 {
				g.DocumentLength = min(g.DocumentLength, positions)
			}
			if g.QueryLength > 0 && info.Query.Length != g.QueryLength || g.DocumentLength > 0 && info.Document.Length != g.DocumentLength {
				t.Errorf("expected lengths %d and %d, found %d and %d", g.QueryLength, g.DocumentLength, info.Query.Length, info.Document.Length)
			}
			if g.Normalized != nil && info.Normalized != *g.Normalized || g.Similarity != "" && info.Similarity != g.Similarity {
				t.Errorf("found %+v", info)
			}
			var worst deviations
			queries, documents := map[string]*Query{}, map[string]*Document{}
			for i := range g.Cases {
				c := &g.Cases[i]
				if c.Error != "" {
					continue
				}
				goldenTokens(t, m, c)
				if c.Kind == "query" {
					q, err := m.EncodeQuery(context.Background(), c.Text)
					if err != nil {
						t.Fatal(err)
					}
					queries[c.Name] = q
					c.check(t, c.Name, q.Vectors(), q.Dim(), vectorTolerance, &worst)
					continue
				}
				d, err := m.EncodeDocuments(context.Background(), []string{c.Text})
				if err != nil {
					t.Fatal(err)
				}
				documents[c.Name] = d[0]
				c.check(t, c.Name, d[0].Vectors(), d[0].Dim(), vectorTolerance, &worst)
				if c.Labels != nil {
					goldenClusters(t, m, c, d[0])
				}
			}
			goldenScores(t, m, &g, queries, documents, &worst)
			goldenPooling(t, m, &g, documents, &worst)
			t.Logf("%d texts, %d rankings, %d poolings; largest differences: %v", len(g.Cases), len(g.MaxSim), len(g.Pooling), worst)
		})
	}
}

// scale is the largest component that is expected, 1 for unit vectors.
func (g *goldenVectors) scale() float64 {
	largest := 1.0
	for _, row := range g.Embeddings {
		for _, v := range row {
			largest = max(largest, math.Abs(v))
		}
	}
	return largest
}

// goldenTokens compares ids, attention and keep-mask of a case.
func goldenTokens(t *testing.T, m *Model, c *goldenCase) {
	t.Helper()
	p := m.documents
	if c.Kind == "query" {
		p = m.queries
	}
	s, err := p.prepare(c.Text, p.length)
	if err != nil {
		t.Fatal(err)
	}
	attention, keep := make([]int, len(s.IDs)), make([]int, len(s.IDs))
	for i := range s.IDs {
		if s.Keys == 0 || i < s.Keys {
			attention[i] = 1
		}
		if s.keep[i] {
			keep[i] = 1
		}
	}
	for _, same := range []struct {
		what string
		ok   bool
	}{
		{"ids", slices.Equal(s.IDs, c.IDs)},
		{"attention", slices.Equal(attention, c.Attention)},
		{"keep", slices.Equal(keep, c.Keep)},
	} {
		if !same.ok {
			t.Errorf("%s: %s: expected those of\n%v, found\n%v", c.Name, same.what, c.IDs, s.IDs)
		}
	}
}

// goldenScores compares scores and orders, by MaxSim and by both Ranks.
func goldenScores(t *testing.T, m *Model, g *golden, queries map[string]*Query, documents map[string]*Document, worst *deviations) {
	t.Helper()
	texts := map[string]string{}
	for _, c := range g.Cases {
		texts[c.Name] = c.Text
	}
	for i, x := range g.MaxSim {
		q := queries[x.Query]
		var encoded []*Document
		var docs []string
		similarity, tolerance := MaxSim, scoreTolerance
		if g.Similarity == MeanMaxSimilarity {
			similarity = MeanMaxSim
		}
		if g.Normalized != nil && !*g.Normalized {
			tolerance = max(tolerance, 4e-6*slices.Max(x.Scores))
		}
		for i, name := range x.Documents {
			encoded, docs = append(encoded, documents[name]), append(docs, texts[name])
			diff := math.Abs(float64(similarity(q, documents[name])) - x.Scores[i])
			worst.score = max(worst.score, diff)
			if !(diff <= tolerance) {
				t.Errorf("%s, %s: expected score %v, found %v", x.Query, name, x.Scores[i], similarity(q, documents[name]))
			}
		}
		hits := Rank(q, encoded, 0)
		for i, hit := range hits {
			if want := x.Order[i]; hit.Index != want && math.Abs(x.Scores[hit.Index]-x.Scores[want]) > orderTolerance {
				t.Errorf("%s: place %d: expected %s (%v), found %s (%v)", x.Query, i,
					x.Documents[want], x.Scores[want], x.Documents[hit.Index], x.Scores[hit.Index])
			}
		}
		if i > 0 || simd.Name() == "generic" {
			continue // the other way takes the time to encode all again
		}
		ranked, err := m.Rank(context.Background(), texts[x.Query], docs)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ranked, hits) {
			t.Errorf("%s: Model.Rank and Rank differ:\n%v\n%v", x.Query, ranked, hits)
		}
	}
}

// goldenPooling compares clusters and pooled vectors.
func goldenPooling(t *testing.T, m *Model, g *golden, documents map[string]*Document, worst *deviations) {
	t.Helper()
	for i, x := range g.Pooling {
		plain := documents[x.Document]
		pooled, err := plain.pool(context.Background(), pooling{factor: float64(x.Factor), protected: x.Protected})
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%s pooled by %d, %d protected", x.Document, x.Factor, x.Protected)
		if i == 0 { // the other way takes the time to encode again
			at := slices.IndexFunc(g.Cases, func(c goldenCase) bool { return c.Name == x.Document })
			if d := encodeOne(t, m, g.Cases[at].Text, PoolFactor(x.Factor)); !sameVectors(&d.vectors, &pooled) {
				t.Errorf("%s: encoding with PoolFactor gives something else", name)
			}
		}
		x.check(t, name, pooled.Vectors(), pooled.Dim(), vectorTolerance, worst)
		if x.Unchanged {
			continue
		}
		checkClusters(t, name, plain.tokens, &pooled, x.Labels, x.Protected)
	}
}

// checkClusters: the tokens of each vector are those of its cluster.
func checkClusters(t *testing.T, name string, tokens []tokenRef, pooled *vectors, labels []int, protected int) {
	t.Helper()
	members := make([][]tokenRef, pooled.Len())
	for i, token := range tokens {
		cluster := i
		if i >= protected {
			cluster = protected + labels[i-protected] - 1
		}
		members[cluster] = append(members[cluster], token)
	}
	for i := range members {
		if !slices.Equal(pooled.members(i), members[i]) {
			t.Errorf("%s: vector %d: expected tokens %v, found %v", name, i, members[i], pooled.members(i))
		}
	}
}

// goldenClusters checks a document that the checkpoint has pooled, and that it
// can be put together again from what was kept of it.
func goldenClusters(t *testing.T, m *Model, c *goldenCase, d *Document) {
	t.Helper()
	plain := encodeOne(t, m, c.Text, PoolFactor(1))
	checkClusters(t, c.Name, plain.tokens, &d.vectors, c.Labels, m.pooling.protected)
	data, clusters, err := d.Clusters(context.Background(), 3)
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.Attach(context.Background(), c.Text, data, clusters)
	if err != nil {
		t.Fatal(err)
	}
	if !sameVectors(&again.vectors, &d.vectors) || !reflect.DeepEqual(again.Tokens(), d.Tokens()) {
		t.Errorf("%s: attached again it is another document", c.Name)
	}
}

// TestGoldenLong encodes one text of 47,000 tokens, cut at several lengths. The
// longest takes long and is left to runs with TOLLER_LONG set, and the middle
// one to kernels that make use of the processor.
func TestGoldenLong(t *testing.T) {
	var long struct {
		Model   string
		Text    string
		Queries []string
		Cases   []struct {
			goldenVectors
			Name           string
			DocumentLength int    `json:"document_length"`
			IDs            string `json:"ids_sha256"`
			Keep           string `json:"keep_sha256"`
			MaxSim         map[string]float64
		}
	}
	if err := json.Unmarshal(testdata.Read(t, "cases/long-context.json"), &long); err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(testdata.Read(t, "cases/"+long.Model+".json"), &g); err != nil {
		t.Fatal(err)
	}
	m, err := Open(testdata.Checkpoint(t, long.Model))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	limit := 8192
	switch {
	case os.Getenv("TOLLER_LONG") != "" && simd.Name() != "generic":
		limit = math.MaxInt
	case testing.Short() || simd.Name() == "generic":
		limit = 2048
	}
	for _, c := range long.Cases {
		if c.DocumentLength > limit {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			s, err := m.documents.prepare(long.Text, c.DocumentLength)
			if err != nil {
				t.Fatal(err)
			}
			var ids, keep []byte
			for i, id := range s.IDs {
				ids = binary.LittleEndian.AppendUint32(ids, uint32(id))
				if s.keep[i] {
					keep = append(keep, 1)
				} else {
					keep = append(keep, 0)
				}
			}
			if got := sha256.Sum256(ids); hex.EncodeToString(got[:]) != c.IDs {
				t.Errorf("other ids than expected")
			}
			if got := sha256.Sum256(keep); hex.EncodeToString(got[:]) != c.Keep {
				t.Errorf("another keep-mask than expected")
			}
			d, err := m.EncodeDocuments(context.Background(), []string{long.Text}, MaxTokens(c.DocumentLength))
			if err != nil {
				t.Fatal(err)
			}
			tolerance := vectorTolerance
			if c.DocumentLength > 8192 {
				tolerance = longVectorTolerance
			}
			var worst deviations
			c.check(t, c.Name, d[0].Vectors(), d[0].Dim(), tolerance, &worst)
			for _, name := range long.Queries {
				at := slices.IndexFunc(g.Cases, func(c goldenCase) bool { return c.Name == name })
				q, err := m.EncodeQuery(context.Background(), g.Cases[at].Text)
				if err != nil {
					t.Fatal(err)
				}
				diff := math.Abs(float64(MaxSim(q, d[0])) - c.MaxSim[name])
				worst.score = max(worst.score, diff)
				if !(diff <= scoreTolerance) {
					t.Errorf("%s: expected score %v, found %v", name, c.MaxSim[name], MaxSim(q, d[0]))
				}
			}
			t.Logf("largest differences: %v", worst)
		})
	}
}
