package edge

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// DocumentFingerprint identifies what determines the vectors of a document: the
// model's weights, and its settings for documents but the length.
func (m *Model) DocumentFingerprint() Fingerprint {
	h := sha256.New()
	h.Write(m.model[:])
	d := m.documents
	fmt.Fprintf(h, "%q %t", d.prompt, d.lower)
	for _, ids := range [][]int32{d.head, d.tail, slices.Sorted(maps.Keys(d.skip))} {
		h.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(ids))))
		for _, id := range ids {
			h.Write(binary.LittleEndian.AppendUint32(nil, uint32(id)))
		}
	}
	return Fingerprint(h.Sum(nil)[:16])
}
