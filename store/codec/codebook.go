package codec

import (
	"math"

	"github.com/toller-search/toller/infer/simd"
)

// MaxCentroids is the largest number of centroids of a codebook: what a
// uint16 can name.
const MaxCentroids = 1 << 16

// maxCells is the largest number of cells that training makes.
const maxCells = 512

// DefaultCentroids is the number of centroids for a store of that many token
// vectors: 8·√tokens, but no more than tokens/16, rounded down to a power of two
// from 16 to 65,536. That is half of PLAID's number (arXiv 2205.09707): fewer
// are cheaper to train, to encode with and to compare with a query, and their
// codes are nearly as good.
func DefaultCentroids(tokens int) int {
	limit := min(8*math.Sqrt(float64(tokens)), float64(tokens)/16)
	centroids := 16
	for centroids < MaxCentroids && float64(2*centroids) <= limit {
		centroids *= 2
	}
	return centroids
}

// A Codebook is what training learns from a sample of vectors: centroids, and
// the values that the components of residuals of scale 1 are rounded to. It
// doesn't change and may be used by any number of goroutines at once.
//
// The centroids are grouped in cells, a few dozen neighbours each, so that a
// vector's centroid is found without looking at all of them.
type Codebook struct {
	dim       int
	centroids []float32 // [c, dim] unit rows, cell after cell
	cells     []int32   // cell k is centroids cells[k] to cells[k+1]
	buckets   [len(bucketKinds)]buckets

	middles *simd.Matrix   // [cells, dim] unit rows: the middle of each cell
	members []*simd.Matrix // for each cell its centroids
}

// bucketKinds are the kinds that have buckets, in the order of
// Codebook.buckets.
var bucketKinds = [...]Kind{Residual4, Residual2, Residual1}

func (b *Codebook) bucketsOf(k Kind) *buckets { return &b.buckets[k-Residual4] }

// Dim is the number of components of a vector.
func (b *Codebook) Dim() int { return b.dim }

// Len is the number of centroids.
func (b *Codebook) Len() int { return len(b.centroids) / b.dim }

// Centroids returns the centroids [Len, Dim], unit rows. The caller must not
// change them.
func (b *Codebook) Centroids() []float32 { return b.centroids }

// newCodebook prepares what Assign works with.
func newCodebook(dim int, centroids []float32, cells []int32, buckets [len(bucketKinds)]buckets) *Codebook {
	b := &Codebook{dim: dim, centroids: centroids, cells: cells, buckets: buckets}
	middles := make([]float32, (len(cells)-1)*dim)
	b.members = make([]*simd.Matrix, len(cells)-1)
	for k := range b.members {
		from, to := int(cells[k]), int(cells[k+1])
		rows := centroids[from*dim : to*dim]
		b.members[k] = simd.PackFloat32(to-from, dim, rows)
		middle := middles[k*dim:][:dim]
		for i, v := range rows {
			middle[i%dim] += v
		}
	}
	simd.L2Normalize(middles, dim)
	b.middles = simd.PackFloat32(len(b.members), dim, middles)
	return b
}
