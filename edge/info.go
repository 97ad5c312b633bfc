package edge

import (
	"slices"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer/simd"
)

// Info describes an open model.
type Info struct {
	Name        string       `json:"name"`        // last part of the path, or the name given to OpenBytes
	Path        string       `json:"path"`        // as given to Open; empty for OpenBytes
	Fingerprint Fingerprint  `json:"fingerprint"` // equal where vectors may be compared
	Parameters  int          `json:"parameters"`  // of backbone and head together
	Dim         int          `json:"dim"`         // components of a token vector
	DType       string       `json:"dtype"`       // how the backbone's matrices are stored: "F32", "F16" or "BF16"
	Numerics    Numerics     `json:"numerics"`    // what is computed with them
	Backbone    BackboneInfo `json:"backbone"`
	Head        heads.Report `json:"head"`
	Vocabulary  int          `json:"vocabulary"` // largest token id plus one
	Query       TextInfo     `json:"query"`
	Document    TextInfo     `json:"document"`
	Expansion   bool         `json:"expansion"`           // queries are filled up with [MASK]
	Attend      bool         `json:"attend_to_expansion"` // and other tokens attend to these
	Skiplist    int          `json:"skiplist"`            // token ids that documents leave out
	LowerCase   bool         `json:"lower_case"`
	Kernels     string       `json:"kernels"` // instruction set in use: "avx2", "neon", "generic", ...
	Threads     int          `json:"threads"`
	Warnings    []string     `json:"warnings,omitempty"` // what is odd about the checkpoint and how it was read
}

// BackboneInfo is the shape of the transformer.
type BackboneInfo struct {
	Hidden       int     `json:"hidden"`
	Layers       int     `json:"layers"`
	GlobalLayers []int   `json:"global_layers"` // layers that attend to the whole text
	Heads        int     `json:"heads"`
	Intermediate int     `json:"intermediate"`
	Window       int     `json:"window"` // tokens that a local layer attends to, half of them on each side
	GlobalTheta  float64 `json:"global_rope_theta"`
	LocalTheta   float64 `json:"local_rope_theta"`
	Embeddings   int     `json:"embeddings"` // rows of the embedding table
}

// TextInfo is how texts of one kind, queries or documents, are prepared.
type TextInfo struct {
	Prefix string `json:"prefix"` // token that marks the kind, empty for none
	Prompt string `json:"prompt"` // put before the text, empty for none
	Length int    `json:"length"` // tokens at which it is cut, those that the model adds included
}

// describe fills m.info in, but for the name and the path.
func (m *Model) describe(s settings, vocabulary int) {
	c := m.encoder.Config()
	b := BackboneInfo{
		Hidden:       c.HiddenSize,
		Layers:       len(c.Layers),
		Heads:        c.Heads,
		Intermediate: c.IntermediateSize,
		Window:       2 * c.HalfWindow,
		Embeddings:   c.VocabSize,
	}
	for i, l := range c.Layers {
		if l.Global {
			b.GlobalLayers = append(b.GlobalLayers, i)
			b.GlobalTheta = l.RopeTheta
		} else {
			b.LocalTheta = l.RopeTheta
		}
	}
	report := m.head.Report()
	m.info = Info{
		Fingerprint: m.model,
		Parameters:  m.encoder.Parameters() + m.head.Parameters(),
		Dim:         m.head.Out(),
		DType:       m.encoder.DType().String(),
		Numerics:    m.encoder.Numerics(),
		Backbone:    b,
		Head:        report,
		Vocabulary:  vocabulary,
		Query:       s.query.info(),
		Document:    s.document.info(),
		Expansion:   s.expansion,
		Attend:      s.attend,
		Skiplist:    len(m.documents.skip),
		LowerCase:   s.lower,
		Threads:     m.threads,
		Warnings:    append(s.warnings, report.Warnings...),
	}
}

func (k kind) info() TextInfo {
	return TextInfo{Prefix: k.prefix, Prompt: k.prompt, Length: k.length}
}

// Info describes the model. It works on a closed one too.
func (m *Model) Info() Info {
	info := m.info
	info.Kernels = simd.Name()
	info.Backbone.GlobalLayers = slices.Clone(info.Backbone.GlobalLayers)
	info.Warnings = slices.Clone(info.Warnings)
	return info
}
