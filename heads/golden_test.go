package heads

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/testdata"
)

// goldenHeads is heads.json: head variants with inputs and outputs computed in
// float64 by independent code.
type goldenHeads struct {
	D      int         `json:"d"`
	K      int         `json:"k"`
	Inputs [][]float32 `json:"inputs"`
	Heads  []struct {
		Name       string                     `json:"name"`
		Kind       Kind                       `json:"kind"`
		Depth      int                        `json:"depth"`
		Rho        float64                    `json:"rho"`
		Activation string                     `json:"activation"`
		Residual   Residual                   `json:"residual"`
		Final      Final                      `json:"final"`
		Bias       bool                       `json:"bias"`
		Weights    map[string]json.RawMessage `json:"weights"`
		Output     [][]float32                `json:"output"`
		Normalised [][]float32                `json:"normalised"`
	} `json:"heads"`
}

func TestGoldenHeads(t *testing.T) {
	var golden goldenHeads
	decode(t, testdata.Read(t, "heads.json"), &golden)
	if len(golden.Heads) != 171 {
		t.Fatalf("expected 171 heads, found %d", len(golden.Heads))
	}
	inputs := flatten(golden.Inputs)
	var worst, worstUnit, worstFold float64
	for _, g := range golden.Heads {
		t.Run(g.Name, func(t *testing.T) {
			spec := Spec{Kind: g.Kind, In: golden.D, Out: golden.K, Depth: g.Depth, Rho: g.Rho,
				Activation: g.Activation, Residual: g.Residual, Final: g.Final, Bias: g.Bias}
			tensors := goldenTensors(t, g.Weights)
			layers, err := assemble(spec, tensors)
			if err != nil {
				t.Fatal(err)
			}
			unfolded := build(spec.normalized(), layers)
			head, err := New(spec, tensors)
			if err != nil {
				t.Fatal(err)
			}
			if size := parametersOf(tensors); head.Parameters() != size {
				t.Errorf("parameters: expected %d, found %d", size, head.Parameters())
			}
			linear := g.Kind == Linear || g.Kind == FFN && g.Activation == "identity"
			if linear && len(head.Report().Layers) != 1 {
				t.Errorf("a linear head should fold into one layer: %+v", head.Report())
			}

			want := flatten(g.Output)
			plain, folded := apply(unfolded, inputs), apply(head, inputs)
			worst = max(worst, differ(t, "unfolded output", plain, want, 1e-5), differ(t, "output", folded, want, 1e-5))
			worstFold = max(worstFold, differ(t, "folded against unfolded", folded, plain, 1e-6))

			Normalize(folded, head.Out())
			worstUnit = max(worstUnit, differ(t, "normalised", folded, flatten(g.Normalised), 1e-5))
		})
	}
	t.Logf("%d heads, worst difference relative to the largest output: %.2g, normalised %.2g, folded against unfolded %.2g",
		len(golden.Heads), worst, worstUnit, worstFold)
}

// goldenCases is what these tests use of cases/<model>.json.
type goldenCases struct {
	Cases []struct {
		Name       string      `json:"name"`
		Kind       string      `json:"kind"`
		IDs        []int32     `json:"ids"`
		Attention  []int       `json:"attention"`
		Keep       []int       `json:"keep"`
		Vectors    int         `json:"num_vectors"`
		Embeddings [][]float32 `json:"embeddings"`
	} `json:"cases"`
	MaxSim []struct {
		Query     string    `json:"query"`
		Documents []string  `json:"documents"`
		Scores    []float64 `json:"scores"`
	} `json:"maxsim"`
	Pooling []struct {
		Document   string      `json:"document"`
		Factor     int         `json:"factor"`
		Protected  int         `json:"protected"`
		Labels     []int       `json:"labels"`
		Embeddings [][]float32 `json:"embeddings"`
	} `json:"pooling"`
	Traces []struct {
		Case   string `json:"case"`
		Stages struct {
			FinalNorm  [][]float32 `json:"final_norm"`
			HeadOutput [][]float32 `json:"head_output"`
		} `json:"stages"`
	} `json:"traces"`
}

func readCases(t *testing.T, model string) goldenCases {
	t.Helper()
	var c goldenCases
	decode(t, testdata.Read(t, "cases/"+model+".json"), &c)
	return c
}

// TestGoldenDense runs the Dense chains of the golden checkpoints on traced
// final states.
func TestGoldenDense(t *testing.T) {
	want := map[string]struct {
		layers, parameters, stored int
	}{
		"edge-17m-shape":      {1, 256*512 + 512*48, 256 * 48},
		"edge-32m-shape":      {1, 384*768 + 768*768 + 768*64, 384 * 64},
		"linear-head":         {1, 128 * 96, 128 * 96},
		"modernbert-residual": {3, 2*128*256 + 256 + 2*256*128 + 128*32, 2*128*256 + 256 + 2*256*128 + 128*32},
	}
	for _, model := range testdata.Models {
		t.Run(model, func(t *testing.T) {
			head, err := FromDense(denseModules(t, model))
			if err != nil {
				t.Fatal(err)
			}
			report := head.Report()
			if w := want[model]; len(report.Layers) != w.layers || report.Parameters != w.parameters || report.Stored != w.stored {
				t.Errorf("expected %+v, found %+v", w, report)
			}
			for _, trace := range readCases(t, model).Traces {
				got := apply(head, flatten(trace.Stages.FinalNorm))
				worst := differ(t, trace.Case, got, flatten(trace.Stages.HeadOutput), 1e-5)
				t.Logf("%s: worst difference relative to the largest output %.2g", trace.Case, worst)
			}
		})
	}
}

// denseModules reads the Dense modules of a golden checkpoint.
func denseModules(t *testing.T, model string) []Dense {
	t.Helper()
	var modules []struct{ Path, Type string }
	decode(t, testdata.Read(t, "models/"+model+"/modules.json"), &modules)
	var list []Dense
	for _, m := range modules {
		if strings.HasSuffix(m.Type, "Dense") {
			folder := "models/" + model + "/" + m.Path
			list = append(list, Dense{
				Name: m.Path, Type: m.Type,
				Config:  testdata.Read(t, folder+"/config.json"),
				Tensors: readSafetensors(t, testdata.Read(t, folder+"/model.safetensors")),
			})
		}
	}
	return list
}

// readSafetensors reads a well-formed file: the length of a JSON header, the
// header, the values.
func readSafetensors(t *testing.T, file []byte) map[string]Tensor {
	t.Helper()
	size := binary.LittleEndian.Uint64(file)
	var header map[string]json.RawMessage
	decode(t, file[8:8+size], &header)
	delete(header, "__metadata__")
	values := file[8+size:]
	tensors := map[string]Tensor{}
	for name, raw := range header {
		var h struct {
			DType   string `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}
		decode(t, raw, &h)
		dtype, known := map[string]simd.DType{"F32": simd.F32, "F16": simd.F16, "BF16": simd.BF16}[h.DType]
		if !known {
			t.Fatalf("%s: dtype %s", name, h.DType)
		}
		stored := values[h.Offsets[0]:h.Offsets[1]]
		data := make([]float32, len(stored)/dtype.Size())
		simd.Widen(data, dtype, stored)
		tensors[name] = Tensor{Shape: h.Shape, Data: data}
	}
	return tensors
}

// TestGoldenMaxSim scores the golden texts whose vectors are all given.
func TestGoldenMaxSim(t *testing.T) {
	for _, model := range testdata.Models {
		t.Run(model, func(t *testing.T) {
			golden := readCases(t, model)
			vectors := map[string][]float32{}
			dim := 0
			for _, c := range golden.Cases {
				if len(c.Embeddings) == c.Vectors {
					vectors[c.Kind+" "+c.Name] = flatten(c.Embeddings)
					dim = len(c.Embeddings[0])
				}
			}
			compared := 0
			for _, m := range golden.MaxSim {
				q, complete := vectors["query "+m.Query]
				if !complete {
					continue
				}
				for i, name := range m.Documents {
					d, complete := vectors["document "+name]
					if !complete {
						continue
					}
					compared++
					score := MaxSim(q, d, dim)
					if math.Abs(float64(score)-m.Scores[i]) > 1e-4 {
						t.Errorf("%s, %s: expected %v, found %v", m.Query, name, m.Scores[i], score)
					}
					var sum, shares float64
					for _, match := range Explain(q, d, dim) {
						sum += float64(match.Similarity)
						shares += float64(match.Share)
					}
					if math.Abs(sum-m.Scores[i]) > 1e-4 || math.Abs(shares-1) > 1e-5 {
						t.Errorf("%s, %s: explanation adds up to %v and shares to %v", m.Query, name, sum, shares)
					}
				}
			}
			if compared < 10 {
				t.Errorf("only %d scores compared", compared)
			}
		})
	}
}

func TestGoldenKeep(t *testing.T) {
	vocabulary := readVocabulary(t)
	for _, model := range testdata.Models {
		t.Run(model, func(t *testing.T) {
			config := struct {
				Expansion bool     `json:"do_query_expansion"`
				Skiplist  []string `json:"skiplist_words"`
			}{Expansion: true, Skiplist: strings.Split("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "")}
			decode(t, testdata.Read(t, "models/"+model+"/config_sentence_transformers.json"), &config)
			skip := map[int32]bool{}
			for _, word := range config.Skiplist {
				id, found := vocabulary[word]
				if !found {
					id = vocabulary["[UNK]"]
				}
				skip[id] = true
			}

			for _, c := range readCases(t, model).Cases {
				keep := KeepDocument(c.IDs, skip)
				if c.Kind == "query" {
					valid := 0
					for _, attended := range c.Attention {
						valid += attended
					}
					keep = KeepQuery(len(c.IDs), valid, config.Expansion)
				}
				for i, kept := range keep {
					if kept != (c.Keep[i] == 1) {
						t.Errorf("%s %s: position %d, id %d: expected %d, found %v", c.Kind, c.Name, i, c.IDs[i], c.Keep[i], kept)
					}
				}
			}
		})
	}
}

// readVocabulary returns the ids of all tokens, added ones too.
func readVocabulary(t *testing.T) map[string]int32 {
	t.Helper()
	var file struct {
		Model struct {
			Vocab map[string]int32 `json:"vocab"`
		} `json:"model"`
		Added []struct {
			ID      int32  `json:"id"`
			Content string `json:"content"`
		} `json:"added_tokens"`
	}
	decode(t, testdata.Read(t, "tokenizers/modernbert.json"), &file)
	for _, a := range file.Added {
		file.Model.Vocab[a.Content] = a.ID
	}
	return file.Model.Vocab
}

// TestGoldenPooling pools the golden texts whose vectors are all given.
func TestGoldenPooling(t *testing.T) {
	pooled := 0
	for _, model := range testdata.Models {
		golden := readCases(t, model)
		for _, p := range golden.Pooling {
			for _, c := range golden.Cases {
				if c.Kind != "document" || c.Name != p.Document || len(c.Embeddings) != c.Vectors {
					continue
				}
				pooled++
				got, labels := Pool(flatten(c.Embeddings), len(c.Embeddings[0]), p.Factor, p.Protected)
				expectLabels(t, p.Document, labels, p.Labels)
				differ(t, p.Document, got, flatten(p.Embeddings), 2e-5)
			}
		}
	}
	if pooled == 0 {
		t.Error("nothing pooled")
	}
}

func decode(t *testing.T, data []byte, dst any) {
	t.Helper()
	if err := json.Unmarshal(data, dst); err != nil {
		t.Fatal(err)
	}
}

// goldenTensors reads matrices (lists of rows) and biases (lists of numbers).
func goldenTensors(t *testing.T, stored map[string]json.RawMessage) map[string]Tensor {
	t.Helper()
	tensors := map[string]Tensor{}
	for name, raw := range stored {
		if strings.HasSuffix(name, ".bias") {
			var bias []float32
			decode(t, raw, &bias)
			tensors[name] = Tensor{Shape: []int{len(bias)}, Data: bias}
			continue
		}
		var matrix [][]float32
		decode(t, raw, &matrix)
		tensors[name] = Tensor{Shape: []int{len(matrix), len(matrix[0])}, Data: flatten(matrix)}
	}
	return tensors
}

func parametersOf(tensors map[string]Tensor) int {
	n := 0
	for _, t := range tensors {
		n += len(t.Data)
	}
	return n
}

func flatten(matrix [][]float32) []float32 {
	var flat []float32
	for _, row := range matrix {
		flat = append(flat, row...)
	}
	return flat
}

// apply runs a head on all rows of x.
func apply(h *Head, x []float32) []float32 {
	n := len(x) / h.In()
	dst := make([]float32, n*h.Out())
	h.Apply(dst, x, n)
	return dst
}

// differ is the largest difference relative to the largest expected value. It
// fails the test above the tolerance.
func differ(t *testing.T, what string, got, want []float32, tolerance float64) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: expected %d values, found %d", what, len(want), len(got))
	}
	var worst, largest float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			t.Fatalf("%s: value %d: expected %v, found %v", what, i, w, got[i])
		}
		worst = max(worst, d)
		largest = max(largest, math.Abs(float64(w)))
	}
	if largest > 0 {
		worst /= largest
	}
	if worst > tolerance {
		t.Errorf("%s: differs by %.3g of the largest value, tolerance %.3g", what, worst, tolerance)
	}
	return worst
}

func expectLabels(t *testing.T, what string, got, want []int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: expected %d labels, found %d", what, len(want), len(got))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: label %d: expected %d, found %d\nexpected %v\nfound    %v", what, i, want[i], got[i], want, got)
		}
	}
}
