package infer

import (
	"fmt"
	"path"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// loader takes an encoder's weights from a checkpoint. Embeddings stay where
// they are; the matrices are packed for the kernels, in their stored format.
type loader struct {
	config  Config
	where   string // the checkpoint's name, for messages
	tensors map[string]weights.Tensor
	buffers []weights.Buffer

	parameters int        // in the tensors that expect has seen
	dtype      simd.DType // of the matrices
	embeddings simd.DType // of the embedding table
}

// EmbeddingTable is the name, among the backbone's, of the tensor that holds a
// checkpoint's token embeddings.
func EmbeddingTable(c *weights.Checkpoint) (string, error) {
	config, err := readConfig(c, c.Backbone())
	if err != nil {
		return "", err
	}
	tensors, err := c.Tensors(c.Backbone())
	if err != nil {
		return "", err
	}
	return architectures[config.Architecture].table(tensors), nil
}

// load prepares the backbone.
func (e *Encoder) load(c *weights.Checkpoint, folder string) error {
	tensors, err := c.Tensors(folder)
	if err != nil {
		return err
	}
	l := &loader{config: e.config, where: path.Join(c.Name(), folder), tensors: tensors, buffers: c.Buffers(folder)}
	if e.backbone, err = architectures[e.config.Architecture].load(l); err != nil {
		return fmt.Errorf("infer: %w", err)
	}
	e.parameters, e.dtype, e.embeddings = l.parameters, l.dtype, l.embeddings
	return nil
}

// expect checks that the checkpoint has tensors of these shapes, and no others,
// nor buffers, but those whose names ignore accepts. It may be nil.
func (l *loader) expect(shapes []weights.Shape, ignore func(name string) bool) error {
	for _, b := range l.buffers {
		if ignore == nil || !ignore(b.Name) {
			return fmt.Errorf("%s: tensor %q: dtype %q is not supported, only F32, F16 and BF16 are", l.where, b.Name, b.Type)
		}
	}
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
	row := t.DType.RowBytes(cols)
	l.dtype = t.DType
	m, err := simd.Pack(t.DType, rows, cols, t.Data[first*row:][:rows*row])
	if err != nil {
		return nil, fmt.Errorf("%s: tensor %s: %w", l.where, name, err)
	}
	return m, nil
}

// table is the embedding table of that name, read in place.
func (l *loader) table(name string) (simd.Table, error) {
	t := l.tensors[name]
	l.embeddings = t.DType
	var table simd.Table
	var err error
	if t.DType == simd.I8 {
		table, err = simd.NewScaledTable(t.Shape[0], t.Shape[1], t.Data, t.Scales)
	} else {
		table, err = simd.NewTable(t.DType, t.Shape[0], t.Shape[1], t.Data)
	}
	if err != nil {
		return table, fmt.Errorf("%s: tensor %s: %w", l.where, name, err)
	}
	return table, nil
}

// rows writes the rows of ids to dst [len(ids), width].
func rows(dst []float32, table simd.Table, ids []int32) {
	width := len(dst) / len(ids)
	for r, id := range ids {
		table.Row(dst[r*width:][:width], int(id))
	}
}
