// What is done to rows of numbers between the products.

#include "kernels.h"

// x += y
EXPORT(add)
void add(float *x, const float *y, int n) {
	int i = 0;
	for (; i + 4 <= n; i += 4) store(x + i, wasm_f32x4_add(load(x + i), load(y + i)));
	for (; i < n; i++) x[i] += y[i];
}

INLINE void scale_row(float *x, float by, int n) {
	int i = 0;
	for (; i + 4 <= n; i += 4) store(x + i, wasm_f32x4_mul(load(x + i), all(by)));
	for (; i < n; i++) x[i] *= by;
}

// x *= by
EXPORT(scale)
void scale(float *x, float by, int n) {
	scale_row(x, by, n);
}

// Rows of width values that are ld apart are multiplied by a number each.
EXPORT(scale_rows)
void scale_rows(float *x, int ld, int width, const float *by, int rows) {
	for (int r = 0; r < rows; r++, x += ld) scale_row(x, by[r], width);
}

// Pairs (x[d], x[d + half]) of each head are turned by an angle. The heads have n
// values in all.
EXPORT(rotate)
void rotate(float *x, const float *cos, const float *sin, int n, int half) {
	for (float *end = x + n; x < end; x += 2 * half) {
		float *y = x + half;
		int d = 0;
		for (; d + 4 <= half; d += 4) {
			f32x4 a = load(x + d), b = load(y + d), c = load(cos + d), s = load(sin + d);
			store(x + d, wasm_f32x4_sub(wasm_f32x4_mul(a, c), wasm_f32x4_mul(b, s)));
			store(y + d, wasm_f32x4_add(wasm_f32x4_mul(b, c), wasm_f32x4_mul(a, s)));
		}
		for (; d < half; d++) {
			float a = x[d], b = y[d];
			x[d] = a * cos[d] - b * sin[d];
			y[d] = b * cos[d] + a * sin[d];
		}
	}
}

INLINE v128_t low64(f32x4 v) { return wasm_f64x2_promote_low_f32x4(v); }
INLINE v128_t high64(f32x4 v) { return low64(wasm_i64x2_shuffle(v, v, 1, 1)); }
INLINE double both(v128_t v) { return wasm_f64x2_extract_lane(v, 0) + wasm_f64x2_extract_lane(v, 1); }

// dst = (x − mean(x)) / sqrt(var(x) + eps) ⊙ weight, one row. In float64: a
// layer norm feeds every product after it, and its float32 rounding alone would
// double the error of a state.
INLINE void norm_row(float *dst, const float *x, const float *weight, int n, float eps) {
	int whole = n & ~3;
	v128_t low = wasm_f64x2_const_splat(0), high = low;
	for (int i = 0; i < whole; i += 4) {
		f32x4 v = load(x + i);
		low = wasm_f64x2_add(low, low64(v));
		high = wasm_f64x2_add(high, high64(v));
	}
	double total = both(wasm_f64x2_add(low, high));
	for (int i = whole; i < n; i++) total += (double)x[i];
	double mean = total / n;

	v128_t means = wasm_f64x2_splat(mean);
	low = high = wasm_f64x2_const_splat(0);
	for (int i = 0; i < whole; i += 4) {
		f32x4 v = load(x + i);
		v128_t l = wasm_f64x2_sub(low64(v), means), h = wasm_f64x2_sub(high64(v), means);
		low = wasm_f64x2_add(low, wasm_f64x2_mul(l, l));
		high = wasm_f64x2_add(high, wasm_f64x2_mul(h, h));
	}
	double squares = both(wasm_f64x2_add(low, high));
	for (int i = whole; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
	double inverse = 1 / __builtin_sqrt(squares / n + (double)eps);

	v128_t inverses = wasm_f64x2_splat(inverse);
	for (int i = 0; i < whole; i += 4) {
		f32x4 v = load(x + i);
		f32x4 l = wasm_f32x4_demote_f64x2_zero(wasm_f64x2_mul(wasm_f64x2_sub(low64(v), means), inverses));
		f32x4 h = wasm_f32x4_demote_f64x2_zero(wasm_f64x2_mul(wasm_f64x2_sub(high64(v), means), inverses));
		store(dst + i, wasm_f32x4_mul(wasm_i64x2_shuffle(l, h, 0, 2), load(weight + i)));
	}
	for (int i = whole; i < n; i++) dst[i] = (float)((x[i] - mean) * inverse) * weight[i];
}

// Norms the rows of x, of width values each and n in all.
EXPORT(layer_norm)
void layer_norm(float *dst, const float *x, const float *weight, int n, int width, float eps) {
	for (const float *end = x + n; x < end; x += width, dst += width) norm_row(dst, x, weight, width, eps);
}

// What exponential needs.
typedef struct {
	f32x4 log2e, shift, ln2_high, ln2_low, p6, p5, p4, p3, half, one, least;
} powers;

INLINE powers make_powers(void) {
	return (powers){
		held(1.44269504088896341f), held(0x1.8p23f), held(-0.693359375f), held(2.12194440e-4f),
		held(1.3926213142e-3f), held(8.3632031456e-3f), held(4.1666556150e-2f), held(1.6666576266e-1f),
		held(0.5f), held(1), held(-87.33654f),
	};
}

// e^x for x ≤ 0, as exp in activation.go with its shorter polynomial: x =
// n·ln 2 + r, and what adds 1.5·2^23 rounds to a whole n, which then is in the
// lowest bits. Below the smallest normal number the result is 0.
INLINE f32x4 exponential(f32x4 x, powers k) {
	f32x4 shifted = multiply_add(x, k.log2e, k.shift);
	f32x4 n = wasm_f32x4_sub(shifted, k.shift);
	f32x4 r = multiply_add(n, k.ln2_low, multiply_add(n, k.ln2_high, x));
	f32x4 p = multiply_add(k.p6, r, k.p5);
	p = multiply_add(p, r, k.p4);
	p = multiply_add(p, r, k.p3);
	p = multiply_add(p, r, k.half);
	p = multiply_add(wasm_f32x4_mul(p, r), r, wasm_f32x4_add(r, k.one));
	v128_t power = wasm_i32x4_add(wasm_i32x4_shl(shifted, 23), k.one);
	return wasm_v128_and(wasm_f32x4_mul(p, power), wasm_f32x4_ge(x, k.least));
}

INLINE float sum4(f32x4 v) {
	v = wasm_f32x4_add(v, wasm_i64x2_shuffle(v, v, 1, 1));
	return wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1);
}

INLINE f32x4 max4(f32x4 v) {
	v = wasm_f32x4_pmax(v, wasm_i64x2_shuffle(v, v, 1, 0));
	return wasm_f32x4_pmax(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2));
}

// A step of an online softmax for rows of count scores that are ld apart.
EXPORT(softmax)
void softmax(float *s, int ld, int rows, int count, float scale, float *max, float *sum) {
	const powers k = make_powers();
	const f32x4 least = wasm_f32x4_const_splat(-__builtin_inff());
	int whole = count & ~3, rest = count & 3;
	// Lanes behind the end count as -Inf.
	v128_t inside = wasm_i32x4_gt(wasm_i32x4_splat(rest), wasm_i32x4_const(0, 1, 2, 3));
	for (int r = 0; r < rows; r++, s += ld) {
		f32x4 largest = all(max[r]), factor = all(scale), last = least;
		if (rest) {
			last = wasm_v128_bitselect(wasm_f32x4_mul(load_some(s + whole, rest), factor), least, inside);
			largest = wasm_f32x4_pmax(largest, last);
		}
		for (int i = 0; i < whole; i += 4) largest = wasm_f32x4_pmax(largest, wasm_f32x4_mul(load(s + i), factor));
		largest = max4(largest);
		f32x4 total = wasm_f32x4_const_splat(0);
		for (int i = 0; i < whole; i += 4) {
			f32x4 e = exponential(wasm_f32x4_sub(wasm_f32x4_mul(load(s + i), factor), largest), k);
			store(s + i, e);
			total = wasm_f32x4_add(total, e);
		}
		if (rest) {
			f32x4 e = exponential(wasm_f32x4_sub(last, largest), k);
			store_some(s + whole, e, rest);
			total = wasm_f32x4_add(total, e);
		}
		max[r] = wasm_f32x4_extract_lane(largest, 0);
		sum[r] = sum4(total);
	}
}

// What gelu needs: coefficients of erf(x) = x·P(x²)/Q(x²).
typedef struct {
	f32x4 sqrt_half, most, least, p6, p5, p4, p3, p2, p1, p0, q4, q3, q2, q1, q0, half, one;
} gaussian;

INLINE gaussian make_gaussian(void) {
	return (gaussian){
		held(0.70710678118654752440f), held(4), held(-4),
		held(-2.72614225801306e-10f), held(2.77068142495902e-08f), held(-2.10102402082508e-06f), held(-5.69250639462346e-05f),
		held(-7.34990630326855e-04f), held(-2.95459980854025e-03f), held(-1.60960333262415e-02f),
		held(-1.45660718464996e-05f), held(-2.13374055278905e-04f), held(-1.68282697438203e-03f), held(-7.37332916720468e-03f),
		held(-1.42647390514189e-02f),
		held(0.5f), held(1),
	};
}

// x·Φ(x), as gelu in activation.go. The limits leave NaN as it is.
INLINE f32x4 gelu(f32x4 x, gaussian k) {
	f32x4 y = wasm_f32x4_mul(x, k.sqrt_half);
	y = wasm_f32x4_pmin(wasm_f32x4_pmax(y, k.least), k.most);
	f32x4 z = wasm_f32x4_mul(y, y);
	f32x4 p = multiply_add(k.p6, z, k.p5);
	p = multiply_add(p, z, k.p4);
	p = multiply_add(p, z, k.p3);
	p = multiply_add(p, z, k.p2);
	p = multiply_add(p, z, k.p1);
	p = multiply_add(p, z, k.p0);
	f32x4 q = multiply_add(k.q4, z, k.q3);
	q = multiply_add(q, z, k.q2);
	q = multiply_add(q, z, k.q1);
	q = multiply_add(q, z, k.q0);
	f32x4 erf = wasm_f32x4_div(wasm_f32x4_mul(y, p), q);
	return wasm_f32x4_mul(wasm_f32x4_mul(x, k.half), wasm_f32x4_add(erf, k.one));
}

// dst = gelu(u) ⊙ g
EXPORT(geglu)
void geglu(float *dst, const float *u, const float *g, int n) {
	const gaussian k = make_gaussian();
	int i = 0;
	for (; i + 4 <= n; i += 4) store(dst + i, wasm_f32x4_mul(gelu(load(u + i), k), load(g + i)));
	if (i < n) store_some(dst + i, wasm_f32x4_mul(gelu(load_some(u + i, n - i), k), load_some(g + i, n - i)), n - i);
}
