package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer/simd"
)

// modelInfo is what toller info prints as JSON.
type modelInfo struct {
	edge.Info
	Documents  edge.Fingerprint `json:"document_fingerprint"` // by which an index knows the model
	KernelSets []string         `json:"kernel_sets"`          // that this machine can run, slowest first
	Features   []string         `json:"features"`             // of the processor, which kernels do or could use
	Heap       uint64           `json:"heap_bytes"`           // in use with the model open; a mapped file's pages are not in it
}

func infoCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "info",
		Short: "Describe the model and this machine's kernels",
		Long: `Describe the model: its size, its layers, how it reads queries and documents,
whatever is odd about the checkpoint; and the instruction set and memory that it
runs with here.`,
		Example: `  toller info
  toller info --model path/to/checkpoint --json`,
		Args: arguments(0, 0, "none"),
		RunE: runs(func(*cobra.Command, []string) error { return o.info() }),
	}
}

func (o *options) info() error {
	model, err := o.open()
	if err != nil {
		return err
	}
	defer model.Close()
	info := modelInfo{Info: model.Info(), Documents: model.DocumentFingerprint(), KernelSets: simd.Names(), Features: simd.Features(), Heap: heapInUse()}
	out := terminal.NewScreen(o.color)
	if o.json {
		return out.WriteJSON(info)
	}
	info.print(out)
	return out.Flush()
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func (i modelInfo) print(out *terminal.Screen) {
	out.Describe("model", "%s", i.Name)
	if i.Path != "" {
		out.Describe("path", "%s", i.Path)
	}
	out.Describe("fingerprint", "%s", i.Fingerprint)
	out.Describe("index", "%s, as an index names the model and how it reads documents", i.Documents)
	out.Describe("layout", "%s, read as %s does", i.Layout, i.Reference)
	out.Describe("parameters", "%s, stored as %s", terminal.Grouped(i.Parameters), storedAs(i.DType, i.Embeddings))
	out.Describe("numerics", "%s", i.Numerics)
	b := i.Backbone
	out.Describe("backbone", "%s: %d layers of %d, %d heads, feed-forward %d, %d token embeddings", b.Architecture, b.Layers, b.Hidden, b.Heads, b.Intermediate, b.Embeddings)
	out.Describe("attention", "%s", b.Attention)
	if b.Positions > 0 {
		out.Describe("positions", "texts of up to %d tokens", b.Positions)
	}
	out.Describe("head", "%s", headSummary(i.Head))
	for _, layer := range i.Head.Layers {
		out.Describe("", "%s", headLayer(layer))
	}
	out.Describe("vectors", "%s", i.vectors())
	out.Describe("queries", "%s%s", textInfo(i.Query), i.expansion())
	out.Describe("documents", "%s, %s without a vector", textInfo(i.Document), terminal.Count(i.Skiplist, "token"))
	if p := i.Pooling; p != nil {
		out.Describe("pooling", "%s", poolingInfo(p))
	}
	out.Describe("text", "%s", i.casing())
	out.Describe("kernels", "%s of %s; %s", i.Kernels, strings.Join(i.KernelSets, ", "), terminal.Count(i.Threads, "thread"))
	if len(i.Features) > 0 {
		out.Describe("processor", "%s", strings.Join(i.Features, ", "))
	}
	out.Describe("memory", "%s on the heap", terminal.Megabytes(i.Heap))
	for _, w := range i.Warnings {
		out.Describe("warning", "%s", w)
	}
}

// headSummary describes the head as declared; its layers are described as they
// run.
func headSummary(h heads.Report) string {
	parts := []string{string(h.Kind)}
	if h.Kind != heads.Linear {
		parts[0] += " of " + terminal.Count(h.Depth, "layer")
	}
	parts = append(parts, fmt.Sprintf("%d→%d", h.In, h.Out))
	if h.Kind == heads.FFN || h.Kind == heads.GLU {
		parts = append(parts, h.Activation)
		if h.Depth > 1 {
			parts = append(parts, fmt.Sprintf("scale %.4g", h.Rho))
		}
		if h.Final == heads.FinalLinear {
			parts = append(parts, "the last layer linear")
		}
		if h.Residual != heads.None {
			parts = append(parts, fmt.Sprintf("residual %s", h.Residual))
		}
	}
	if h.Bias {
		parts = append(parts, "bias")
	}
	parts = append(parts, terminal.Grouped(h.Parameters)+" parameters")
	if h.Folded {
		parts = append(parts, terminal.Grouped(h.Stored)+" when folded")
	}
	return strings.Join(parts, ", ")
}

func headLayer(l heads.LayerReport) string {
	if len(l.FoldedFrom) == 0 {
		return l.Layer
	}
	return fmt.Sprintf("%s, folded from %s", l.Layer, strings.Join(l.FoldedFrom, " and "))
}

func textInfo(t edge.TextInfo) string {
	s := fmt.Sprintf("up to %d tokens", t.Length)
	if t.Prefix != "" {
		s += fmt.Sprintf(", marked %q", t.Prefix)
	}
	if t.Prompt != "" {
		s += fmt.Sprintf(", begun with %q", t.Prompt)
	}
	return s
}

func (i modelInfo) expansion() string {
	if !i.Expansion {
		return ""
	}
	s := fmt.Sprintf(", filled up to %d with %s", i.ExpandedTo, i.ExpandedBy)
	if i.Attend {
		s += ", which others attend to"
	}
	return s
}

func (i modelInfo) vectors() string {
	s := fmt.Sprintf("%d components", i.Dim)
	if !i.Normalized {
		s += ", not of unit length"
	}
	if i.Similarity == edge.MeanMaxSimilarity {
		return s + ", compared by the mean of MaxSim over the query's vectors"
	}
	return s + ", compared by MaxSim"
}

func poolingInfo(p *edge.PoolingInfo) string {
	what := "documents"
	switch {
	case p.Queries && p.Documents:
		what = "queries and documents"
	case p.Queries:
		what = "queries"
	case !p.Documents:
		return "none"
	}
	s := fmt.Sprintf("%s to one vector in %g, the first %d kept", what, p.Factor, p.Protected)
	if p.Normalize {
		s += ", then made unit vectors"
	}
	return s
}

func (i modelInfo) casing() string {
	if i.LowerCase {
		return "lower-cased"
	}
	return "read as it is written"
}

// storedAs says how a model's matrices and its token embeddings are stored.
func storedAs(dtype, embeddings string) string {
	if embeddings == dtype {
		return dtype
	}
	return dtype + ", token embeddings as " + embeddings
}
