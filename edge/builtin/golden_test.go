package builtin

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// golden is what PyLate makes of some texts with the checkpoint that the
// embedded file was packed from.
type golden struct {
	Queries, Documents []goldenText
	Scores             [][]float64 // [query][document]
}

type goldenText struct {
	Text       string
	IDs        []int32 `json:"ids"` // of all tokens
	NumVectors int     `json:"num_vectors"`
	Rows       []int   // a sample of the vectors
	Vectors    [][]float64
	ColSum     []float64 `json:"col_sum"` // of all vectors
}

// TestGolden holds the embedded model against the golden data. Its table of
// token embeddings is rounded to signed bytes, and nothing else: the layers'
// arithmetic is exact, and passes the rounding on about as large as it was.
func TestGolden(t *testing.T) {
	r := rounding(t)
	if r > 0.01 {
		t.Errorf("rounding moves an embedding by %.2g of its length, expected at most 0.01", r)
	}
	check(t, Open, r)
}

// TestGoldenCheckpoint holds the checkpoint itself against the golden data, with
// the tolerances of float32 arithmetic, and checks that the embedded file is the
// checkpoint, packed. The checkpoint is not in the repository.
func TestGoldenCheckpoint(t *testing.T) {
	const variable = "TOLLER_BUILTIN_CHECKPOINT"
	folder := os.Getenv(variable)
	if folder == "" {
		t.Skipf("%s doesn't name the folder of the checkpoint that %s was packed from", variable, Name)
	}
	check(t, func(opts ...edge.Option) (*edge.Model, error) { return edge.Open(folder, opts...) }, 0)

	c, err := weights.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	table, err := infer.EmbeddingTable(c)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := weights.Pack(&again, c, simd.F16, table); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Bytes(), packed) {
		t.Errorf("toller pack --embeddings int8 makes another file of %s", folder)
	}
}

// check compares a form of the model whose token embeddings are rounded by r.
func check(t *testing.T, open func(...edge.Option) (*edge.Model, error), r float64) {
	t.Helper()
	g := new(golden)
	if err := json.Unmarshal(testdata.Read(t, "cases/"+Name+".json"), g); err != nil {
		t.Fatal(err)
	}
	whole, err := open(edge.WithSkiplist(nil)) // leaves out no token
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	checkIDs(t, g, whole)
	m, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	checkVectors(t, g, m, r)
}

// rounding is how far signed bytes are from the token embeddings that they were
// made of, beside their length: 0 where these are stored as they were. The error
// of a value is spread evenly over a step, so that its root mean square is the
// step over √12.
func rounding(t *testing.T) float64 {
	t.Helper()
	c, err := weights.OpenBytes(Name, packed)
	if err != nil {
		t.Fatal(err)
	}
	name, err := infer.EmbeddingTable(c)
	if err != nil {
		t.Fatal(err)
	}
	tensors, err := c.Tensors("")
	if err != nil {
		t.Fatal(err)
	}
	table := tensors[name]
	var off, length float64
	for i, v := range table.Float32s() {
		if table.Scales != nil {
			step := float64(table.Scales[i/table.Shape[1]])
			off += step * step / 12
		}
		length += float64(v) * float64(v)
	}
	return math.Sqrt(off / length)
}

// checkIDs compares the ids of all tokens.
func checkIDs(t *testing.T, g *golden, m *edge.Model) {
	t.Helper()
	same := func(x goldenText, tokens []edge.Token) {
		var ids []int32
		for _, token := range tokens {
			ids = append(ids, token.IDs...)
		}
		if !slices.Equal(ids, x.IDs) {
			t.Errorf("%.60q: expected ids %v, found %v", x.Text, x.IDs, ids)
		}
	}
	for _, x := range g.Queries {
		q, err := m.EncodeQuery(t.Context(), x.Text)
		if err != nil {
			t.Fatal(err)
		}
		same(x, q.Tokens())
	}
	for i, d := range encode(t, g, m) {
		same(g.Documents[i], d.Tokens())
	}
}

func encode(t *testing.T, g *golden, m *edge.Model) []*edge.Document {
	t.Helper()
	var texts []string
	for _, x := range g.Documents {
		texts = append(texts, x.Text)
	}
	documents, err := m.EncodeDocuments(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	return documents
}

// checkVectors compares vectors and scores. Beyond the tolerances of float32
// arithmetic (testdata/README.md), the rounding r of embeddings moves vectors by
// about as much: some by more, and a single one by 4r at most. Where n of them
// are added up, as in a score, they don't all move in one direction, and n·r is
// enough.
func checkVectors(t *testing.T, g *golden, m *edge.Model, r float64) {
	t.Helper()
	var worst struct{ component, distance, sum, score float64 }
	within := func(x goldenText, vectors []float32, dim int) {
		if n := len(vectors) / dim; n != x.NumVectors {
			t.Fatalf("%.60q: expected %d vectors, found %d", x.Text, x.NumVectors, n)
		}
		for i, row := range x.Rows {
			var distance float64
			for j, want := range x.Vectors[i] {
				diff := math.Abs(float64(vectors[row*dim+j]) - want)
				worst.component = max(worst.component, diff)
				distance += diff * diff
				if !(diff <= 2e-5+4*r) {
					t.Fatalf("%.60q: vector %d, component %d: expected %v, found %v", x.Text, row, j, want, vectors[row*dim+j])
				}
			}
			distance = math.Sqrt(distance)
			worst.distance = max(worst.distance, distance)
			if limit := 2e-5*math.Sqrt(float64(dim)) + 4*r; !(distance <= limit) {
				t.Errorf("%.60q: vector %d is %v away from the one expected, more than %v", x.Text, row, distance, limit)
			}
		}
		for j, want := range x.ColSum {
			var sum float64
			for row := range x.NumVectors {
				sum += float64(vectors[row*dim+j])
			}
			worst.sum = max(worst.sum, math.Abs(sum-want))
			if n := float64(x.NumVectors); !(math.Abs(sum-want) <= 1e-6*n+2e-5+r*n) {
				t.Errorf("%.60q: sum of component %d: expected %v, found %v", x.Text, j, want, sum)
			}
		}
	}
	documents := encode(t, g, m)
	for i, d := range documents {
		within(g.Documents[i], d.Vectors(), d.Dim())
	}
	for i, x := range g.Queries {
		q, err := m.EncodeQuery(t.Context(), x.Text)
		if err != nil {
			t.Fatal(err)
		}
		within(x, q.Vectors(), q.Dim())
		for j, d := range documents {
			got, want := float64(edge.MaxSim(q, d)), g.Scores[i][j]
			worst.score = max(worst.score, math.Abs(got-want))
			if !(math.Abs(got-want) <= 1e-4+r*float64(q.Len())) {
				t.Errorf("%.60q, %.60q: expected score %v, found %v", x.Text, g.Documents[j].Text, want, got)
			}
		}
	}
	t.Logf("rounding %.2g; largest differences: %+v", r, worst)
}
