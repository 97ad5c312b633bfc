package edge

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// published are scores that others give for named checkpoints, by MaxSim. Those of
// the planets come from sentence-transformers' tests/multi_vector_encoder/test_pretrained.py,
// which has them from PyLate; those of the capital from its documentation.
var published = []struct {
	name   string // on the hub
	texts  publishedTexts
	scores []float64
}{
	{"answerdotai/answerai-colbert-small-v1", planets, []float64{30.56916, 31.48954, 31.30291, 31.30716}},
	{"colbert-ir/colbertv2.0", planets, []float64{12.79703, 27.19449, 23.8495, 24.56564}},
	{"lightonai/colbertv2.0", planets, []float64{12.79703, 27.19449, 23.8495, 24.56564}},
	{"lightonai/GTE-ModernColBERT-v1", planets, []float64{11.25772, 11.51133, 11.34575, 11.4518}},
	{"lightonai/LateOn", planets, []float64{10.79417, 11.11042, 10.97427, 11.08107}},
	{"lightonai/LateOn", capital, []float64{9.1129, 8.8769}},
	{"lightonai/Reason-ModernColBERT", planets, []float64{9.05118, 10.18419, 9.12381, 9.39101}},
	{"mixedbread-ai/mxbai-edge-colbert-v0-17m", planets, []float64{11.56932, 11.75844, 11.70989, 11.72288}},
	{"mixedbread-ai/mxbai-edge-colbert-v0-32m", capital, []float64{10.6578, 10.4499}},
}

type publishedTexts struct {
	query     string
	documents []string
}

var planets = publishedTexts{"Which planet is known as the Red Planet?", []string{
	"Venus is often called Earth's twin because of its similar size and proximity.",
	"Mars, known for its reddish appearance, is often referred to as the Red Planet.",
	"Jupiter, the largest planet in our solar system, has a prominent red spot.",
	"Saturn, famous for its rings, is sometimes mistaken for the Red Planet.",
}}

var capital = publishedTexts{"What is the capital of France?", []string{
	"Paris is the capital of France.",
	"Berlin is the capital of Germany.",
}}

// TestPublishedScores compares checkpoints as downloaded with scores that were
// published for them. TOLLER_CHECKPOINTS names the folder that they are in, by
// owner and name as on the hub, or by name alone.
func TestPublishedScores(t *testing.T) {
	const tolerance = 1e-3 // relative and absolute, as in the source
	folder := os.Getenv("TOLLER_CHECKPOINTS")
	for _, p := range published {
		t.Run(p.name, func(t *testing.T) {
			if folder == "" {
				t.Skip("not run: TOLLER_CHECKPOINTS names no folder of downloaded checkpoints")
			}
			dir := filepath.Join(folder, filepath.FromSlash(p.name))
			if _, err := os.Stat(dir); err != nil {
				dir = filepath.Join(folder, filepath.Base(dir))
			}
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("not run: not in %s", folder)
			}
			m, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			hits, err := m.Rank(context.Background(), p.texts.query, p.texts.documents)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hits {
				want := p.scores[h.Index]
				if diff := math.Abs(float64(h.Score) - want); !(diff <= tolerance+tolerance*want) {
					t.Errorf("%q: expected %v, found %v", p.texts.documents[h.Index], want, h.Score)
				}
			}
		})
	}
}
