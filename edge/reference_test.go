package edge

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/testdata"
)

// TestGoldenReference reads checkpoints as the other library does, and compares
// with what that one makes of the golden texts.
func TestGoldenReference(t *testing.T) {
	for _, name := range []string{"stanford", "stanford-attend", "pylate-flat", "pylate-subfolder", "bert-gelu-new"} {
		t.Run(name, func(t *testing.T) {
			var g struct {
				Cases []struct {
					goldenCase
					IDsAlt       []int32 `json:"ids_alt"`
					AttentionAlt []int   `json:"attention_alt"`
					KeepAlt      []int   `json:"keep_alt"`
				}
			}
			if err := json.Unmarshal(testdata.Read(t, "cases/"+name+".json"), &g); err != nil {
				t.Fatal(err)
			}
			m, err := Open(testdata.Checkpoint(t, name), WithReference(SentenceTransformers))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { m.Close() })
			if info := m.Info(); info.Reference != SentenceTransformers || info.Normalized != (name != "pylate-subfolder") {
				t.Errorf("found %+v", info)
			}
			others := 0
			for i := range g.Cases {
				c := &g.Cases[i]
				if c.Error != "" {
					continue
				}
				if c.IDsAlt != nil || c.AttentionAlt != nil || c.KeepAlt != nil {
					others++
				}
				if c.IDsAlt != nil {
					c.IDs = c.IDsAlt
				}
				if c.AttentionAlt != nil {
					c.Attention = c.AttentionAlt
				}
				if c.KeepAlt != nil {
					c.Keep = c.KeepAlt
				}
				goldenTokens(t, m, &c.goldenCase)
			}
			if others == 0 {
				t.Error("no case differs")
			}
			t.Logf("%d texts, %d of them not as PyLate has them", len(g.Cases), others)
		})
	}
}

// TestGoldenReferenceModernBERT does the same with ids alone.
func TestGoldenReferenceModernBERT(t *testing.T) {
	for _, name := range []string{"edge-17m-shape", "modernbert-residual"} {
		var g struct {
			Cases []struct {
				goldenCase
				IDsAlt []int32 `json:"ids_alt"`
			}
		}
		if err := json.Unmarshal(testdata.Read(t, "cases/"+name+".json"), &g); err != nil {
			t.Fatal(err)
		}
		m, err := Open(testdata.Checkpoint(t, name), WithReference(SentenceTransformers))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		others := 0
		for _, c := range g.Cases {
			// These ids are of a version before the one that registers markers anew.
			if strings.HasSuffix(c.Name, "literal-prefix") {
				continue
			}
			want := c.IDs
			if c.IDsAlt != nil {
				want = c.IDsAlt
				others++
			}
			p := m.documents
			if c.Kind == "query" {
				p = m.queries
			}
			s, err := p.prepare(c.Text, p.length)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.IDs, want) {
				t.Errorf("%s, %s: expected\n%v, found\n%v", name, c.Name, want, s.IDs)
			}
		}
		t.Logf("%s: %d texts, %d of them not as PyLate has them", name, len(g.Cases), others)
	}
}
