package simd

// Table is a tensor [rows, cols] that is read row by row, such as token
// embeddings. It stays in the format, and the place, that it is stored in.
type Table struct {
	dtype DType
	cols  int
	data  []byte
}

// NewTable returns a table over its rows, which are not copied.
func NewTable(t DType, rows, cols int, data []byte) (Table, error) {
	if err := t.checkRows(rows, cols, data); err != nil {
		return Table{}, err
	}
	return Table{dtype: t, cols: cols, data: data}, nil
}

// DType is the format of the stored values.
func (t Table) DType() DType { return t.dtype }

// Row writes a row to dst [cols].
func (t Table) Row(dst []float32, row int) {
	size := t.dtype.RowBytes(t.cols)
	Widen(dst[:t.cols], t.dtype, t.data[row*size:][:size])
}
