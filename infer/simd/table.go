package simd

import "fmt"

// Table is a tensor [rows, cols] that is read row by row, such as token
// embeddings. It stays in the format, and the place, that it is stored in.
type Table struct {
	dtype  DType
	cols   int
	data   []byte
	scales []float32 // [rows]; nil unless the format is I8
}

// NewTable returns a table over its rows, which are not copied.
func NewTable(t DType, rows, cols int, data []byte) (Table, error) {
	if err := t.checkRows(rows, cols, data); err != nil {
		return Table{}, err
	}
	return Table{dtype: t, cols: cols, data: data}, nil
}

// NewScaledTable returns a table over rows in I8, which are not copied: value c
// of row r is scales[r] · codes[r, c].
func NewScaledTable(rows, cols int, codes []byte, scales []float32) (Table, error) {
	t, err := NewTable(I8, rows, cols, codes)
	if err != nil {
		return Table{}, err
	}
	if len(scales) != rows {
		return Table{}, fmt.Errorf("simd: [%d, %d] in I8 expects a scale for each row, found %d", rows, cols, len(scales))
	}
	t.scales = scales
	return t, nil
}

// DType is the format of the stored values.
func (t Table) DType() DType { return t.dtype }

// Row writes a row to dst [cols].
func (t Table) Row(dst []float32, row int) {
	size := t.dtype.RowBytes(t.cols)
	dst, data := dst[:t.cols], t.data[row*size:][:size]
	if t.scales != nil {
		DecodeInt8(dst, data, t.scales[row:][:1], t.cols)
		return
	}
	Widen(dst, t.dtype, data)
}
