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

// TestScratchReuse checks that a text uses the buffer of one up to twice as long
// rather than a new one, and no larger one.
func TestScratchReuse(t *testing.T) {
	const large = 3 << 22
	reused := false
	for range 100 { // with the race detector, a pool loses buffers on purpose
		giveBack(borrow(large))
		b := borrow(large/2 + 1)
		reused = reused || cap(b) == large
	}
	if !reused {
		t.Errorf("a buffer of %d isn't used for half of that", large)
	}
	giveBack(borrow(large))
	if b := borrow(large / 3); cap(b) >= large {
		t.Errorf("a buffer of %d is used for a third of that", cap(b))
	}
}
