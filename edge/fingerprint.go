package edge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"

	"github.com/x448/float16"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// A Fingerprint identifies a model by its weights. All copies of a checkpoint
// have the same, packed or not, and also where weights were rounded to half
// precision: their vectors may be compared with each other. One with token
// embeddings in signed bytes differs by more and is a model of its own. Settings
// such as lengths have no part in it.
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

// DocumentFingerprint identifies everything that a document's vectors depend on
// but its text and its length: the weights, the numerics, the tokenizer and the
// settings for documents. Two models with the same may add to one index. All
// copies of a checkpoint have the same, as they have the same [Fingerprint].
func (m *Model) DocumentFingerprint() Fingerprint {
	h := sha256.New()
	fmt.Fprintf(h, "toller documents 2\n%x %s %x\n", m.model, m.encoder.Numerics(), m.tokens)
	m.documents.fingerprint(h)
	// What most models don't have, and earlier versions didn't.
	if !m.documents.strip || m.raw || m.pooling.documents {
		fmt.Fprintf(h, "\nstripped %t, normalised %t, pooled %t", m.documents.strip, !m.raw, m.pooling.documents)
		if p := m.pooling; p.documents {
			fmt.Fprintf(h, " by %v but for %d, normalised %t", p.factor, p.protected, p.normalize)
		}
	}
	return Fingerprint(h.Sum(nil)[:16])
}

// FormerDocumentFingerprints are those that earlier versions gave to what
// [Model.DocumentFingerprint] identifies now, latest first. They leave out more:
// vectors under one of them are this model's unless its tokenizer was changed.
func (m *Model) FormerDocumentFingerprints() []Fingerprint {
	h := sha256.New()
	h.Write(m.model[:])
	m.documents.fingerprint(h)
	return []Fingerprint{Fingerprint(h.Sum(nil)[:16])}
}

// fingerprint hashes the settings of a kind of texts but for its length. What
// it writes has been in files since the first version.
func (p *preparer) fingerprint(h hash.Hash) {
	fmt.Fprintf(h, "%q %t", p.prompt, p.lower)
	for _, ids := range [][]int32{p.head, p.tail, slices.Sorted(maps.Keys(p.skip))} {
		h.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(ids))))
		for _, id := range ids {
			h.Write(binary.LittleEndian.AppendUint32(nil, uint32(id)))
		}
	}
}

// fingerprintSample is how many elements at each end of a tensor count.
// Training moves all of them, so a sample tells models apart, and opening a
// model stays quick.
const fingerprintSample = 512

// fingerprint hashes names, shapes and samples of all tensors, the backbone's
// and then those of the head's modules.
func fingerprint(c *weights.Checkpoint, l *layout) (Fingerprint, error) {
	h := sha256.New()
	for _, m := range append([]module{{Path: l.backbone.folder}}, l.head...) {
		tensors, err := c.Tensors(m.Path)
		if err != nil {
			return Fingerprint{}, err
		}
		for _, name := range slices.Sorted(maps.Keys(tensors)) {
			t := tensors[name]
			fmt.Fprintf(h, "%q %d\n", name, t.Shape)
			if t.DType == simd.I8 {
				fmt.Fprintln(h, t.DType)
			}
			sample := make([]float32, min(fingerprintSample, t.Len()))
			for _, first := range []int{0, t.Len() - len(sample)} {
				t.Values(sample, first)
				for _, v := range sample {
					h.Write(binary.LittleEndian.AppendUint16(nil, float16.Fromfloat32(v).Bits()))
				}
			}
		}
	}
	return Fingerprint(h.Sum(nil)[:16]), nil
}
