package infer

import "testing"

// TestStrips checks that the strips of a tile follow each other from its first row
// to its end, on whole panels, none too tall and none of few rows.
func TestStrips(t *testing.T) {
	for first := 0; first <= tileRows; first += tileRows / 2 {
		for rows := 1; rows <= tileRows; rows++ {
			at := first
			tile{first, first + rows}.strips(func(strip tile) {
				if strip.first != at || strip.first%panel != 0 {
					t.Fatalf("%d rows: expected a strip from %d on, found one from %d", rows, at, strip.first)
				}
				if strip.rows() > stripRows+fewRows || strip.rows() <= fewRows && strip.rows() < rows {
					t.Fatalf("%d rows: found a strip of %d", rows, strip.rows())
				}
				at = strip.end
			})
			if at != first+rows {
				t.Fatalf("%d rows: expected strips to the end, %d, found %d", rows, first+rows, at)
			}
		}
	}
}
