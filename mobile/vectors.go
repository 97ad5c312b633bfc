package mobile

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/toller-search/toller/edge"
)

// A Query is an encoded query. It doesn't depend on the model staying open.
type Query struct{ edge edge.Query }

// ReadQuery reads what Query.Bytes gave.
func ReadQuery(data []byte) (q *Query, err error) {
	defer recovered(&err)
	q = new(Query)
	if err := q.edge.UnmarshalBinary(data); err != nil {
		return nil, err
	}
	return q, nil
}

// Len returns the number of vectors, one a token.
func (q *Query) Len() int { return q.edge.Len() }

// Dim returns the number of components of each vector.
func (q *Query) Dim() int { return q.edge.Dim() }

// Vectors returns all vectors, Len rows of Dim 32-bit floats, little-endian.
func (q *Query) Vectors() []byte { return packed(q.edge.Vectors()) }

// Bytes returns the query in a form that ReadQuery reads on any device.
func (q *Query) Bytes() (data []byte, err error) {
	defer recovered(&err)
	return q.edge.MarshalBinary()
}

// A Document is an encoded text. It doesn't depend on the model staying open.
type Document struct{ edge edge.Document }

// ReadDocument reads what Document.Bytes gave.
func ReadDocument(data []byte) (d *Document, err error) {
	defer recovered(&err)
	d = new(Document)
	if err := d.edge.UnmarshalBinary(data); err != nil {
		return nil, err
	}
	return d, nil
}

// Len returns the number of vectors, one for each token that counts.
func (d *Document) Len() int { return d.edge.Len() }

// Dim returns the number of components of each vector.
func (d *Document) Dim() int { return d.edge.Dim() }

// Truncated says that the text was longer than the length it was cut at.
func (d *Document) Truncated() bool { return d.edge.Truncated() }

// Vectors returns all vectors, Len rows of Dim 32-bit floats, little-endian.
func (d *Document) Vectors() []byte { return packed(d.edge.Vectors()) }

// Bytes returns the document in a form that ReadDocument reads on any device.
func (d *Document) Bytes() (data []byte, err error) {
	defer recovered(&err)
	return d.edge.MarshalBinary()
}

// Documents is a list of encoded texts.
type Documents struct{ list []*edge.Document }

// NewDocuments returns an empty list.
func NewDocuments() *Documents { return new(Documents) }

// Add appends a document.
func (d *Documents) Add(document *Document) error {
	if document == nil {
		return missing("a document")
	}
	d.list = append(d.list, &document.edge)
	return nil
}

// Len returns the number of documents.
func (d *Documents) Len() int { return len(d.list) }

// At returns a document, counted from 0.
func (d *Documents) At(i int) (*Document, error) {
	if i < 0 || i >= len(d.list) {
		return nil, outOfRange(i, len(d.list))
	}
	return &Document{*d.list[i]}, nil
}

// RankEncoded orders encoded texts by how well they answer an encoded query. topK is
// how many are returned, 0 for all. Documents of another model come last, with NaN for
// a score.
func RankEncoded(query *Query, documents *Documents, topK int) (r *Ranking, err error) {
	defer recovered(&err)
	switch {
	case query == nil:
		return nil, missing("a query")
	case documents == nil:
		return nil, missing("documents")
	}
	return &Ranking{edge.Rank(&query.edge, slices.Clone(documents.list), topK)}, nil
}

// packed returns numbers as bytes.
func packed(numbers []float32) []byte {
	b := make([]byte, 0, 4*len(numbers))
	for _, x := range numbers {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}
