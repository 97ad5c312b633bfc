//go:build !purego

package simd

// packPanelNEON is packPanels for one panel.
func packPanelNEON(panel, rows []float32, cols int) {
	if cols%4 != 0 {
		packPanels(panel, rows, cols)
		return
	}
	packPanel4NEON(panel, rows, cols)
}

// packPanel4NEON is packPanels for one panel and a multiple of four columns.
//
//go:noescape
func packPanel4NEON(panel, rows []float32, cols int)
