package rest

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// A Matrix is vectors [n, Dim], row-major, which JSON has as a list of lists.
type Matrix struct {
	Data []float32
	Dim  int
}

// MarshalJSON writes each component with as many digits as give it back.
func (m Matrix) MarshalJSON() ([]byte, error) {
	if m.Dim < 1 || len(m.Data)%m.Dim != 0 {
		return nil, fmt.Errorf("vectors: expected a multiple of %d components, found %d", m.Dim, len(m.Data))
	}
	text := make([]byte, 0, 12*len(m.Data)+2)
	text = append(text, '[')
	for row := 0; row < len(m.Data); row += m.Dim {
		if row > 0 {
			text = append(text, ',')
		}
		text = append(text, '[')
		for i, v := range m.Data[row : row+m.Dim] {
			if i > 0 {
				text = append(text, ',')
			}
			text = strconv.AppendFloat(text, float64(v), 'g', -1, 32)
		}
		text = append(text, ']')
	}
	return append(text, ']'), nil
}

// UnmarshalJSON reads rows of equal length.
func (m *Matrix) UnmarshalJSON(text []byte) error {
	var rows [][]float32
	if err := json.Unmarshal(text, &rows); err != nil {
		return fmt.Errorf("vectors: %w", err)
	}
	*m = Matrix{}
	for i, row := range rows {
		if i == 0 {
			m.Dim = len(row)
			m.Data = make([]float32, 0, len(rows)*len(row))
		}
		if len(row) != m.Dim {
			return fmt.Errorf("vectors: expected rows of %d components, found one of %d", m.Dim, len(row))
		}
		m.Data = append(m.Data, row...)
	}
	return nil
}
