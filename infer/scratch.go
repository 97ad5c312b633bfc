package infer

import (
	"math/bits"
	"sync"
)

// scratch lends buffers, by size: pool i holds buffers of 2^i values. What
// nobody uses, the garbage collector takes back.
var scratch [maxScratchBits + 1]sync.Pool

// maxScratchBits is the size up to which buffers are kept for reuse. Larger
// ones belong to a single long sequence and are left to the collector, so that
// no memory is held because a long text once came by.
const maxScratchBits = 20

// borrow returns n values of unspecified content.
func borrow(n int) []float32 {
	class := bits.Len(uint(max(n, 1) - 1))
	if class > maxScratchBits {
		return make([]float32, n)
	}
	if b, ok := scratch[class].Get().(*[]float32); ok {
		return (*b)[:n]
	}
	return make([]float32, n, 1<<class)
}

// giveBack ends the loan of a buffer.
func giveBack(b []float32) {
	if class := bits.Len(uint(cap(b))) - 1; class <= maxScratchBits && cap(b) == 1<<class {
		scratch[class].Put(&b)
	}
}
