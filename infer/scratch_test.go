package infer

import "testing"

func TestSizeClass(t *testing.T) {
	last := -1
	sizes := map[int]int{} // by class
	for n := range 1 << 16 {
		class, size := sizeClass(n)
		if size < n || n > stepsPerDoubling && 8*size > 9*n+8 {
			t.Fatalf("%d values: a buffer of %d", n, size)
		}
		if class < last || class >= len(scratch) {
			t.Fatalf("%d values: class %d after %d", n, class, last)
		}
		if known, there := sizes[class]; there && known != size {
			t.Fatalf("class %d has sizes %d and %d", class, known, size)
		}
		if again, same := sizeClass(size); again != class || same != size {
			t.Fatalf("a buffer of %d from class %d goes back to class %d for %d", size, class, again, same)
		}
		last, sizes[class] = class, size
	}
	for _, n := range []int{0, 1, 100, 1 << 20, 1<<20 + 1, 12_582_912} {
		b := borrow(n)
		if len(b) != n {
			t.Errorf("%d values: got %d", n, len(b))
		}
		giveBack(b)
	}
}
