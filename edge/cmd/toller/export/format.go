package export

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/toller-search/toller/edge"
)

// The files of an export.
const (
	IndexFile     = "index.json"
	DocumentsFile = "documents.jsonl"
	VectorsFile   = "vectors.npy"
	TensorFile    = "vectors.safetensors" // in place of VectorsFile, if asked for
)

// Version is the version of their layout.
const Version = 1

// Header is the contents of [IndexFile].
type Header struct {
	Version     int              `json:"version"`
	Model       string           `json:"model"`
	Fingerprint edge.Fingerprint `json:"fingerprint"` // of the vectors
	Dim         int              `json:"dim"`
	Documents   int              `json:"documents"`
	Rows        int              `json:"rows"`
	Vectors     string           `json:"vectors,omitempty"` // the file that has them; empty: VectorsFile
}

// document is a line of [DocumentsFile].
type document struct {
	Key      string         `json:"key"`
	Title    string         `json:"title,omitempty"`
	Source   string         `json:"source,omitempty"`
	Text     string         `json:"text"`
	Time     *time.Time     `json:"time,omitempty"`
	Hash     hash           `json:"hash"`
	Metadata map[string]any `json:"metadata,omitempty"`
	Passages []passage      `json:"passages"`
}

// passage is a stretch of a document's text, and which rows of the array are its
// vectors.
type passage struct {
	Start    int      `json:"start"`
	End      int      `json:"end"`
	Heading  string   `json:"heading,omitempty"`
	FirstRow int      `json:"first_row"` // from 0
	Rows     int      `json:"rows"`
	Clusters []uint32 `json:"clusters,omitempty"` // of a pooled passage: for each token its row, from 0
}

// hash is a hash in hexadecimal digits.
type hash [32]byte

func (h hash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

func (h *hash) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(h) {
		return fmt.Errorf("hash: expected %d hexadecimal digits, found %q", 2*len(h), text)
	}
	copy(h[:], raw)
	return nil
}
