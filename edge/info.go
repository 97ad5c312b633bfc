package edge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer"
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
	Embeddings  string       `json:"embeddings"`  // and its token embeddings: as the matrices, or "I8"
	Numerics    Numerics     `json:"numerics"`    // what is computed with them
	Backbone    BackboneInfo `json:"backbone"`
	Head        heads.Report `json:"head"`
	Vocabulary  int          `json:"vocabulary"` // largest token id plus one
	Layout      Layout       `json:"layout"`     // of the checkpoint's files
	Reference   Reference    `json:"reference"`  // the library whose numbers these are
	Query       TextInfo     `json:"query"`
	Document    TextInfo     `json:"document"`
	Expansion   bool         `json:"expansion"`                 // queries are filled up
	Attend      bool         `json:"attend_to_expansion"`       // and other tokens attend to what they are filled up with
	ExpandedTo  int          `json:"expanded_to,omitempty"`     // tokens that a query then has at least
	ExpandedBy  string       `json:"expansion_token,omitempty"` // the token that they are filled up with
	Skiplist    int          `json:"skiplist"`                  // token ids that documents leave out
	LowerCase   bool         `json:"lower_case"`                // letters are made small, before tokenisation or by the tokenizer
	Normalized  bool         `json:"normalized"`                // vectors are unit vectors
	Similarity  Similarity   `json:"similarity"`                // by which the checkpoint compares
	Pooling     *PoolingInfo `json:"pooling,omitempty"`         // of documents, where the checkpoint says so
	Kernels     string       `json:"kernels"`                   // instruction set in use: "avx2", "neon", "generic", ...
	Threads     int          `json:"threads"`
	Warnings    []string     `json:"warnings,omitempty"` // what is odd about the checkpoint and how it was read
}

// BackboneInfo is the shape of the transformer.
type BackboneInfo struct {
	Architecture string `json:"architecture"` // model_type of its config.json: "bert" or "modernbert"
	Hidden       int    `json:"hidden"`
	Layers       int    `json:"layers"`
	Heads        int    `json:"heads"`
	Intermediate int    `json:"intermediate"`
	Embeddings   int    `json:"embeddings"`          // rows of the embedding table
	Attention    string `json:"attention"`           // in words: which tokens a token attends to
	Positions    int    `json:"positions,omitempty"` // most tokens of a text, added ones included; 0 where there is no limit

	// Of ModernBERT alone.
	GlobalLayers []int   `json:"global_layers,omitempty"` // layers that attend to the whole text
	Window       int     `json:"window,omitempty"`        // tokens that a local layer attends to, half of them on each side
	GlobalTheta  float64 `json:"global_rope_theta,omitempty"`
	LocalTheta   float64 `json:"local_rope_theta,omitempty"`
}

// TextInfo is how texts of one kind, queries or documents, are prepared.
type TextInfo struct {
	Prefix string `json:"prefix"` // token that marks the kind, empty for none
	Prompt string `json:"prompt"` // put before the text, empty for none
	Length int    `json:"length"` // tokens at which it is cut, those that the model adds included
}

// PoolingInfo is how a checkpoint has vectors pooled.
type PoolingInfo struct {
	Factor    float64 `json:"factor"`    // one vector is left of so many
	Protected int     `json:"protected"` // vectors at the beginning that stay
	Normalize bool    `json:"normalize"` // those that are left are made unit vectors
	Queries   bool    `json:"queries"`   // queries are pooled
	Documents bool    `json:"documents"` // documents are pooled, unless a call says otherwise
}

// describe fills m.info in, but for the name and the path.
func (m *Model) describe(l *layout, vocabulary int) {
	s := l.settings
	report := m.head.Report()
	m.info = Info{
		Fingerprint: m.model,
		Parameters:  m.encoder.Parameters() + m.head.Parameters(),
		Dim:         m.head.Out(),
		DType:       m.encoder.DType().String(),
		Embeddings:  m.encoder.Embeddings().String(),
		Numerics:    m.encoder.Numerics(),
		Backbone:    backboneInfo(m.encoder.Config()),
		Head:        report,
		Vocabulary:  vocabulary,
		Layout:      l.name,
		Reference:   l.reference,
		Query:       s.query.info(),
		Document:    s.document.info(),
		Expansion:   s.expansion.on,
		Attend:      s.expansion.attend,
		Skiplist:    len(m.documents.skip),
		LowerCase:   s.lower || l.lowers,
		Normalized:  !s.raw,
		Similarity:  s.similarity,
		Threads:     m.threads,
		Warnings:    append(s.warnings, report.Warnings...),
	}
	if s.expansion.on {
		m.info.ExpandedTo = m.queries.fill
		m.info.ExpandedBy, _ = m.queries.tokenizer.Token(m.queries.pad)
	}
	if p := s.pooling; p.own {
		m.info.Pooling = &PoolingInfo{Factor: p.factor, Protected: p.protected, Normalize: p.normalize, Queries: p.queries, Documents: p.documents}
	}
}

func backboneInfo(c infer.Config) BackboneInfo {
	b := BackboneInfo{
		Architecture: c.Architecture,
		Hidden:       c.HiddenSize,
		Layers:       c.Layers,
		Heads:        c.Heads,
		Intermediate: c.IntermediateSize,
		Embeddings:   c.VocabSize,
		Attention:    "every layer sees the whole text",
		Positions:    c.Positions,
	}
	if own := c.ModernBERT; own != nil {
		for i, l := range own.Layers {
			if l.Global {
				b.GlobalLayers = append(b.GlobalLayers, i)
				b.GlobalTheta = l.RopeTheta
			} else {
				b.LocalTheta = l.RopeTheta
			}
		}
		b.Window = 2 * own.HalfWindow
		switch len(b.GlobalLayers) {
		case c.Layers:
		case 0:
			b.Attention = fmt.Sprintf("every layer sees %d tokens to each side", own.HalfWindow)
		case 1:
			b.Attention = fmt.Sprintf("layer %d sees the whole text, the others %d tokens to each side", b.GlobalLayers[0], own.HalfWindow)
		default:
			b.Attention = fmt.Sprintf("layers %s see the whole text, the others %d tokens to each side", listed(b.GlobalLayers), own.HalfWindow)
		}
	}
	return b
}

// listed writes numbers with commas between them.
func listed(numbers []int) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(numbers)), ", "), "[]")
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
	if info.Pooling != nil {
		pooling := *info.Pooling
		info.Pooling = &pooling
	}
	return info
}
