// Package array writes and reads vectors as a NumPy array: float32 [rows, dim],
// little-endian and in C order, in format version 1.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
//
// It is for arrays larger than memory. A [Writer] takes rows as they come and
// writes their number into the header at the end; a [Reader] reads the rows that
// it is asked for. The libraries for this format that there are in Go,
// github.com/sbinet/npyio and github.com/kshedden/gonpy, write a header before the
// numbers, of a shape that is known then, hold all numbers in memory, and don't
// check a header that comes from elsewhere.
package array
