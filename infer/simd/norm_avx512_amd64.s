//go:build !purego

#include "textflag.h"

// SUM8D adds the lanes of a vector of float64 up into the lowest lane.
#define SUM8D(z, y, x, t, tx) \
	VEXTRACTF64X4 $1, z, t  \
	VADDPD        t, y, y   \
	VEXTRACTF128  $1, y, tx \
	VADDPD        tx, x, x  \
	VHADDPD       x, x, x

// MOMENTS adds eight values, less x[0], to their sums, and their squares.
#define MOMENTS(from, sum, squares) \
	VCVTPS2PD   from, Z1         \
	VSUBPD      Z8, Z1, Z1       \
	VADDPD      Z1, sum, sum     \
	VFMADD231PD Z1, Z1, squares

// STATISTICS sets mean and inverse, registers of float64, to the mean of the row
// at SI and to 1 / sqrt(variance + eps). CX is the row's length, X2 the same in
// float64. The sums are those of layerNorm8AVX2, but four registers of them and
// four of squares: their order is another. Z0 to Z12 but Z2, Z3 and Z6 are scratch.
#define STATISTICS(moments, mean, inverse) \
	VCVTSS2SD    (SI), X8, X8            \
	VBROADCASTSD X8, Z8                  \
	VPXORQ     Z0, Z0, Z0                \
	VPXORQ     Z4, Z4, Z4                \
	VPXORQ     Z5, Z5, Z5                \
	VPXORQ     Z7, Z7, Z7                \
	VPXORQ     Z9, Z9, Z9                \
	VPXORQ     Z10, Z10, Z10             \
	VPXORQ     Z11, Z11, Z11             \
	VPXORQ     Z12, Z12, Z12             \
	XORQ       AX, AX                    \
moments:                                     \
	MOMENTS((SI)(AX*4), Z0, Z9)          \
	MOMENTS(32(SI)(AX*4), Z4, Z10)       \
	MOMENTS(64(SI)(AX*4), Z5, Z11)       \
	MOMENTS(96(SI)(AX*4), Z7, Z12)       \
	ADDQ $32, AX                         \
	CMPQ AX, CX                          \
	JLT  moments                         \
	VADDPD Z4, Z0, Z0                    \
	VADDPD Z7, Z5, Z5                    \
	VADDPD Z5, Z0, Z0                    \
	VADDPD Z10, Z9, Z9                   \
	VADDPD Z12, Z11, Z11                 \
	VADDPD Z11, Z9, Z9                   \
	SUM8D(Z0, Y0, X0, Y1, X1)            \
	SUM8D(Z9, Y9, X9, Y1, X1)            \
	VDIVSD       X2, X0, X0              \ // mean, from x[0] on
	VDIVSD       X2, X9, X9              \
	VFNMADD231SD X0, X0, X9              \ // variance
	VADDSD       X8, X0, X0              \
	VBROADCASTSD X0, mean                \
	VXORPD       X0, X0, X0              \
	VMAXSD       X9, X0, X0              \ // 0 for a tiny negative, NaN for NaN
	VCVTSS2SD    eps+72(FP), X1, X1      \
	VADDSD       X1, X0, X0              \
	VSQRTSD      X0, X0, X0              \
	MOVQ         $0x3ff0000000000000, AX \ // 1.0
	VMOVQ        AX, X1                  \
	VDIVSD       X0, X1, X0              \
	VBROADCASTSD X0, inverse

// NORMED writes eight values.
#define NORMED(at) \
	VCVTPS2PD at(R11)(AX*4), Z16      \
	VSUBPD    Z3, Z16, Z16            \
	VMULPD    Z6, Z16, Z16            \
	VCVTPD2PS Z16, Y16                \
	VMULPS    at(DX)(AX*4), Y16, Y16  \
	VMOVUPS   Y16, at(DI)(AX*4)

// func layerNorm32AVX512(dst, x, weight []float32, eps float32)
//
// The statistics of a row are computed before the row before is written: their
// divisions and the root wait for each other, and writing fills that time.
TEXT ·layerNorm32AVX512(SB), NOSPLIT, $0-76
	MOVQ dst_base+0(FP), DI
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), BX // values left to measure
	MOVQ weight_base+48(FP), DX
	MOVQ weight_len+56(FP), CX
	LEAQ (CX*4), R9
	MOVQ SI, R11 // the row to write
	VXORPD     X2, X2, X2
	VCVTSI2SDQ CX, X2, X2
	STATISTICS(first, Z13, Z14)

row:
	VMOVAPD Z13, Z3
	VMOVAPD Z14, Z6
	ADDQ    R9, SI
	SUBQ    CX, BX
	JEQ     last
	STATISTICS(moments, Z13, Z14)

last:
	XORQ AX, AX

write:
	NORMED(0)
	NORMED(32)
	NORMED(64)
	NORMED(96)
	ADDQ  $32, AX
	CMPQ  AX, CX
	JLT   write
	ADDQ  R9, DI
	ADDQ  R9, R11
	TESTQ BX, BX
	JNE   row
	VZEROUPPER
	RET
