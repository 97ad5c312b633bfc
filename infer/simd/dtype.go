package simd

import "fmt"

// DType is a format in which weights are stored.
type DType uint8

// The formats of checkpoints. What they are is in formats.
const (
	F32  DType = iota // IEEE 754 binary32
	F16               // IEEE 754 binary16
	BF16              // bfloat16: the upper half of a binary32
	I8                // signed bytes, in a tensor that has a scale for each row: see NewScaledTable
)

// format is all there is to know of a DType. A tensor is stored row by row; a
// row is a whole number of blocks, and may have something of its own beside
// them, such as a scale.
type format struct {
	name   string // in a safetensors header
	block  int    // values of a block
	bytes  int    // of a block
	perRow int    // bytes of a row beside its blocks

	// pack lays the rows of a matrix [rows, cols] out for products. It is nil where
	// only tables have the format.
	pack func(rows, cols int, data []byte) panels

	// widen converts a row of len(dst) values to float32, exactly.
	widen func(k *kernels, dst []float32, src []byte)

	// narrow rounds a row of len(src) finite values to the format: to nearest,
	// ties to even. What is too large for it becomes an infinity, or the largest
	// integer.
	narrow func(dst []byte, src []float32)
}

// formats holds every DType at its own index.
var formats = []format{
	F32:  {name: "F32", block: 1, bytes: 4, pack: packF32, widen: widenF32, narrow: narrowF32},
	F16:  {name: "F16", block: 1, bytes: 2, pack: packF16, widen: widenF16, narrow: narrowF16},
	BF16: {name: "BF16", block: 1, bytes: 2, pack: packBF16, widen: widenBF16, narrow: narrowBF16},
	I8:   {name: "I8", block: 1, bytes: 1, widen: widenI8, narrow: narrowI8},
}

// DTypes lists the formats.
func DTypes() []DType {
	all := make([]DType, len(formats))
	for i := range all {
		all[i] = DType(i)
	}
	return all
}

// String is the format's name in a safetensors header, such as "F16".
func (t DType) String() string {
	if int(t) < len(formats) {
		return formats[t].name
	}
	return fmt.Sprintf("DType(%d)", uint8(t))
}

// Size is the number of bytes of one value; 0 where values don't stand alone.
func (t DType) Size() int {
	if f := &formats[t]; f.block == 1 && f.perRow == 0 {
		return f.bytes
	}
	return 0
}

// RowBytes is the size of a row of cols values, a whole number of blocks.
func (t DType) RowBytes(cols int) int {
	f := &formats[t]
	return cols/f.block*f.bytes + f.perRow
}

// checkRows refuses bytes that are not rows of cols values.
func (t DType) checkRows(rows, cols int, data []byte) error {
	if int(t) >= len(formats) {
		return fmt.Errorf("simd: unknown format %v", t)
	}
	if f := &formats[t]; cols%f.block != 0 {
		return fmt.Errorf("simd: rows of %v in blocks of %d values, found %d columns", t, f.block, cols)
	}
	if rows < 1 || cols < 1 || len(data) != rows*t.RowBytes(cols) {
		return fmt.Errorf("simd: [%d, %d] in %v expects %d bytes, found %d", rows, cols, t, rows*t.RowBytes(cols), len(data))
	}
	return nil
}
