package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/toller-search/toller/edge"
)

// tolerance is how far a component may be from the library's: what golden tests
// allow. Another token, or another number of them, is far beyond.
const tolerance = 2e-5

// agreement is what came of a comparison.
type agreement struct {
	compared int      // queries and documents
	apart    []string // those that are, and how
	worst    float64  // difference of a component of the others
}

// multiVector is a query or a document.
type multiVector interface {
	Len() int
	Vectors() []float32
}

// compare reads what a library made of texts, as vectors.py writes it, and holds it
// against what a model makes of them.
func compare(ctx context.Context, m *edge.Model, texts []string, library io.Reader) (*agreement, error) {
	in := bufio.NewReader(library)
	dim, err := readCount(in)
	if err != nil {
		return nil, fmt.Errorf("the library's vectors: %w", err)
	}
	if dim != m.Info().Dim {
		return nil, fmt.Errorf("the library's vectors: expected %d components, found %d", m.Info().Dim, dim)
	}
	documents, err := m.EncodeDocuments(ctx, texts)
	if err != nil {
		return nil, err
	}
	a := &agreement{}
	for i, text := range texts {
		query, err := m.EncodeQuery(ctx, text)
		if err != nil {
			return nil, err
		}
		for _, ours := range []struct {
			kind    string
			vectors multiVector
		}{{"query", query}, {"document", documents[i]}} {
			rows, err := readCount(in)
			if err != nil {
				return nil, fmt.Errorf("the library's %s %d: %w", ours.kind, i, err)
			}
			theirs := make([]float32, rows*dim)
			if err := binary.Read(in, binary.LittleEndian, theirs); err != nil {
				return nil, fmt.Errorf("the library's %s %d: %w", ours.kind, i, err)
			}
			a.add(ours.kind, text, ours.vectors, rows, theirs)
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return nil, fmt.Errorf("the library's vectors: expected %d texts, found more", len(texts))
	}
	return a, nil
}

// mostRows is more than a text has vectors: a number above is no number of rows.
const mostRows = 1 << 20

func readCount(in io.Reader) (int, error) {
	var n int32
	if err := binary.Read(in, binary.LittleEndian, &n); err != nil {
		return 0, err
	}
	if n < 0 || n > mostRows {
		return 0, fmt.Errorf("expected at most %d, found %d", mostRows, n)
	}
	return int(n), nil
}

func (a *agreement) add(kind, text string, ours multiVector, rows int, theirs []float32) {
	a.compared++
	if ours.Len() != rows {
		a.apart = append(a.apart, fmt.Sprintf("%s: %d vectors, the library's %d: %+q", kind, ours.Len(), rows, text))
		return
	}
	worst := 0.0
	for i, x := range ours.Vectors() {
		d := math.Abs(float64(x) - float64(theirs[i]))
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		worst = max(worst, d)
	}
	if worst > tolerance {
		a.apart = append(a.apart, fmt.Sprintf("%s: a component by %.2g: %+q", kind, worst, text))
		return
	}
	a.worst = max(a.worst, worst)
}
