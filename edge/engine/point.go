package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
)

// An ID is a point's id, a UUID of version 5 (RFC 9562).
type ID [16]byte

// String returns the usual form in 36 characters.
func (id ID) String() string { return uuid.UUID(id).String() }

// MarshalText returns the usual form.
func (id ID) MarshalText() ([]byte, error) { return uuid.UUID(id).MarshalText() }

// UnmarshalText reads the usual form.
func (id *ID) UnmarshalText(text []byte) error {
	if err := (*uuid.UUID)(id).UnmarshalText(text); err != nil {
		return fmt.Errorf("engine: id: expected a UUID, found %q", text)
	}
	return nil
}

// namespace is the UUID that names of points are in: that of this package's path
// among URLs.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/toller-search/toller/edge/engine"))

// PointID returns the id of the passage with this number, from 0, of the document
// with this key.
func PointID(key string, passage int) ID {
	return ID(uuid.NewSHA1(namespace, binary.BigEndian.AppendUint32([]byte(key), uint32(passage))))
}

// A Stamp is what tells whether a point is what it should be.
type Stamp struct {
	Hash  string           `json:"hash"`  // of everything that the point was made of, in hexadecimal digits
	Model edge.Fingerprint `json:"model"` // of the vectors
}

// A Point is a passage as an engine keeps it.
type Point struct {
	ID      ID
	Payload Payload
	Vectors []float32 // [n, Dim] row-major, n > 0
	Dim     int
}

// A Payload is what is kept beside the vectors, as JSON.
type Payload struct {
	Stamp
	Key     string `json:"key"`     // of the document
	Passage int    `json:"passage"` // number in the document, from 0
	Title   string `json:"title"`
	Source  string `json:"source"`
	Time    *int64 `json:"time,omitempty"` // milliseconds since 1970
	Heading string `json:"heading"`
	Start   int    `json:"start"` // of the passage, in bytes of the document's text
	End     int    `json:"end"`
	Pages
	Text string `json:"text"` // of the passage

	Metadata json.RawMessage `json:"metadata,omitempty"`
	Facts                    // of the metadata, for filters

	// Clusters is, where the vectors were pooled, for each token its vector.
	Clusters []uint32 `json:"clusters,omitempty"`
	// Pool is how many vectors were pooled into one; 0: none.
	Pool int `json:"pool,omitempty"`
}

// Pages are those that a passage is on, of a text with pages.
type Pages struct {
	First *int `json:"first_page,omitempty"`
	Last  *int `json:"last_page,omitempty"`
}

// headed is what a heading says of pages: "page 3", or "pages 3-5".
var headed = regexp.MustCompile(`^(?:page|pages) ([0-9]+)(?:[^-]*-([0-9]+))?`)

// newPages reads the pages from a passage's heading, as package store/filter does.
func newPages(heading string) Pages {
	found := headed.FindStringSubmatch(heading)
	if found == nil || strings.HasPrefix(heading, "pages") && found[2] == "" {
		return Pages{}
	}
	first, err := strconv.Atoi(found[1])
	if err != nil {
		return Pages{}
	}
	last, _ := strconv.Atoi(found[2]) // 0 without
	last = max(first, last)
	return Pages{&first, &last}
}

// newPoint makes the point of passage i of a document.
func newPoint(d *index.Exported, metadata json.RawMessage, facts Facts, i, pool int) Point {
	p := &d.Passages[i]
	load := Payload{
		Key: d.Key, Passage: i, Title: d.Title, Source: d.Source,
		Heading: p.Heading, Start: p.Start, End: p.End, Pages: newPages(p.Heading), Text: d.Text[min(p.Start, len(d.Text)):min(p.End, len(d.Text))],
		Metadata: metadata, Facts: facts, Clusters: p.Clusters, Pool: pool,
	}
	load.Model = edge.Fingerprint(d.Model.Fingerprint)
	if !d.Time.IsZero() {
		at := d.Time.UnixMilli()
		load.Time = &at
	}
	return Point{ID: PointID(d.Key, i), Payload: load, Vectors: p.Vectors, Dim: d.Model.Dim}
}

// stamp sets the hash of a point. The vectors have no part in it but their number:
// they follow from the text and the model, which have, but change by what a
// training of the index's codec rounds differently; codec says which that is.
func (p *Point) stamp(codec string) error {
	p.Payload.Hash = ""
	text, err := json.Marshal(&p.Payload)
	if err != nil {
		return fmt.Errorf("engine: passage %d of %q: %w", p.Payload.Passage, p.Payload.Key, err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "toller point 1\n%s %d\n", codec, len(p.Vectors))
	h.Write(text)
	p.Payload.Hash = hex.EncodeToString(h.Sum(nil)[:16])
	return nil
}

// A Hit is a point that a search found.
type Hit struct {
	Payload
	ID      ID
	Score   float64   // MaxSim
	Vectors []float32 // [n, dim]
}

// Result is the hit as a search of an index gives it, without highlights and
// evidence, which [index.Explain] adds.
func (h *Hit) Result() index.Result {
	return index.Result{
		Key: h.Key, Title: h.Title, Source: h.Source, Heading: h.Heading, Start: h.Start, End: h.End, Text: h.Text,
		Score: h.Score, MaxSim: h.Score,
	}
}
