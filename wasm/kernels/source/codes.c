// Numbers from shorter forms.

#include "kernels.h"

// Widens n values of two bytes, exactly.
EXPORT(widen)
void widen(float *dst, const uint16_t *src, int n, int format) {
	halves h = make_halves();
	int whole = n & ~7;
	for (int i = 0; i < whole; i += 8) {
		v128_t bits = wasm_v128_load(src + i);
		eight e = widen_bf16(bits);
		if (format == F16) {
			e = widen_finite_f16(bits, h);
			if (wasm_v128_any_true(infinite(bits, h))) e = (eight){with_infinities(e.low, h), with_infinities(e.high, h)};
		}
		store(dst + i, e.low);
		store(dst + i + 4, e.high);
	}
	for (int i = whole; i < n; i++) {
		f32x4 v = wasm_i32x4_make((int)((uint32_t)src[i] << 16), 0, 0, 0);
		if (format == F16) v = with_infinities(widen_finite(v, h), h);
		wasm_v128_store32_lane(dst + i, v, 0);
	}
}

// dst[i, j] = scales[i] · codes[i, j] for n vectors of dim signed bytes.
EXPORT(decode_int8)
void decode_int8(float *dst, const int8_t *codes, const float *scales, int n, int dim) {
	for (int i = 0; i < n; i++, codes += dim, dst += dim) {
		f32x4 scale = all(scales[i]);
		int j = 0;
		for (; j + 8 <= dim; j += 8) {
			v128_t c = wasm_i16x8_load8x8(codes + j);
			store(dst + j, wasm_f32x4_mul(scale, wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(c))));
			store(dst + j + 4, wasm_f32x4_mul(scale, wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(c))));
		}
		for (; j < dim; j++) dst[j] = scales[i] * (float)codes[j];
	}
}

// The next sixteen codes of 1, 2 or 4 bits, a byte each.
INLINE v128_t sixteen(const uint8_t *codes, int bits) {
	if (bits == 4) {
		v128_t b = wasm_v128_load64_zero(codes);
		v128_t low = wasm_v128_and(b, wasm_i8x16_const_splat(15)), high = wasm_u8x16_shr(b, 4);
		return wasm_i8x16_shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
	}
	if (bits == 2) {
		v128_t b = wasm_v128_load32_zero(codes), three = wasm_i8x16_const_splat(3);
		v128_t first = wasm_v128_and(b, three), second = wasm_v128_and(wasm_u8x16_shr(b, 2), three);
		v128_t third = wasm_v128_and(wasm_u8x16_shr(b, 4), three), fourth = wasm_u8x16_shr(b, 6);
		v128_t left = wasm_i8x16_shuffle(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
		v128_t right = wasm_i8x16_shuffle(third, fourth, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
		return wasm_i16x8_shuffle(left, right, 0, 8, 1, 9, 2, 10, 3, 11);
	}
	v128_t b = wasm_i16x8_splat((int16_t)(codes[0] | codes[1] << 8));
	b = wasm_i8x16_shuffle(b, b, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
	v128_t places = wasm_u8x16_const(1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
	return wasm_v128_and(wasm_i8x16_eq(wasm_v128_and(b, places), places), wasm_i8x16_const_splat(1));
}

// Byte b of sixteen float32 that are next to each other.
INLINE v128_t plane(const float *table, int b) {
	const uint8_t *p = (const uint8_t *)table + b;
	v128_t v = wasm_i8x16_const_splat(0);
#define LANE(i) v = wasm_v128_load8_lane(p + 4 * i, v, i);
	LANE(0) LANE(1) LANE(2) LANE(3) LANE(4) LANE(5) LANE(6) LANE(7)
	LANE(8) LANE(9) LANE(10) LANE(11) LANE(12) LANE(13) LANE(14) LANE(15)
#undef LANE
	return v;
}

// Four times the product rounded, then added to the centroid.
INLINE void residual(float *dst, const float *centroid, f32x4 scale, v128_t weight) {
	store(dst, wasm_f32x4_add(load(centroid), wasm_f32x4_mul(scale, weight)));
}

// dst[i] = centroids[ids[i]] + scales[i] · weights[codes[i]] for n vectors.
// weights has sixteen values, where there are fewer codes with anything at the
// end. Codes look their weights up byte by byte.
INLINE void residuals(float *dst, const uint8_t *codes, int bits, const float *weights, const float *scales, const float *centroids, const uint16_t *ids, int n, int dim) {
	v128_t b0 = plane(weights, 0), b1 = plane(weights, 1), b2 = plane(weights, 2), b3 = plane(weights, 3);
	for (int i = 0; i < n; i++, dst += dim, codes += (dim * bits + 7) / 8) {
		const float *centroid = centroids + ids[i] * dim;
		f32x4 scale = all(scales[i]);
		int j = 0;
		for (; j + 16 <= dim; j += 16) {
			v128_t code = sixteen(codes + j * bits / 8, bits);
			v128_t w0 = wasm_i8x16_swizzle(b0, code), w1 = wasm_i8x16_swizzle(b1, code);
			v128_t w2 = wasm_i8x16_swizzle(b2, code), w3 = wasm_i8x16_swizzle(b3, code);
			v128_t low = wasm_i8x16_shuffle(w0, w1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
			v128_t low8 = wasm_i8x16_shuffle(w0, w1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
			v128_t high = wasm_i8x16_shuffle(w2, w3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
			v128_t high8 = wasm_i8x16_shuffle(w2, w3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
			residual(dst + j, centroid + j, scale, wasm_i16x8_shuffle(low, high, 0, 8, 1, 9, 2, 10, 3, 11));
			residual(dst + j + 4, centroid + j + 4, scale, wasm_i16x8_shuffle(low, high, 4, 12, 5, 13, 6, 14, 7, 15));
			residual(dst + j + 8, centroid + j + 8, scale, wasm_i16x8_shuffle(low8, high8, 0, 8, 1, 9, 2, 10, 3, 11));
			residual(dst + j + 12, centroid + j + 12, scale, wasm_i16x8_shuffle(low8, high8, 4, 12, 5, 13, 6, 14, 7, 15));
		}
		for (; j < dim; j++) {
			int code = codes[j * bits / 8] >> j * bits % 8 & ((1 << bits) - 1);
			dst[j] = centroid[j] + scales[i] * weights[code];
		}
	}
}

EXPORT(decode_residual)
void decode_residual(float *dst, const uint8_t *codes, int bits, const float *weights, const float *scales, const float *centroids, const uint16_t *ids, int n, int dim) {
	if (bits == 4)
		residuals(dst, codes, 4, weights, scales, centroids, ids, n, dim);
	else if (bits == 2)
		residuals(dst, codes, 2, weights, scales, centroids, ids, n, dim);
	else
		residuals(dst, codes, 1, weights, scales, centroids, ids, n, dim);
}
