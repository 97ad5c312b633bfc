package codec

import (
	"context"
	"math"
	"slices"
)

// eigenvectors of a symmetric matrix a [n, n], in rows [n, n], that of the
// largest eigenvalue first, by cyclic Jacobi rotations (Golub and Van Loan,
// section 8.5). The largest component of each is positive. It overwrites a.
func eigenvectors(ctx context.Context, a []float64, n int) ([]float64, error) {
	v := make([]float64, n*n) // rows become the eigenvectors
	var norm float64
	for i := range n {
		v[i*n+i] = 1
		for _, x := range a[i*n:][:n] {
			norm += x * x
		}
	}
	// Convergence is quadratic; ten rounds are more than any matrix was seen
	// to need.
	const rounds = 30
	for range rounds {
		var off float64
		for p := range n {
			for q := range p {
				off += a[p*n+q] * a[p*n+q]
			}
		}
		if off <= 1e-24*norm {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				rotate(a, v, n, p, q)
				if err := ctx.Err(); err != nil {
					return nil, err
				}
			}
		}
	}

	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch x, y := a[i*n+i], a[j*n+j]; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	sorted := make([]float64, 0, n*n)
	for _, i := range order {
		row := v[i*n:][:n]
		largest := 0.0
		for _, x := range row {
			if math.Abs(x) > math.Abs(largest) {
				largest = x
			}
		}
		for _, x := range row {
			sorted = append(sorted, math.Copysign(1, largest)*x)
		}
	}
	return sorted, nil
}

// rotate makes a[p, q] zero by a rotation of axes p and q, and v with it.
func rotate(a, v []float64, n, p, q int) {
	apq := a[p*n+q]
	if apq == 0 {
		return
	}
	tau := (a[q*n+q] - a[p*n+p]) / (2 * apq)
	t := math.Copysign(1/(math.Abs(tau)+math.Sqrt(1+tau*tau)), tau)
	c := 1 / math.Sqrt(1+t*t)
	s := t * c
	for k := range n {
		x, y := a[k*n+p], a[k*n+q]
		a[k*n+p], a[k*n+q] = c*x-s*y, s*x+c*y
	}
	rowP, rowQ := a[p*n:][:n], a[q*n:][:n]
	for k, x := range rowP {
		rowP[k], rowQ[k] = c*x-s*rowQ[k], s*x+c*rowQ[k]
	}
	rowP, rowQ = v[p*n:][:n], v[q*n:][:n]
	for k, x := range rowP {
		rowP[k], rowQ[k] = c*x-s*rowQ[k], s*x+c*rowQ[k]
	}
}
