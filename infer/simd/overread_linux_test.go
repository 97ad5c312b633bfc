package simd

import (
	"syscall"
	"testing"
	"unsafe"
)

// atPageEnd returns n float32 that end where readable memory ends: a kernel
// that reads or writes one byte too far dies of it.
func atPageEnd(t *testing.T, n int) []float32 {
	t.Helper()
	page := syscall.Getpagesize()
	pages := (4*n+page-1)/page + 1
	mem, err := syscall.Mmap(-1, 0, pages*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	guard := mem[(pages-1)*page:]
	if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&mem[(pages-1)*page-4*n])), n)
}

func bytesAtPageEnd(t *testing.T, n int) []byte {
	t.Helper()
	f := atPageEnd(t, (n+3)/4)
	all := unsafe.Slice((*byte)(unsafe.Pointer(&f[0])), 4*len(f))
	return all[len(all)-n:]
}

// TestNoOverread runs every kernel on slices that end at the end of a page.
func TestNoOverread(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for size := 1; size <= 33; size++ {
			x := atPageEnd(t, size)
			weight := atPageEnd(t, size)
			copy(x, normal(r, size))
			LayerNorm(x, x, weight, 1e-5)
			Softmax(x, size, size, 0.125, atPageEnd(t, 1), atPageEnd(t, 1))
			rows := 1 + size/8 // the last ends where x does
			Softmax(x[len(x)-size/rows*rows:], size/rows, size/rows, 0.125, atPageEnd(t, rows), atPageEnd(t, rows))
			Scale(x, 2)
			Rotate(atPageEnd(t, 2*size), atPageEnd(t, size), atPageEnd(t, size))
			GeGLU(atPageEnd(t, size), atPageEnd(t, 2*size), 1, size)
			Add(atPageEnd(t, size), atPageEnd(t, size))
			BlockGELU(atPageEnd(t, size))
			Widen(atPageEnd(t, size), F16, bytesAtPageEnd(t, 2*size))
			Widen(atPageEnd(t, size), BF16, bytesAtPageEnd(t, 2*size))
			MaxSim(atPageEnd(t, size*5), atPageEnd(t, size*33), size)
			MaxSimF16(atPageEnd(t, size*16), bytesAtPageEnd(t, 2*size*33), size)
			decodeAtPageEnd(t, size)
			decodeAtPageEnd(t, 16*size)

			panel, panels := atPageEnd(t, size*PanelWidth), atPageEnd(t, 3*size*PanelWidth)
			for n := 1; n <= 33; n++ {
				UpdateMaxima(atPageEnd(t, 17), atPageEnd(t, 17*size), atPageEnd(t, n*size), size)
				MatMulPanels(atPageEnd(t, n*PanelWidth), PanelWidth, atPageEnd(t, n*size), size, panel, 0, 1, n, size, n%2 == 0)
				MatMulPanels(atPageEnd(t, 3*n*PanelWidth), 3*PanelWidth, atPageEnd(t, n*size), size, panels, size*PanelWidth, 3, n, size, n%2 == 0)
			}
			for _, dtype := range []DType{F32, F16, BF16} {
				m, err := Pack(dtype, 19, size, make([]byte, 19*size*dtype.Size()))
				if err != nil {
					t.Fatal(err)
				}
				switch p := m.panels.(type) {
				case panelsF32:
					p.w = atPageEnd(t, len(p.w))
					m.panels = p
				case panelsF16:
					p.w = halvesAtPageEnd(t, len(p.w))
					m.panels = p
				case panelsBF16:
					p.w = halvesAtPageEnd(t, len(p.w))
					m.panels = p
				default:
					t.Fatalf("%v: panels of another kind", dtype)
				}
				MatMul(atPageEnd(t, 33*19), atPageEnd(t, 33*size), 33, m)
			}
		}
	})
}

// decodeAtPageEnd decodes codes of every kind of some vectors, the last of
// which has the last centroid.
func decodeAtPageEnd(t *testing.T, dim int) {
	const n = 11
	DecodeInt8(atPageEnd(t, n*dim), bytesAtPageEnd(t, n*dim), atPageEnd(t, n), dim)
	ids := halvesAtPageEnd(t, n)
	ids[n-1] = 2
	for _, bits := range []int{1, 2, 4} {
		DecodeResidual(atPageEnd(t, n*dim), bytesAtPageEnd(t, n*rowBytes(dim, bits)), bits, atPageEnd(t, 1<<bits), atPageEnd(t, n), atPageEnd(t, 3*dim), ids, dim)
	}
}

func halvesAtPageEnd(t *testing.T, n int) []uint16 {
	t.Helper()
	at := bytesAtPageEnd(t, 2*n)
	return unsafe.Slice((*uint16)(unsafe.Pointer(&at[0])), n)
}
