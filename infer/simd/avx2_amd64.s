//go:build !purego

#include "textflag.h"

// Panel products.
//
// DI dst, R8 bytes between its rows; SI x, R9 bytes between its rows; DX panel,
// R10 its bytes per column; CX columns, BX rows left, R12 add (0 or 1).
// R13 and AX walk over the rows of x, R14 over the panel, R15 counts columns.
// Y0 to Y11 are sums, two per row; Y12 and Y13 a column of the panel.
//
// Six rows at a time, and four where that leaves less over: seven rows are four
// and three, eight are two fours. Fewer than four rows take as long as four,
// since each sum waits for its own last product.

#define LOAD_F32 \
	VMOVUPS (R14), Y12   \
	VMOVUPS 32(R14), Y13

#define LOAD_F16 \
	VCVTPH2PS (R14), Y12   \
	VCVTPH2PS 16(R14), Y13

#define LOAD_BF16 \
	VPMOVZXWD (R14), Y12   \
	VPMOVZXWD 16(R14), Y13 \
	VPSLLD    $16, Y12, Y12 \
	VPSLLD    $16, Y13, Y13

// MADD adds x[row, c] · panel[c, :] to a row's two sums.
#define MADD(from, broadcast, low, high) \
	VBROADCASTSS from, broadcast       \
	VFMADD231PS  Y12, broadcast, low   \
	VFMADD231PS  Y13, broadcast, high

#define ZERO4 \
	VXORPS Y0, Y0, Y0 \
	VXORPS Y1, Y1, Y1 \
	VXORPS Y2, Y2, Y2 \
	VXORPS Y3, Y3, Y3 \
	VXORPS Y4, Y4, Y4 \
	VXORPS Y5, Y5, Y5 \
	VXORPS Y6, Y6, Y6 \
	VXORPS Y7, Y7, Y7

#define ZERO6 \
	ZERO4                \
	VXORPS Y8, Y8, Y8    \
	VXORPS Y9, Y9, Y9    \
	VXORPS Y10, Y10, Y10 \
	VXORPS Y11, Y11, Y11

// START points the walking registers at the first column.
#define START \
	MOVQ SI, R13          \
	LEAQ (SI)(R9*2), AX   \
	ADDQ R9, AX           \
	MOVQ DX, R14          \
	MOVQ CX, R15

#define STEP \
	ADDQ $4, R13   \
	ADDQ $4, AX    \
	ADDQ R10, R14

#define COLUMN6(LOAD) \
	LOAD                          \
	MADD((R13), Y14, Y0, Y1)       \
	MADD((R13)(R9*1), Y15, Y2, Y3) \
	MADD((R13)(R9*2), Y14, Y4, Y5) \
	MADD((AX), Y15, Y6, Y7)        \
	MADD((AX)(R9*1), Y14, Y8, Y9)  \
	MADD((AX)(R9*2), Y15, Y10, Y11) \
	STEP

#define COLUMN4(LOAD) \
	LOAD                          \
	MADD((R13), Y14, Y0, Y1)       \
	MADD((R13)(R9*1), Y15, Y2, Y3) \
	MADD((R13)(R9*2), Y14, Y4, Y5) \
	MADD((AX), Y15, Y6, Y7)        \
	STEP

#define COLUMN3(LOAD) \
	LOAD                          \
	MADD((R13), Y14, Y0, Y1)       \
	MADD((R13)(R9*1), Y15, Y2, Y3) \
	MADD((R13)(R9*2), Y14, Y4, Y5) \
	STEP

#define COLUMN2(LOAD) \
	LOAD                          \
	MADD((R13), Y14, Y0, Y1)       \
	MADD((R13)(R9*1), Y15, Y2, Y3) \
	STEP

#define COLUMN1(LOAD) \
	LOAD                    \
	MADD((R13), Y14, Y0, Y1) \
	STEP

// ADD and STORE a row at DI, and go to the next one.
#define ADD(low, high) \
	VADDPS (DI), low, low    \
	VADDPS 32(DI), high, high

#define STORE(low, high) \
	VMOVUPS low, (DI)    \
	VMOVUPS high, 32(DI) \
	ADDQ    R8, DI

#define ADDSTORE(low, high) \
	ADD(low, high)   \
	STORE(low, high)

#define PANEL(LOAD, COLUMNBYTES) \
	MOVQ    $COLUMNBYTES, R10     \
	SHLQ    $2, R8                \
	SHLQ    $2, R9                \
rows6:                                \
	CMPQ BX, $6                   \
	JLT  rows4                    \
	CMPQ BX, $7                   \
	JEQ  rows4                    \
	CMPQ BX, $8                   \
	JEQ  rows4                    \
	ZERO6                         \
	START                         \
	SUBQ $2, R15                  \
	JLT  odd6                     \
columns6:                             \
	COLUMN6(LOAD)                 \
	COLUMN6(LOAD)                 \
	SUBQ $2, R15                  \
	JGE  columns6                 \
odd6:                                 \
	ADDQ $2, R15                  \
	JEQ  summed6                  \
	COLUMN6(LOAD)                 \
summed6:                              \
	LEAQ (SI)(R9*4), SI           \
	LEAQ (SI)(R9*2), SI           \
	SUBQ $6, BX                   \
	TESTQ R12, R12                \
	JEQ  store6                   \
	ADDSTORE(Y0, Y1)              \
	ADDSTORE(Y2, Y3)              \
	ADDSTORE(Y4, Y5)              \
	ADDSTORE(Y6, Y7)              \
	ADDSTORE(Y8, Y9)              \
	ADDSTORE(Y10, Y11)            \
	JMP  rows6                    \
store6:                               \
	STORE(Y0, Y1)                 \
	STORE(Y2, Y3)                 \
	STORE(Y4, Y5)                 \
	STORE(Y6, Y7)                 \
	STORE(Y8, Y9)                 \
	STORE(Y10, Y11)               \
	JMP  rows6                    \
rows4:                                \
	CMPQ BX, $4                   \
	JLT  rows3                    \
	ZERO4                         \
	START                         \
columns4:                             \
	COLUMN4(LOAD)                 \
	DECQ R15                      \
	JNE  columns4                 \
	LEAQ (SI)(R9*4), SI           \
	SUBQ $4, BX                   \
	TESTQ R12, R12                \
	JEQ  store4                   \
	ADDSTORE(Y0, Y1)              \
	ADDSTORE(Y2, Y3)              \
	ADDSTORE(Y4, Y5)              \
	ADDSTORE(Y6, Y7)              \
	JMP  rows4                    \
store4:                               \
	STORE(Y0, Y1)                 \
	STORE(Y2, Y3)                 \
	STORE(Y4, Y5)                 \
	STORE(Y6, Y7)                 \
	JMP  rows4                    \
rows3:                                \
	CMPQ BX, $3                   \
	JLT  rows2                    \
	ZERO4                         \
	START                         \
columns3:                             \
	COLUMN3(LOAD)                 \
	DECQ R15                      \
	JNE  columns3                 \
	TESTQ R12, R12                \
	JEQ  store3                   \
	ADDSTORE(Y0, Y1)              \
	ADDSTORE(Y2, Y3)              \
	ADDSTORE(Y4, Y5)              \
	JMP  done                     \
store3:                               \
	STORE(Y0, Y1)                 \
	STORE(Y2, Y3)                 \
	STORE(Y4, Y5)                 \
	JMP  done                     \
rows2:                                \
	CMPQ BX, $2                   \
	JLT  rows1                    \
	ZERO4                         \
	START                         \
columns2:                             \
	COLUMN2(LOAD)                 \
	DECQ R15                      \
	JNE  columns2                 \
	TESTQ R12, R12                \
	JEQ  store2                   \
	ADDSTORE(Y0, Y1)              \
	ADDSTORE(Y2, Y3)              \
	JMP  done                     \
store2:                               \
	STORE(Y0, Y1)                 \
	STORE(Y2, Y3)                 \
	JMP  done                     \
rows1:                                \
	TESTQ BX, BX                  \
	JEQ  done                     \
	VXORPS Y0, Y0, Y0             \
	VXORPS Y1, Y1, Y1             \
	START                         \
columns1:                             \
	COLUMN1(LOAD)                 \
	DECQ R15                      \
	JNE  columns1                 \
	TESTQ R12, R12                \
	JEQ  store1                   \
	ADD(Y0, Y1)                   \
store1:                               \
	STORE(Y0, Y1)                 \
done:                                 \
	VZEROUPPER                    \
	RET

// func panelF32AVX2(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool)
TEXT ·panelF32AVX2(SB), NOSPLIT, $0-105
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ panel_base+64(FP), DX
	MOVQ n+88(FP), BX
	MOVQ cols+96(FP), CX
	MOVBQZX add+104(FP), R12
	PANEL(LOAD_F32, 64)

// func panelF16AVX2(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)
TEXT ·panelF16AVX2(SB), NOSPLIT, $0-105
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ panel_base+64(FP), DX
	MOVQ n+88(FP), BX
	MOVQ cols+96(FP), CX
	MOVBQZX add+104(FP), R12
	PANEL(LOAD_F16, 32)

// func panelBF16AVX2(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)
TEXT ·panelBF16AVX2(SB), NOSPLIT, $0-105
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ panel_base+64(FP), DX
	MOVQ n+88(FP), BX
	MOVQ cols+96(FP), CX
	MOVBQZX add+104(FP), R12
	PANEL(LOAD_BF16, 32)

// SUM8 adds the lanes of Y(v) up into all lanes of X(v), with X(t) as scratch.
#define SUM8(y, x, t) \
	VEXTRACTF128 $1, y, t \
	VADDPS  t, x, x       \
	VHADDPS x, x, x       \
	VHADDPS x, x, x

// SUM4D adds the lanes of a vector of float64 up into the lowest lane.
#define SUM4D(y, x, t) \
	VEXTRACTF128 $1, y, t \
	VADDPD  t, x, x       \
	VHADDPD x, x, x

// func layerNorm8AVX2(dst, x, weight []float32, eps float32)
//
// In float64 throughout: a layer norm feeds every product after it, and its
// float32 rounding alone would double the error of a state.
TEXT ·layerNorm8AVX2(SB), NOSPLIT, $0-76
	MOVQ dst_base+0(FP), DI
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), CX
	MOVQ weight_base+48(FP), DX

	// Y3 = mean, X0 = Σ (x − mean)² / n, from the sums of x − x[0] and of its
	// squares: x[0] is as far from the mean as √n deviations at most, so float64
	// has digits to spare for what cancels.
	VCVTSS2SD    (SI), X8, X8
	VBROADCASTSD X8, Y8
	VXORPD     X2, X2, X2
	VCVTSI2SDQ CX, X2, X2
	VXORPD     Y0, Y0, Y0
	VXORPD     Y5, Y5, Y5
	VXORPD     Y6, Y6, Y6
	VXORPD     Y7, Y7, Y7
	XORQ       AX, AX

moments:
	VCVTPS2PD   (SI)(AX*4), Y1
	VCVTPS2PD   16(SI)(AX*4), Y4
	VSUBPD      Y8, Y1, Y1
	VSUBPD      Y8, Y4, Y4
	VADDPD      Y1, Y0, Y0
	VADDPD      Y4, Y5, Y5
	VFMADD231PD Y1, Y1, Y6
	VFMADD231PD Y4, Y4, Y7
	ADDQ        $8, AX
	CMPQ        AX, CX
	JLT         moments
	VADDPD      Y5, Y0, Y0
	VADDPD      Y7, Y6, Y6
	SUM4D(Y0, X0, X1)
	SUM4D(Y6, X6, X1)
	VDIVSD       X2, X0, X0
	VDIVSD       X2, X6, X6
	VFNMADD231SD X0, X0, X6
	VADDSD       X8, X0, X0
	VBROADCASTSD X0, Y3
	VXORPD       X0, X0, X0
	VMAXSD       X6, X0, X0 // 0 for a tiny negative, NaN for NaN

	// Y6 = 1 / sqrt(variance + eps)
	VCVTSS2SD    eps+72(FP), X1, X1
	VADDSD       X1, X0, X0
	VSQRTSD      X0, X0, X0
	MOVQ         $0x3ff0000000000000, AX // 1.0
	VMOVQ        AX, X1
	VDIVSD       X0, X1, X0
	VBROADCASTSD X0, Y6

	XORQ AX, AX

write:
	VCVTPS2PD  (SI)(AX*4), Y1
	VCVTPS2PD  16(SI)(AX*4), Y4
	VSUBPD     Y3, Y1, Y1
	VSUBPD     Y3, Y4, Y4
	VMULPD     Y6, Y1, Y1
	VMULPD     Y6, Y4, Y4
	VCVTPD2PSY Y1, X1
	VCVTPD2PSY Y4, X4
	VMULPS     (DX)(AX*4), X1, X1
	VMULPS     16(DX)(AX*4), X4, X4
	VMOVUPS    X1, (DI)(AX*4)
	VMOVUPS    X4, 16(DI)(AX*4)
	ADDQ       $8, AX
	CMPQ       AX, CX
	JLT        write
	VZEROUPPER
	RET

// Offsets in vectorConstants.
#define LOG2E    0
#define LN2HIGH  32
#define LN2LOW   64
#define MINEXP   96
#define EXP7     128
#define EXP6     160
#define EXP5     192
#define EXP4     224
#define EXP3     256
#define EXP2     288
#define ONE      320
#define HALF     352
#define SQRTHALF 384
#define MAXERF   416
#define MINERF   448
#define ERFP     480
#define ERFQ     704
#define BIAS     864
#define MASK     896
#define LN2      960
#define EXPSHORT6 992
#define EXPSHORT5 1024
#define EXPSHORT4 1056
#define EXPSHORT3 1088

// func geGLU8AVX2(dst, u, g []float32, v *vectorConstants)
TEXT ·geGLU8AVX2(SB), NOSPLIT, $0-80
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ u_base+24(FP), SI
	MOVQ g_base+48(FP), DX
	MOVQ v+72(FP), R8
	VMOVUPS SQRTHALF(R8), Y8
	VMOVUPS MAXERF(R8), Y9
	VMOVUPS MINERF(R8), Y10
	VMOVUPS ONE(R8), Y11
	VMOVUPS HALF(R8), Y12
	VMOVUPS ERFP(R8), Y13
	VMOVUPS ERFQ(R8), Y14
	XORQ AX, AX
	JMP  more

eight:
	VMOVUPS (SI)(AX*4), Y0
	VMULPS  Y8, Y0, Y1
	VMINPS  Y9, Y1, Y1
	VMAXPS  Y10, Y1, Y1    // x, clipped
	VMULPS  Y1, Y1, Y2     // z = x²
	VMOVAPS Y13, Y3        // P(z)
	VFMADD213PS (ERFP+32)(R8), Y2, Y3
	VFMADD213PS (ERFP+64)(R8), Y2, Y3
	VFMADD213PS (ERFP+96)(R8), Y2, Y3
	VFMADD213PS (ERFP+128)(R8), Y2, Y3
	VFMADD213PS (ERFP+160)(R8), Y2, Y3
	VFMADD213PS (ERFP+192)(R8), Y2, Y3
	VMOVAPS Y14, Y4        // Q(z)
	VFMADD213PS (ERFQ+32)(R8), Y2, Y4
	VFMADD213PS (ERFQ+64)(R8), Y2, Y4
	VFMADD213PS (ERFQ+96)(R8), Y2, Y4
	VFMADD213PS (ERFQ+128)(R8), Y2, Y4
	VMULPS  Y1, Y3, Y3
	VDIVPS  Y4, Y3, Y3     // erf
	VADDPS  Y11, Y3, Y3
	VMULPS  Y12, Y0, Y0
	VMULPS  Y3, Y0, Y0
	VMULPS  (DX)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX

more:
	CMPQ AX, CX
	JLT  eight
	VZEROUPPER
	RET

// func rotate8AVX2(x, cos, sin []float32)
TEXT ·rotate8AVX2(SB), NOSPLIT, $0-72
	MOVQ x_base+0(FP), SI
	MOVQ cos_base+24(FP), R8
	MOVQ cos_len+32(FP), CX
	MOVQ sin_base+48(FP), R9
	LEAQ (SI)(CX*4), DI
	XORQ AX, AX

pair:
	VMOVUPS (SI)(AX*4), Y0
	VMOVUPS (DI)(AX*4), Y1
	VMOVUPS (R8)(AX*4), Y2
	VMOVUPS (R9)(AX*4), Y3
	VMULPS  Y3, Y1, Y4
	VFMSUB231PS Y2, Y0, Y4  // low·cos − high·sin
	VMULPS  Y3, Y0, Y5
	VFMADD231PS Y2, Y1, Y5  // high·cos + low·sin
	VMOVUPS Y4, (SI)(AX*4)
	VMOVUPS Y5, (DI)(AX*4)
	ADDQ    $8, AX
	CMPQ    AX, CX
	JLT     pair
	VZEROUPPER
	RET

// EXP replaces the lanes of Y0, none above 0, by their exponential. Y1 to Y3
// are scratch; Y8 to Y15 hold constants as set up by softmaxRowsAVX2.
//
// One product takes n·ln 2 off: what float32(ln 2) is short of shows only where
// n is large, and so the exponential next to nothing beside the largest, 1.
#define EXP \
	VCMPPS       $5, Y10, Y0, Y3       \ // keep unless x < minExp: NaN stays
	VMULPS       Y8, Y0, Y1            \
	VROUNDPS     $0, Y1, Y1            \ // n
	VFNMADD231PS Y9, Y1, Y0            \ // r
	VMOVAPS      Y11, Y2               \
	VFMADD213PS  Y12, Y0, Y2           \
	VFMADD213PS  Y13, Y0, Y2           \
	VFMADD213PS  EXPSHORT3(R8), Y0, Y2 \
	VFMADD213PS  HALF(R8), Y0, Y2      \
	VFMADD213PS  Y14, Y0, Y2           \
	VFMADD213PS  Y14, Y0, Y2           \
	VCVTPS2DQ    Y1, Y1                \
	VPSLLD       $23, Y1, Y1           \
	VPADDD       Y1, Y2, Y0            \ // e^r · 2^n
	VANDPS       Y3, Y0, Y0

// func softmaxRowsAVX2(s []float32, ld, rows, count int, scale float32, max, sum []float32, v *vectorConstants)
//
// All maxima come first: a row's exponentials wait for its maximum, and would
// keep the processor waiting too if the two took turns.
TEXT ·softmaxRowsAVX2(SB), NOSPLIT, $0-112
	MOVQ s_base+0(FP), SI
	MOVQ ld+24(FP), R11
	SHLQ $2, R11
	MOVQ rows+32(FP), DX
	MOVQ count+40(FP), CX
	VBROADCASTSS scale+48(FP), Y7
	MOVQ max_base+56(FP), R9
	MOVQ v+104(FP), R8

	// Y5: the lanes of the last, incomplete vector.
	MOVQ CX, BX
	ANDQ $7, BX
	LEAQ MASK(R8), R10
	NEGQ BX
	VMOVUPS 32(R10)(BX*4), Y5
	NEGQ BX
	SUBQ BX, CX

rowMax:
	// Y6 = largest scale·s and max. A lane that is off repeats max.
	VBROADCASTSS (R9), Y6
	XORQ AX, AX
	JMP  moreMax

eightMax:
	VMULPS (SI)(AX*4), Y7, Y0
	VMAXPS Y0, Y6, Y6
	ADDQ   $8, AX

moreMax:
	CMPQ AX, CX
	JLT  eightMax
	TESTQ BX, BX
	JEQ   largest
	VMASKMOVPS (SI)(AX*4), Y5, Y0
	VMULPS     Y7, Y0, Y0
	VBLENDVPS  Y5, Y0, Y6, Y0
	VMAXPS     Y0, Y6, Y6

largest:
	VEXTRACTF128 $1, Y6, X0
	VMAXPS    X0, X6, X6
	VPERMILPS $0x4e, X6, X0
	VMAXPS    X0, X6, X6
	VPERMILPS $0xb1, X6, X0
	VMAXPS    X0, X6, X6
	VMOVSS    X6, (R9)
	ADDQ R11, SI
	ADDQ $4, R9
	DECQ DX
	JNE  rowMax

	MOVQ s_base+0(FP), SI
	MOVQ rows+32(FP), DX
	MOVQ max_base+56(FP), R9
	MOVQ sum_base+80(FP), R10
	VMOVUPS LOG2E(R8), Y8
	VMOVUPS LN2(R8), Y9
	VMOVUPS MINEXP(R8), Y10
	VMOVUPS EXPSHORT6(R8), Y11
	VMOVUPS EXPSHORT5(R8), Y12
	VMOVUPS EXPSHORT4(R8), Y13
	VMOVUPS ONE(R8), Y14

rowExp:
	VBROADCASTSS (R9), Y6
	VXORPS Y4, Y4, Y4 // sum
	XORQ   AX, AX
	JMP    moreExp

eightExp:
	VMOVUPS     (SI)(AX*4), Y0
	VFMSUB213PS Y6, Y7, Y0 // scale·s − max
	EXP
	VADDPS  Y0, Y4, Y4
	VMOVUPS Y0, (SI)(AX*4)
	ADDQ    $8, AX

moreExp:
	CMPQ AX, CX
	JLT  eightExp
	TESTQ BX, BX
	JEQ   summed
	VMASKMOVPS  (SI)(AX*4), Y5, Y0
	VFMSUB213PS Y6, Y7, Y0
	EXP
	VANDPS  Y5, Y0, Y0
	VADDPS  Y0, Y4, Y4
	VMASKMOVPS Y0, Y5, (SI)(AX*4)

summed:
	SUM8(Y4, X4, X0)
	VMOVSS X4, (R10)
	ADDQ R11, SI
	ADDQ $4, R9
	ADDQ $4, R10
	DECQ DX
	JNE  rowExp
	VZEROUPPER
	RET

// func scale8AVX2(x []float32, by float32)
TEXT ·scale8AVX2(SB), NOSPLIT, $0-28
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), CX
	VBROADCASTSS by+24(FP), Y1
	XORQ AX, AX
	JMP  more

eight:
	VMULPS  (SI)(AX*4), Y1, Y0
	VMOVUPS Y0, (SI)(AX*4)
	ADDQ    $8, AX

more:
	CMPQ AX, CX
	JLT  eight
	VZEROUPPER
	RET

// func widenF16x8AVX2(dst []float32, src []byte)
TEXT ·widenF16x8AVX2(SB), NOSPLIT, $0-48
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ src_base+24(FP), SI
	XORQ AX, AX
	JMP  more

eight:
	VCVTPH2PS (SI)(AX*2), Y0
	VMOVUPS   Y0, (DI)(AX*4)
	ADDQ      $8, AX

more:
	CMPQ AX, CX
	JLT  eight
	VZEROUPPER
	RET

// func widenBF16x8AVX2(dst []float32, src []byte)
TEXT ·widenBF16x8AVX2(SB), NOSPLIT, $0-48
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ src_base+24(FP), SI
	XORQ AX, AX
	JMP  more

eight:
	VPMOVZXWD (SI)(AX*2), Y0
	VPSLLD    $16, Y0, Y0
	VMOVDQU   Y0, (DI)(AX*4)
	ADDQ      $8, AX

more:
	CMPQ AX, CX
	JLT  eight
	VZEROUPPER
	RET
