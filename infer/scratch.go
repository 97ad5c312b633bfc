package infer

import (
	"math/bits"
	"sync"
)

// scratch lends buffers by size; see sizeClass. What nobody uses, the garbage
// collector takes back: a long text's buffers, too, which would otherwise be
// garbage as large when the next long text comes.
var scratch [(maxScratchBits + 1) * stepsPerDoubling]sync.Pool

const (
	// maxScratchBits is the size up to which buffers are kept for reuse.
	maxScratchBits = 30
	// stepsPerDoubling is how many sizes there are from one power of two to the
	// next: no new one is more than an eighth too large.
	stepsPerDoubling = 8
)

// sizeClass returns the pool for buffers of n values, and the size of those, at
// least n.
func sizeClass(n int) (class, size int) {
	n = max(n, stepsPerDoubling)
	octave := bits.Len(uint(n)) - 1
	step := 1 << octave / stepsPerDoubling
	steps := (n + step - 1) / step // of the size, from stepsPerDoubling to twice that
	return octave*stepsPerDoubling + steps - stepsPerDoubling, steps * step
}

// borrow returns n values of unspecified content. A buffer of up to twice the size
// that nobody uses is better than a new one: texts of all lengths would otherwise
// have buffers of all sizes lie about until two collections have passed.
func borrow(n int) []float32 {
	class, size := sizeClass(n)
	if class >= len(scratch) {
		return make([]float32, n)
	}
	for i := class; i < min(class+stepsPerDoubling+1, len(scratch)); i++ {
		if b, ok := scratch[i].Get().(*[]float32); ok {
			return (*b)[:n]
		}
	}
	return make([]float32, n, size)
}

// giveBack ends the loan of a buffer.
func giveBack(b []float32) {
	if class, size := sizeClass(cap(b)); class < len(scratch) && size == cap(b) {
		scratch[class].Put(&b)
	}
}
