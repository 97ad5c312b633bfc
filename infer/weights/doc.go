// Package weights reads the weights and configuration files of a model
// checkpoint, packs them into one file, and writes files of weights.
//
// A checkpoint comes in one of two forms. The first is a directory as on the
// hub: config.json, modules.json, tokenizer.json and model.safetensors, the
// last possibly sharded by model.safetensors.index.json, and a folder with a
// model.safetensors of its own for each module after it. The second is a packed
// checkpoint: one safetensors file that carries the configuration files and
// the tokenizer as strings in its __metadata__ and the tensors of every
// module; [Pack] writes it.
//
// Weights are in F32, F16 or BF16. A table, such as token embeddings, may also
// be in I8, signed bytes, with a number that each row is to be multiplied by
// beside it: the tensor "X" has its rows' numbers in "X.scale". They are read as
// one [Tensor].
//
// # Guarantees
//
//   - What [Open] returns has been checked in full. Headers are valid JSON
//     with known dtypes, every tensor's size follows from its shape, the
//     tensors cover the data section without gap or overlap, and every weight
//     is finite. A file that fails is refused with an error that names the
//     file and the tensor or header byte; no input makes this package panic.
//   - Files are memory-mapped on unix and Windows, and read elsewhere.
//     Opening allocates a few MB at most on top of that, whatever the file
//     claims. The pages that the check of the weights touched are given back,
//     so an opened checkpoint takes little memory until its tensors are used.
//   - Names from JSON (module paths, shards) stay inside the checkpoint's
//     directory. Symbolic links are followed wherever they lead, because the
//     hub's cache is made of links into a folder beside the checkpoint.
//   - A [Checkpoint] can be used by any number of goroutines.
//
// # Caveats
//
//   - Tensors alias the mapping: they must not be used after
//     [Checkpoint.Close].
//   - A file that another process truncates or rewrites while it is mapped
//     changes under the reader, and touching a page that is gone kills the
//     process (SIGBUS on unix). Replace checkpoints by renaming, not in place.
//   - Which tensors a model needs is not known here. Callers demand their
//     exact set with [Expect].
package weights
