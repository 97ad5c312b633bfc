package edge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/x448/float16"

	"github.com/toller-search/toller/infer/weights"
)

// A Fingerprint identifies a model by its weights. All copies of a checkpoint
// have the same, packed or not, and also where weights were rounded to half
// precision: their vectors may be compared with each other. Settings such as
// lengths have no part in it.
type Fingerprint [16]byte

// String returns the fingerprint as 32 hexadecimal digits.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// MarshalText returns the fingerprint as 32 hexadecimal digits.
func (f Fingerprint) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads 32 hexadecimal digits.
func (f *Fingerprint) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(f) {
		return fmt.Errorf("edge: fingerprint: expected %d hexadecimal digits, found %q", 2*len(f), text)
	}
	copy(f[:], raw)
	return nil
}

// fingerprintSample is how many elements at each end of a tensor count.
// Training moves all of them, so a sample tells models apart, and opening a
// model stays quick.
const fingerprintSample = 512

// fingerprint hashes names, shapes and samples of all tensors, the backbone's
// and then those of the head's modules.
func fingerprint(c *weights.Checkpoint, head []module) (Fingerprint, error) {
	h := sha256.New()
	for _, m := range append([]module{{}}, head...) {
		tensors, err := c.Tensors(m.Path)
		if err != nil {
			return Fingerprint{}, err
		}
		for _, name := range slices.Sorted(maps.Keys(tensors)) {
			t := tensors[name]
			fmt.Fprintf(h, "%q %d\n", name, t.Shape)
			n, size := t.Len(), t.DType.Size()
			sample := min(fingerprintSample, n)
			for _, part := range [][]byte{t.Data[:sample*size], t.Data[(n-sample)*size:]} {
				t.Data = part
				for _, v := range t.Float32s() {
					h.Write(binary.LittleEndian.AppendUint16(nil, float16.Fromfloat32(v).Bits()))
				}
			}
		}
	}
	return Fingerprint(h.Sum(nil)[:16]), nil
}
