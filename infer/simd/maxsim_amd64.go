//go:build !purego

package simd

// maxPanelAVX2 is maxPanelGeneric with float32 sums.
//
//go:noescape
func maxPanelAVX2(best []float32, x []float32, panel []float32, n, cols int)

// packPanelAVX2 is packPanels for one panel.
func packPanelAVX2(panel, rows []float32, cols int) {
	if cols%8 != 0 {
		packPanels(panel, rows, cols)
		return
	}
	packPanel8AVX2(panel, rows, cols)
}

// packPanel8AVX2 is packPanels for one panel and a multiple of eight columns.
//
//go:noescape
func packPanel8AVX2(panel, rows []float32, cols int)
