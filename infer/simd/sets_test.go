package simd

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// eachSet runs a test once for every instruction set of this machine.
func eachSet(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			undo, err := Use(name)
			if err != nil {
				t.Fatal(err)
			}
			defer undo()
			test(t)
		})
	}
}

// newRand returns a source of randomness and prints its seed.
func newRand(tb testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	tb.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func TestUse(t *testing.T) {
	before := Name()
	if !slices.Contains(Names(), before) {
		t.Errorf("%s is in use and not among %v", before, Names())
	}
	undo, err := Use("generic")
	if err != nil {
		t.Fatal(err)
	}
	if Name() != "generic" {
		t.Errorf("expected generic, found %s", Name())
	}
	undo()
	if Name() != before {
		t.Errorf("expected %s again, found %s", before, Name())
	}
	const want = `simd: no instruction set "mmx" here`
	if _, err := Use("mmx"); err == nil || err.Error()[:len(want)] != want {
		t.Errorf("expected an error that starts with %q, found %v", want, err)
	}
}

func randomBytes(r *rand.Rand, n int) []byte {
	x := make([]byte, n)
	for i := range x {
		x[i] = byte(r.Uint32())
	}
	return x
}
