package array

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// tensorName is what the array is called in a safetensors file.
const tensorName = "vectors"

// tensorHeader is the header of a safetensors file: its length in eight bytes, and
// JSON, filled up with spaces.
func tensorHeader(rows, dim int) []byte {
	text := fmt.Sprintf(`{"%s":{"dtype":"F32","shape":[%d,%d],"data_offsets":[0,%d]}}`, tensorName, rows, dim, 4*int64(rows)*int64(dim))
	header := binary.LittleEndian.AppendUint64(nil, HeaderSize-8)
	header = append(header, text...)
	return append(header, strings.Repeat(" ", HeaderSize-len(header))...)
}

var errNoTensor = errors.New("is no safetensors file with one tensor \"" + tensorName + "\" of F32 in two dimensions")

// maxTensorHeader is how many bytes a header may have: it describes one tensor, and
// may have notes of whoever wrote it.
const maxTensorHeader = 1 << 20

// tensorHeader reads the shape and compares it with the length of the file.
func (r *Reader) tensorHeader() error {
	var start [8]byte
	if _, err := r.file.ReadAt(start[:], 0); err != nil {
		return errNoTensor
	}
	size := binary.LittleEndian.Uint64(start[:])
	if size > maxTensorHeader {
		return fmt.Errorf("%w: found a header of %d bytes", errNoTensor, size)
	}
	text := make([]byte, size)
	if _, err := r.file.ReadAt(text, int64(len(start))); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: its header of %d bytes is cut off", errNoTensor, size)
		}
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return fmt.Errorf("%w: found the header %.80q", errNoTensor, text)
	}
	var tensor struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	delete(members, "__metadata__")
	if err := json.Unmarshal(members[tensorName], &tensor); err != nil || len(members) != 1 || tensor.DType != "F32" || len(tensor.Shape) != 2 || tensor.Offsets[0] != 0 {
		return fmt.Errorf("%w: found the header %.80q", errNoTensor, text)
	}
	r.rows, r.dim = tensor.Shape[0], tensor.Shape[1]
	r.data = int64(len(start)) + int64(size)
	if err := r.checkSize(); err != nil {
		return err
	}
	if end := 4 * int64(r.rows) * int64(r.dim); tensor.Offsets[1] != end {
		return fmt.Errorf("has numbers up to byte %d, expected %d", tensor.Offsets[1], end)
	}
	return nil
}
