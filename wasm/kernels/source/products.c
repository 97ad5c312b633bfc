// Products with panels of sixteen columns: matrices, attention, MaxSim.

#include "kernels.h"

enum {
	PANEL = 16,   // columns of a panel
	STRETCH = 64, // products that are summed in one go: longer float32 sums round too often

	// Rows of a tile, and columns of x that a turn of the loop takes. With eight
	// outputs a row, the sums of six rows take 12 of the 15 registers that V8 has on
	// amd64, and products that are rounded by themselves need some, too.
#ifdef __wasm_relaxed_simd__
	ROWS = 6,
	STEPS = 2,
#else
	ROWS = 4,
	STEPS = 1,
#endif
};

// sums[r][0:4·vectors] += x[r, c] · panel[c, 0:4·vectors] for the rows of a tile and
// column c of x, which is where at points.
INLINE void accumulate(f32x4 *sums, int rows, int vectors, const float **at, int c, const float *panel) {
	f32x4 w[4];
	UNROLL for (int v = 0; v < vectors; v++) w[v] = load(panel + c * PANEL + 4 * v);
	UNROLL for (int r = 0; r < rows; r++) {
		f32x4 one = wasm_v128_load32_splat(at[r] + c);
		UNROLL for (int v = 0; v < vectors; v++) {
			f32x4 *sum = &sums[r * vectors + v];
			// Else clang has the sums wait until all loads of a turn are done, and V8
			// spills what was loaded: a third of the speed.
			*sum = now(multiply_add(one, w[v], *sum));
		}
	}
}

// sums[r][0:4·vectors] = Σ_c x[r, c] · panel[c, 0:4·vectors] for the rows of a
// tile. Each element is one chain of additions, in the order of c.
INLINE void sum(f32x4 *sums, int rows, int vectors, const float *x, int ldx, const float *panel, int cols) {
	UNROLL for (int i = 0; i < rows * vectors; i++) sums[i] = wasm_f32x4_const_splat(0);
	const float *at[ROWS];
	UNROLL for (int r = 0; r < rows; r++) at[r] = x + r * ldx;
	int left = cols;
	for (; left >= STEPS; left -= STEPS) {
		UNROLL for (int c = 0; c < STEPS; c++) accumulate(sums, rows, vectors, at, c, panel);
		panel += STEPS * PANEL;
		UNROLL for (int r = 0; r < rows; r++) at[r] += STEPS;
	}
	if (left > 0) accumulate(sums, rows, vectors, at, 0, panel); // STEPS is 2 at most
}

INLINE void tile(int rows, int vectors, float *dst, int ldd, const float *x, int ldx, const float *panel, int cols, bool add) {
	f32x4 sums[ROWS * 2];
	sum(sums, rows, vectors, x, ldx, panel, cols);
	UNROLL for (int r = 0; r < rows; r++) {
		UNROLL for (int v = 0; v < vectors; v++) {
			float *to = dst + r * ldd + 4 * v;
			f32x4 s = sums[r * vectors + v];
			store(to, add ? wasm_f32x4_add(s, load(to)) : s);
		}
	}
}

// One stretch of one panel for n rows.
static void stretch(float *dst, int ldd, const float *x, int ldx, const float *panel, int n, int cols, bool add) {
	for (; n >= ROWS; n -= ROWS) {
		tile(ROWS, 2, dst, ldd, x, ldx, panel, cols, add);
		tile(ROWS, 2, dst + 8, ldd, x, ldx, panel + 8, cols, add);
		dst += ROWS * ldd;
		x += ROWS * ldx;
	}
	if (n >= 4 && ROWS > 4) {
		tile(4, 2, dst, ldd, x, ldx, panel, cols, add);
		tile(4, 2, dst + 8, ldd, x, ldx, panel + 8, cols, add);
		dst += 4 * ldd;
		x += 4 * ldx;
		n -= 4;
	}
	if (n >= 2) {
		tile(2, 4, dst, ldd, x, ldx, panel, cols, add);
		dst += 2 * ldd;
		x += 2 * ldx;
		n -= 2;
	}
	if (n == 1) tile(1, 4, dst, ldd, x, ldx, panel, cols, add);
}

// The finite values of a stretch are widened fast; that it has others is seldom,
// and found out by the way.
INLINE void widen_stretch_f16(float *wide, const uint16_t *bits, int n) {
	halves h = make_halves();
	v128_t found = wasm_i32x4_const_splat(0);
	for (int i = 0; i < n; i += 8) {
		v128_t b = wasm_v128_load(bits + i);
		eight e = widen_finite_f16(b, h);
		found = wasm_v128_or(found, infinite(b, h));
		store(wide + i, e.low);
		store(wide + i + 4, e.high);
	}
	if (wasm_v128_any_true(found)) {
		for (int i = 0; i < n; i += 4) store(wide + i, with_infinities(load(wide + i), h));
	}
}

INLINE void widen_stretch_bf16(float *wide, const uint16_t *bits, int n) {
	for (int i = 0; i < n; i += 8) {
		eight e = widen_bf16(wasm_v128_load(bits + i));
		store(wide + i, e.low);
		store(wide + i + 4, e.high);
	}
}

// dst[r, 0:16·count] (+)= Σ_c x[r, c] · panels[c, :] for n rows r. Panels are
// stride values apart. wide has room for a stretch in float32.
EXPORT(panels)
void panels(float *dst, int ldd, const float *x, int ldx, const void *panels, int format, int stride, int count, int n, int cols, int add, float *wide) {
	for (int p = 0; p < count; p++) {
		for (int c = 0; c < cols; c += STRETCH) {
			int width = cols - c < STRETCH ? cols - c : STRETCH;
			int first = p * stride + c * PANEL;
			const float *panel = wide;
			if (format == F32)
				panel = (const float *)panels + first;
			else if (format == F16)
				widen_stretch_f16(wide, (const uint16_t *)panels + first, width * PANEL);
			else
				widen_stretch_bf16(wide, (const uint16_t *)panels + first, width * PANEL);
			stretch(dst + p * PANEL, ldd, x + c, ldx, panel, n, width, add || c > 0);
		}
	}
}

// Raises maxima to the sums of a tile. A sum that is NaN raises nothing.
INLINE void raise(int rows, int vectors, f32x4 *best, const float *x, const float *panel, int cols) {
	f32x4 sums[ROWS * 2];
	sum(sums, rows, vectors, x, cols, panel, cols);
	UNROLL for (int r = 0; r < rows; r++) {
		UNROLL for (int v = 0; v < vectors; v++) best[v] = wasm_f32x4_pmax(best[v], sums[r * vectors + v]);
	}
}

// best[0:16·count] = max over n rows of x [n, cols] of x[r] · panels[:, 0:16],
// from best's own values on. Panels are next to each other.
EXPORT(max_panels)
void max_panels(float *best, const float *x, const float *panels, int count, int n, int cols) {
	for (int p = 0; p < 2 * count; p++) {
		const float *panel = panels + p / 2 * cols * PANEL + p % 2 * 8;
		const float *at = x;
		f32x4 max[2] = {load(best + 8 * p), load(best + 8 * p + 4)};
		int rows = n;
		for (; rows >= ROWS; rows -= ROWS, at += ROWS * cols) raise(ROWS, 2, max, at, panel, cols);
		for (; rows > 0; rows--, at += cols) raise(1, 2, max, at, panel, cols);
		store(best + 8 * p, max[0]);
		store(best + 8 * p + 4, max[1]);
	}
}

// panel[c, 0:16] = rows[0:16, c]
EXPORT(pack_panel)
void pack_panel(float *panel, const float *rows, int cols) {
	for (int first = 0; first < PANEL; first += 4) {
		const float *a = rows + first * cols, *b = a + cols, *c = b + cols, *d = c + cols;
		float *to = panel + first;
		int at = 0;
		for (; at + 4 <= cols; at += 4, to += 4 * PANEL) {
			f32x4 va = load(a + at), vb = load(b + at), vc = load(c + at), vd = load(d + at);
			f32x4 ab = wasm_i32x4_shuffle(va, vb, 0, 4, 1, 5), cd = wasm_i32x4_shuffle(vc, vd, 0, 4, 1, 5);
			f32x4 AB = wasm_i32x4_shuffle(va, vb, 2, 6, 3, 7), CD = wasm_i32x4_shuffle(vc, vd, 2, 6, 3, 7);
			store(to, wasm_i64x2_shuffle(ab, cd, 0, 2));
			store(to + PANEL, wasm_i64x2_shuffle(ab, cd, 1, 3));
			store(to + 2 * PANEL, wasm_i64x2_shuffle(AB, CD, 0, 2));
			store(to + 3 * PANEL, wasm_i64x2_shuffle(AB, CD, 1, 3));
		}
		for (; at < cols; at++, to += PANEL) to[0] = a[at], to[1] = b[at], to[2] = c[at], to[3] = d[at];
	}
}
