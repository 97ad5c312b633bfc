package heads

import "fmt"

// KeepDocument is the keep-mask of a document, and of a query where the skiplist
// is for queries too: true for every position that yields a vector, which are
// those whose id is not in the skiplist. [CLS], the
// prefix and [SEP] are kept like any other id. A nil skiplist keeps all.
func KeepDocument(ids []int32, skip map[int32]bool) []bool {
	keep := make([]bool, len(ids))
	for i, id := range ids {
		keep[i] = !skip[id]
	}
	return keep
}

// KeepQuery is the keep-mask of a query of length positions, the first valid
// of which are text and the others padding. With expansion the padding is
// [MASK] and yields vectors too, attended to or not; without, it doesn't.
func KeepQuery(length, valid int, expansion bool) []bool {
	keep := make([]bool, length)
	for i := range keep {
		keep[i] = expansion || i < valid
	}
	return keep
}

// Select moves the rows of x [len(keep), dim] that the mask keeps to the front,
// in their order, and returns that part of x.
func Select(x []float32, dim int, keep []bool) []float32 {
	if rows(x, dim) != len(keep) {
		panic(fmt.Sprintf("heads: a mask of %d for %d rows", len(keep), rows(x, dim)))
	}
	n := 0
	for i, kept := range keep {
		if kept {
			copy(x[n*dim:][:dim], x[i*dim:])
			n++
		}
	}
	return x[:n*dim]
}

// rows is the number of rows of x [rows, dim]. A fraction of a row is a
// programming error.
func rows(x []float32, dim int) int {
	if dim < 1 || len(x)%dim != 0 {
		panic(fmt.Sprintf("heads: %d values are no rows of %d", len(x), dim))
	}
	return len(x) / dim
}
