// Package infer runs transformer encoders: token ids in, contextual token
// states out.
//
// The architecture is the one that a checkpoint's config.json names. Each has a
// file, bert.go and modernbert.go, written to be read beside the model code of
// huggingface/transformers; the pass through it, in forward.go, and attention
// are common to all. Sequences are ragged: nothing is padded, and a sequence's
// states are bit-identical whatever else is encoded with it, in whatever order,
// on however many threads.
//
// Work is done in tiles of rows, and no buffer grows with the square of the
// length: a layer keeps the residual stream, the keys and the values of one
// sequence, and everything else in scratch of the size of a tile. A sequence of
// n tokens needs about 12·n·H bytes.
package infer
