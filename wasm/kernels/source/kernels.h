// What the kernels share. They are compiled twice, for engines with SIMD128 and
// for those with relaxed SIMD beside it, whose multiply-add rounds once where
// the processor can.
//
// They are leaf functions on memory that Go owns: no data, no stack, no
// allocation. Pointers and lengths come from infer/simd, which has checked them;
// what each function computes is said there, in generic.go and kernels.go.
#ifndef TOLLER_KERNELS_H
#define TOLLER_KERNELS_H

#include <stdbool.h>
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name), used))
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef v128_t f32x4;

INLINE f32x4 load(const float *p) { return wasm_v128_load(p); }
INLINE void store(float *p, f32x4 v) { wasm_v128_store(p, v); }
INLINE f32x4 all(float v) { return wasm_f32x4_splat(v); }

// a·b + c, rounded once or twice.
INLINE f32x4 multiply_add(f32x4 a, f32x4 b, f32x4 c) {
#ifdef __wasm_relaxed_simd__
	return __builtin_wasm_relaxed_madd_f32x4(a, b, c);
#else
	return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#endif
}

// Where a value is ready, as far as the compiler knows: it moves no computation
// across.
INLINE v128_t now(v128_t v) {
	__asm__ volatile("" : "+r"(v));
	return v;
}

// A constant that a loop keeps: V8 would make it anew, by three instructions,
// wherever it is used.
INLINE f32x4 held(float v) { return now(all(v)); }
INLINE v128_t held_bits(uint32_t v) { return now(wasm_i32x4_splat((int)v)); }

// The first n < 4 numbers at p, then zeros: what lies behind them isn't read.
INLINE f32x4 load_some(const float *p, int n) {
	f32x4 v = wasm_v128_load32_zero(p);
	if (n > 1) v = wasm_v128_load32_lane(p + 1, v, 1);
	if (n > 2) v = wasm_v128_load32_lane(p + 2, v, 2);
	return v;
}

INLINE void store_some(float *p, f32x4 v, int n) {
	wasm_v128_store32_lane(p, v, 0);
	if (n > 1) wasm_v128_store32_lane(p + 1, v, 1);
	if (n > 2) wasm_v128_store32_lane(p + 2, v, 2);
}

// The formats of weights.
enum format { F32, F16, BF16 };

// Eight values of two bytes as float32.
typedef struct {
	f32x4 low, high;
} eight;

INLINE eight widen_bf16(v128_t bits) {
	v128_t zero = wasm_i32x4_const_splat(0);
	return (eight){
		wasm_i16x8_shuffle(zero, bits, 0, 8, 1, 9, 2, 10, 3, 11),
		wasm_i16x8_shuffle(zero, bits, 4, 12, 5, 13, 6, 14, 7, 15),
	};
}

// What the conversion of binary16 needs.
typedef struct {
	v128_t places, exponent, infinity;
	f32x4 bias, beyond;
} halves;

INLINE halves make_halves(void) {
	return (halves){held_bits(0x8fffe000), held_bits(0x7c007c00), held_bits(0x7f800000), held(0x1p112f), held(0x1p16f)};
}

// A binary16 whose bits lie in the upper half, to a float32: exponent and
// fraction move to their places, sign bits that follow them there are cleared,
// and a product puts the exponent's bias right, for subnormal numbers too. (Those
// take Intel a hundred cycles and more. Of trained weights one in a thousand is
// subnormal, and what avoids the product costs more than that.) What has the
// largest exponent becomes 65536 and more.
INLINE f32x4 widen_finite(v128_t upper, halves h) {
	return wasm_f32x4_mul(wasm_v128_and(wasm_i32x4_shr(upper, 3), h.places), h.bias);
}

// binary16 that are finite.
INLINE eight widen_finite_f16(v128_t bits, halves h) {
	eight upper = widen_bf16(bits);
	return (eight){widen_finite(upper.low, h), widen_finite(upper.high, h)};
}

// Puts infinities and NaN where widen_finite made numbers of them.
INLINE f32x4 with_infinities(f32x4 v, halves h) {
	return wasm_v128_or(v, wasm_v128_and(wasm_f32x4_ge(wasm_f32x4_abs(v), h.beyond), h.infinity));
}

// All ones for each of eight binary16 that has the largest exponent.
INLINE v128_t infinite(v128_t bits, halves h) {
	return wasm_i16x8_eq(wasm_v128_and(bits, h.exponent), h.exponent);
}

#endif
