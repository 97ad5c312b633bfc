package infer

import (
	"fmt"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// loader takes an encoder's weights from a checkpoint. Embeddings stay where
// they are; the matrices are packed for the kernels, in their stored format.
type loader struct {
	config  Config
	where   string // the checkpoint's name, for messages
	tensors map[string]weights.Tensor

	parameters int           // in the tensors that expect has seen
	dtype      weights.DType // of the embedding table
}

// load prepares the backbone.
func (e *Encoder) load(c *weights.Checkpoint) error {
	tensors, err := c.Tensors("")
	if err != nil {
		return err
	}
	l := &loader{config: e.config, where: c.Name(), tensors: tensors}
	if e.backbone, err = architectures[e.config.Architecture].load(l); err != nil {
		return fmt.Errorf("infer: %w", err)
	}
	e.parameters, e.dtype = l.parameters, l.dtype
	return nil
}

// expect checks that the checkpoint has tensors of these shapes, and no others
// but those whose names ignore accepts.
func (l *loader) expect(shapes []weights.Shape, ignore func(name string) bool) error {
	if err := weights.Expect(l.where, l.tensors, shapes, ignore); err != nil {
		return err
	}
	for _, s := range shapes {
		l.parameters += l.tensors[s.Name].Len()
	}
	return nil
}

// pack prepares rows first to first+rows−1 of a matrix.
func (l *loader) pack(name string, first, rows int) (*simd.Matrix, error) {
	t := l.tensors[name]
	cols := t.Shape[1]
	row := cols * t.DType.Size()
	m, err := simd.Pack(kernelType(t.DType), rows, cols, t.Data[first*row:][:rows*row])
	if err != nil {
		return nil, fmt.Errorf("%s: tensor %s: %w", l.where, name, err)
	}
	return m, nil
}

// table returns the embedding table of that name.
func (l *loader) table(name string) table {
	t := l.tensors[name]
	l.dtype = t.DType
	return table{data: t.Data, dtype: kernelType(t.DType), width: t.Shape[1]}
}

// table is an embedding table [V, width], read in place from the checkpoint.
type table struct {
	data  []byte
	dtype simd.DType
	width int
}

// rows writes the rows of ids to dst [len(ids), width].
func (t table) rows(dst []float32, ids []int32) {
	size := t.width * t.dtype.Size()
	for r, id := range ids {
		simd.Widen(dst[r*t.width:][:t.width], t.dtype, t.data[int(id)*size:][:size])
	}
}

// kernelType is a stored format in the kernels' terms.
func kernelType(d weights.DType) simd.DType {
	switch d {
	case weights.F16:
		return simd.F16
	case weights.BF16:
		return simd.BF16
	default:
		return simd.F32
	}
}
