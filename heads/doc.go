// Package heads turns the encoder's token states into token vectors and
// compares them: projection heads, keep-masks, normalisation, token pooling,
// MaxSim and its explanation.
//
// # Heads
//
// A head is a small stack of layers that maps each token state on its own, so
// that the rows of a batch never meet. A Spec describes one: the projection
// families of "Simple Projection Variants Improve ColBERT Performance" (arXiv
// 2510.12327), or a chain of PyLate Dense modules. New builds a Head from a
// Spec and its tensors, FromDense from the Dense modules of a checkpoint.
//
// Whatever is linear in a head is folded at load time, in float64, wherever
// that costs no additional multiplications: a chain of Dense modules without
// activation becomes one matrix. Report says what was folded.
//
// # In a checkpoint
//
// A chain of Dense modules is stored as PyLate stores it, a folder a module.
// Every other head is one module, with the type "toller.heads.Head" in
// modules.json: a folder with the Spec as config.json and, in
// model.safetensors, the tensors under the names that Spec.Tensors gives them.
// Package edge opens both, and its WriteHead writes the latter.
//
// # From states to vectors
//
//	head.Apply(vectors, states, n)               // [n, In] -> [n, Out]
//	keep := KeepDocument(ids, skip)              // or KeepQuery
//	vectors = Select(vectors, head.Out(), keep)  // rows that count
//	Normalize(vectors, head.Out())               // unit rows
//	vectors, labels := Pool(vectors, head.Out(), factor, 1)
//
// # Guarantees
//
//   - A row's result depends on that row alone: it is bit-identical however the
//     rows are split over calls, and from however many goroutines.
//   - Memory beyond input and result is bounded whatever the number of rows:
//     a head works on 64 rows at a time, pooling on windows of MaxWindow.
//   - Tensors, configs and specs are input and get errors. A slice that is too
//     short for its stated shape is a programming error and panics.
//
// Matrices are row-major []float32 with shapes given as [rows, columns].
package heads
