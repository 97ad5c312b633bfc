package codec

import (
	"math"
	"slices"
	"testing"
)

// TestScales: every byte is a scale of its own, and a residual gets the nearest.
func TestScales(t *testing.T) {
	if scales[0] != 0 || scales[255] != 1.9375 || !slices.IsSorted(scales[:]) {
		t.Fatalf("found scales %v", scales)
	}
	origin := make([]float32, 3)
	for b, scale := range scales {
		for _, factor := range []float32{1, 1.01, 0.99} {
			s := scale * factor
			if found := scaleByte([]float32{s, -s, s}, origin); int(found) != b {
				t.Errorf("%v: expected byte %d, found %d", s, b, found)
			}
		}
	}
	for _, test := range []struct {
		component float32
		want      byte
	}{{0, 0}, {1e-45, 0}, {1e-6, 0}, {-3.3e-5, 1}, {1, 240}, {2, 255}, {-maxComponent, 255}} {
		if found := scaleByte([]float32{test.component}, origin[:1]); found != test.want {
			t.Errorf("%v: expected byte %d, found %d", test.component, test.want, found)
		}
	}
}

// TestFarVectors: vectors unlike the sample come back as well as its own, in
// proportion to their distance from the centroids, and a centroid as it is.
func TestFarVectors(t *testing.T) {
	r := newRand(t)
	const dim, n = 48, 500
	like := clustered(r, 5000+n, dim, 100, 0.1)
	book := train(t, like[n*dim:], dim, 128)
	for kind, most := range map[Kind]float64{Residual4: 0.03, Residual2: 0.17, Residual1: 0.45} {
		c := newCodec(t, kind, dim, book)
		for name, vectors := range map[string][]float32{
			"near": like[:n*dim],
			"far":  clustered(r, n, dim, n, 1),
		} {
			code := encode(t, c, vectors)
			decoded, cells := decode(t, c, code), c.Cells(code)
			var errors, residuals float64
			for i, v := range vectors {
				errors += math.Pow(float64(v-decoded[i]), 2)
				residuals += math.Pow(float64(v-book.centroids[int(cells[i/dim])*dim+i%dim]), 2)
			}
			t.Logf("%v, %s: residuals of %.3f, error %.4f of them", kind, name, residuals/n, errors/residuals)
			if errors > most*residuals {
				t.Errorf("%v, %s: expected an error of at most %v", kind, name, most)
			}
		}
		code := encode(t, c, book.centroids)
		decoded := decode(t, c, code)
		for i, cell := range c.Cells(code) {
			// Few are not found where they are.
			if x := book.centroids[i*dim:][:dim]; int(cell) == i && !slices.Equal(decoded[i*dim:][:dim], x) {
				t.Errorf("%v: centroid %d became %v", kind, i, decoded[i*dim:][:dim])
			}
		}
	}
}
