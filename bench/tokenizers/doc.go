// Package tokenizers compares toller's tokenizer with the one that it
// reproduces, huggingface/tokenizers, text by text: ids, and where in the text
// each token lies. README.md says how to run it.
//
// The original is linked through github.com/daulet/tokenizers, which needs a
// native library. That is why this is a module of its own: nothing else of
// toller depends on either.
package tokenizers
