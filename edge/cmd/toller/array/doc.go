// Package array writes and reads vectors as a NumPy array: float32 [rows, dim],
// little-endian and in C order, in format version 1.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html),
// or as a safetensors file with one tensor, "vectors"
// (https://github.com/huggingface/safetensors), for which package infer/weights has a
// writer that wants all of a tensor at once.
//
// It is for arrays larger than memory. A [Writer] takes rows as they come and
// writes their number into the header at the end; a [Reader] reads the rows that
// it is asked for, and checks what a foreign header says before it believes it.
// The writers of github.com/sbinet/npyio and github.com/kshedden/gonpy put a header
// of known shape before the numbers, which are all in memory, and npyio's reader
// allocates whatever a header asks for.
package array
