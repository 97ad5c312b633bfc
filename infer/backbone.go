package infer

// backbone is an encoder's architecture with its weights. A pass takes a
// sequence through it: tiles, attention and its cache are the same for all.
type backbone struct {
	// embed writes the embeddings of ids, which are at position first and after
	// it, to h [len(ids), H].
	embed func(h []float32, ids []int32, first int)

	layers []layer

	finalNorm []float32 // [H] weight of the LayerNorm after the last layer; nil where there is none
}

// layer is one layer's weights and arithmetic, but for attention itself. h is
// a part of the residual stream [rows, H].
type layer interface {
	// reach is how many positions to either side a position attends to, or
	// everywhere.
	reach() int

	// attentionNorm is the weight [H] of the LayerNorm before attention; nil where
	// there is none. It takes h to x.
	attentionNorm() []float32

	// keysValues writes the keys and values [rows, H] of x [rows, H], which starts
	// at position first.
	keysValues(keys, values, x []float32, first int)

	// queries writes the queries to q [rows, H].
	queries(q, x []float32, first int)

	// output takes what attention gives, mixed [rows, H], into h.
	output(h, mixed []float32)

	// feedForward takes h through the feed-forward block.
	feedForward(h []float32)
}

// everywhere is the reach of a layer that attends to the whole sequence.
const everywhere = -1
