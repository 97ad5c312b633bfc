package hub

// A Checkpoint is one that people name, by what is published about it.
type Checkpoint struct {
	ID       string `json:"id"`
	Backbone string `json:"backbone"` // architecture, layers × width
	Dim      int    `json:"dim"`      // components of a token vector
	Licence  string `json:"licence,omitempty"`
	Refused  string `json:"refused,omitempty"` // by which of its settings; "" where one of its kind opens
}

// Checkpoints are late-interaction models on the hub. None of them is treated
// differently from one that isn't here.
var Checkpoints = []Checkpoint{
	{ID: "mixedbread-ai/mxbai-edge-colbert-v0-17m", Backbone: "ModernBERT 7 × 256", Dim: 48},
	{ID: "mixedbread-ai/mxbai-edge-colbert-v0-32m", Backbone: "ModernBERT 10 × 384", Dim: 64},
	{ID: "lightonai/GTE-ModernColBERT-v1", Backbone: "ModernBERT 22 × 768", Dim: 128, Licence: "Apache-2.0"},
	{ID: "lightonai/LateOn", Backbone: "ModernBERT 22 × 768", Dim: 128},
	{ID: "lightonai/LateOn-Code", Backbone: "ModernBERT 22 × 768", Dim: 128},
	{ID: "lightonai/LateOn-Code-edge", Backbone: "ModernBERT 7 × 256", Dim: 48},
	{ID: "lightonai/ColBERT-Zero", Backbone: "ModernBERT 22 × 768", Dim: 128},
	{ID: "lightonai/Reason-ModernColBERT", Backbone: "ModernBERT 22 × 768", Dim: 128, Licence: "CC-BY-NC-4.0"},
	{ID: "colbert-ir/colbertv2.0", Backbone: "BERT 12 × 768", Dim: 128, Licence: "MIT"},
	{ID: "lightonai/colbertv2.0", Backbone: "BERT 12 × 768", Dim: 128, Licence: "MIT"},
	{ID: "answerdotai/answerai-colbert-small-v1", Backbone: "BERT 12 × 384", Dim: 96, Licence: "Apache-2.0"},
	{ID: "mixedbread-ai/mxbai-colbert-large-v1", Backbone: "BERT 24 × 1024", Dim: 128, Licence: "Apache-2.0"},
	{ID: "NeuML/colbert-muvera-micro", Backbone: "BERT, width 128", Dim: 128, Licence: "Apache-2.0"},
	{ID: "NeuML/colbert-muvera-nano", Backbone: "bert_hash", Dim: 128, Licence: "Apache-2.0", Refused: "model_type"},
	{ID: "NeuML/colbert-muvera-pico", Backbone: "bert_hash", Dim: 80, Licence: "Apache-2.0", Refused: "model_type"},
	{ID: "NeuML/colbert-muvera-femto", Backbone: "bert_hash", Dim: 50, Licence: "Apache-2.0", Refused: "model_type"},
	{ID: "jinaai/jina-colbert-v1-en", Backbone: "bert with ALiBi and GeGLU", Dim: 128, Refused: "auto_map, position_embedding_type"},
	{ID: "jinaai/jina-colbert-v2", Backbone: "XLM-RoBERTa", Dim: 128, Refused: "model_type"},
	{ID: "antoinelouis/colbert-xm", Backbone: "XMOD", Dim: 128, Refused: "model_type"},
	{ID: "LiquidAI/LFM2-ColBERT-350M", Backbone: "LFM2", Dim: 128, Refused: "model_type"},
}
