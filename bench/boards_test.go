package bench

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// board is a small computer, with what its processor can do at best.
type board struct {
	name  string
	cores int
	clock float64 // GHz
	// perCycle is what a core of this kind does in a cycle, in operations of
	// float32, as mobile/boards.md explains: with NEON, the multiply-adds that its
	// maker publishes, and the share of them that a kernel can reach; without, what
	// the instructions of the portable kernel allow.
	perCycle float64
}

const (
	cortexA53  = 8 * 16. / 26 * .8 // in order: five loads of two cycles beside sixteen multiply-adds
	cortexA72  = 8 * .8
	cortexA76  = 16 * .8
	sifiveU74  = 8 / 12. // two instructions a cycle, 24 for four multiply-adds
	arm1176    = 8 / 36. // one instruction a cycle, 32 for four multiply-adds, whose multiplications take two
	cortexA53x = 8 / 32. // a system of 32 bits: the portable kernel, one instruction a cycle
)

var boards = []board{
	{"Raspberry Pi 5", 4, 2.4, cortexA76},
	{"Raspberry Pi 4", 4, 1.5, cortexA72},
	{"Raspberry Pi 3 B+", 4, 1.4, cortexA53},
	{"Raspberry Pi 3 B", 4, 1.2, cortexA53},
	{"Raspberry Pi Zero 2 W", 4, 1.0, cortexA53},
	{"Raspberry Pi 3 B, 32-bit system", 4, 1.2, cortexA53x},
	{"Raspberry Pi Zero, Zero W", 1, 1.0, arm1176},
	{"VisionFive 2 (JH7110, RISC-V)", 4, 1.5, sifiveU74},
}

// between is how long some cores of a board take for some operations, in a unit of
// so many seconds: at best, and with half of that speed, since memory, heat and the
// system take their part.
func (b board) between(cores int, flops, unit float64) string {
	best := flops / (float64(cores) * b.clock * 1e9 * b.perCycle) / unit
	return rounded(best) + "–" + rounded(2*best)
}

// rounded has two digits that count.
func rounded(x float64) string {
	digits := 1 - int(math.Floor(math.Log10(x)))
	if digits > 0 {
		return strconv.FormatFloat(x, 'f', digits, 64)
	}
	scale := math.Pow10(-digits)
	return strconv.FormatFloat(math.Round(x/scale)*scale, 'f', 0, 64)
}

// bertFLOPs is the arithmetic that encoding n tokens needs with a BERT.
func bertFLOPs(c infer.Config, n int) float64 {
	H, I := float64(c.HiddenSize), float64(c.IntermediateSize)
	return float64(c.Layers) * float64(n) * (2*(4*H*H+2*H*I) + 4*H*float64(n))
}

// TestBoards holds mobile/boards.md to what it says it is computed from.
func TestBoards(t *testing.T) {
	m, err := builtin.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	b := m.Info().Backbone
	small := infer.Config{HiddenSize: b.Hidden, IntermediateSize: b.Intermediate, Layers: b.Layers}
	c, err := weights.Open(testdata.Checkpoint(t, "edge-17m-shape"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	e, err := infer.New(c, infer.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	const query, document, documents = 16, 300, 20
	lines := []string{
		fmt.Sprintf("| toller-small | %.1f | %.2f | %.1f |", bertFLOPs(small, document)/document/1e6, bertFLOPs(small, document)/1e9, documents*bertFLOPs(small, document)/1e9),
		fmt.Sprintf("| 17M shape | %.1f | %.2f | %.1f |", encoderFLOPs(e.Config(), document)/document/1e6, encoderFLOPs(e.Config(), document)/1e9, documents*encoderFLOPs(e.Config(), document)/1e9),
	}
	for _, board := range boards {
		// A query is too short to be shared among cores.
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", board.name, rounded(float64(board.cores)*board.clock*board.perCycle),
			board.between(1, bertFLOPs(small, query), 1e-3), board.between(board.cores, bertFLOPs(small, document), 1e-3),
			board.between(board.cores, documents*bertFLOPs(small, document), 1),
			board.between(board.cores, documents*encoderFLOPs(e.Config(), document), 1)))
	}
	page, err := os.ReadFile("../mobile/boards.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if !strings.Contains(string(page), line) {
			t.Errorf("mobile/boards.md doesn't have: %s", line)
		}
	}
}
