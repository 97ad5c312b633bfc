//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Panel products.
//
// A column of a panel is one register, so a row needs one sum. Twenty-four rows
// make enough of them to hide the latency of the products, and share the
// conversion of the column, which takes a port that the products need.
//
// DI dst, R8 bytes between its rows; SI x, R9 bytes between its rows; DX panel,
// CX its end; BX rows left; K1 all lanes to add, none to overwrite.
// R14 walks over the panel. Z0 to Z23 are sums, one per row; Z24 is a column of
// the panel, Z25 the next one.

#define LOAD_F32(column) \
	VMOVUPS (R14), column

#define LOAD_F16(column) \
	VCVTPH2PS (R14), column

#define LOAD_BF16(column) \
	VPMOVZXWD (R14), column         \
	VPSLLD    $16, column, column

#define ZERO8(s0, s1, s2, s3, s4, s5, s6, s7) \
	VPXORD s0, s0, s0 \
	VPXORD s1, s1, s1 \
	VPXORD s2, s2, s2 \
	VPXORD s3, s3, s3 \
	VPXORD s4, s4, s4 \
	VPXORD s5, s5, s5 \
	VPXORD s6, s6, s6 \
	VPXORD s7, s7, s7

// START sets CX from the number of columns in it, and R10, R11 and R13 to three,
// five and seven times R9.
#define START(COLUMNBYTES) \
	IMULQ $COLUMNBYTES, CX     \
	ADDQ  DX, CX               \
	LEAQ  (R9)(R9*2), R10      \
	LEAQ  (R9)(R9*4), R11      \
	LEAQ  (R10)(R9*4), R13

// CONFLICT goes to a label where 24 rows would be too many for the first-level
// cache: at multiples of 2 KiB they meet in two of its 64 sets, or in one.
#define CONFLICT(label) \
	TESTQ $2047, R9 \
	JEQ   label

// MADD8 adds x[row, c] · panel[c, :] to the sums of the eight rows from a
// pointer on.
#define MADD8(x, s0, s1, s2, s3, s4, s5, s6, s7) \
	VFMADD231PS.BCST (x), Z24, s0         \
	VFMADD231PS.BCST (x)(R9*1), Z24, s1   \
	VFMADD231PS.BCST (x)(R9*2), Z24, s2   \
	VFMADD231PS.BCST (x)(R10*1), Z24, s3  \
	VFMADD231PS.BCST (x)(R9*4), Z24, s4   \
	VFMADD231PS.BCST (x)(R11*1), Z24, s5  \
	VFMADD231PS.BCST (x)(R10*2), Z24, s6  \
	VFMADD231PS.BCST (x)(R13*1), Z24, s7

#define MADD24 \
	MADD8(AX, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)           \
	MADD8(R12, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15)    \
	MADD8(R15, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)

// SUM24 computes the sums of the 24 rows from SI on, and goes to the next ones.
// AX, R12 and R15 walk over the rows. A column is converted before the products
// of the one before it: processors run the oldest instruction first, and would
// else keep the products waiting for their column.
#define SUM24(LOAD, COLUMNBYTES) \
	ZERO8(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)             \
	ZERO8(Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15)       \
	ZERO8(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)     \
	MOVQ SI, AX                                       \
	LEAQ (SI)(R9*8), R12                              \
	LEAQ (R12)(R9*8), R15                             \
	MOVQ DX, R14                                      \
	LOAD(Z24)                                         \
	JMP  next24                                       \
columns24:                                                \
	LOAD(Z25)                                         \
	MADD24                                            \
	VMOVAPS Z25, Z24                                  \
	ADDQ $4, AX                                       \
	ADDQ $4, R12                                      \
	ADDQ $4, R15                                      \
next24:                                                   \
	ADDQ $COLUMNBYTES, R14                            \
	CMPQ R14, CX                                      \
	JNE  columns24                                    \
	MADD24                                            \
	LEAQ (SI)(R10*8), SI                              \
	SUBQ $24, BX

// CLAMP replaces the offset of a row that isn't there by the one before.
#define CLAMP(row, before, offset) \
	CMPQ    BX, $row       \
	CMOVQLE before, offset

// OFFSETS8 sets R9, AX, R10, R11, R12, R13 and R15 to the offsets of rows 1 to
// 7 of up to eight rows. R9 is lost when there is one row left.
#define OFFSETS8 \
	LEAQ (R9)(R9*1), AX     \
	LEAQ (R9)(R9*2), R10    \
	LEAQ (AX)(R9*2), R11    \
	LEAQ (R9)(R9*4), R12    \
	LEAQ (AX)(R9*4), R13    \
	LEAQ (R10)(R9*4), R15   \
	XORL R14, R14           \
	CLAMP(1, R14, R9)       \
	CLAMP(2, R9, AX)        \
	CLAMP(3, AX, R10)       \
	CLAMP(4, R10, R11)      \
	CLAMP(5, R11, R12)      \
	CLAMP(6, R12, R13)      \
	CLAMP(7, R13, R15)

#define MADDOFFSETS8 \
	VFMADD231PS.BCST (SI), Z24, Z0         \
	VFMADD231PS.BCST (SI)(R9*1), Z24, Z1   \
	VFMADD231PS.BCST (SI)(AX*1), Z24, Z2   \
	VFMADD231PS.BCST (SI)(R10*1), Z24, Z3  \
	VFMADD231PS.BCST (SI)(R11*1), Z24, Z4  \
	VFMADD231PS.BCST (SI)(R12*1), Z24, Z5  \
	VFMADD231PS.BCST (SI)(R13*1), Z24, Z6  \
	VFMADD231PS.BCST (SI)(R15*1), Z24, Z7

// SUM8 computes the sums of up to eight rows from SI on, and goes to the next
// ones. Sums beyond BX rows repeat the last row's. X27 remembers SI.
#define SUM8(LOAD, COLUMNBYTES) \
	ZERO8(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)  \
	OFFSETS8                               \
	VMOVQ SI, X27                          \
	MOVQ  DX, R14                          \
	LOAD(Z24)                              \
	JMP   next8                            \
columns8:                                      \
	LOAD(Z25)                              \
	MADDOFFSETS8                           \
	VMOVAPS Z25, Z24                       \
	ADDQ  $4, SI                           \
next8:                                         \
	ADDQ  $COLUMNBYTES, R14                \
	CMPQ  R14, CX                          \
	JNE   columns8                         \
	MADDOFFSETS8                           \
	VMOVQ X27, SI                          \
	LEAQ  (SI)(R9*8), SI

// STORE a row at DI, and go to the next one.
#define STORE(sum) \
	VADDPS  (DI), sum, K1, sum \
	VMOVUPS sum, (DI)          \
	ADDQ    R8, DI

#define STORE8(s0, s1, s2, s3, s4, s5, s6, s7) \
	STORE(s0) \
	STORE(s1) \
	STORE(s2) \
	STORE(s3) \
	STORE(s4) \
	STORE(s5) \
	STORE(s6) \
	STORE(s7)

// STORELEFT stores one of the rows left, or ends.
#define STORELEFT(sum) \
	TESTQ BX, BX \
	JEQ   done   \
	STORE(sum)   \
	DECQ  BX

#define PANEL(LOAD, COLUMNBYTES) \
	NEGL  R12                                              \
	KMOVW R12, K1                                          \
	SHLQ  $2, R8                                           \
	SHLQ  $2, R9                                           \
	START(COLUMNBYTES)                                     \
	CONFLICT(rows8)                                        \
rows24:                                                        \
	CMPQ  BX, $24                                          \
	JLT   rows8                                            \
	SUM24(LOAD, COLUMNBYTES)                               \
	STORE8(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)                 \
	STORE8(Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15)           \
	STORE8(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)         \
	JMP   rows24                                           \
rows8:                                                         \
	TESTQ BX, BX                                           \
	JEQ   done                                             \
	SUM8(LOAD, COLUMNBYTES)                                \
	STORELEFT(Z0)                                          \
	STORELEFT(Z1)                                          \
	STORELEFT(Z2)                                          \
	STORELEFT(Z3)                                          \
	STORELEFT(Z4)                                          \
	STORELEFT(Z5)                                          \
	STORELEFT(Z6)                                          \
	STORELEFT(Z7)                                          \
	JMP   rows8                                            \
done:                                                          \
	VZEROUPPER                                             \
	RET

// func panelF32AVX512(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool)
TEXT ·panelF32AVX512(SB), NOSPLIT, $0-105
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ panel_base+64(FP), DX
	MOVQ n+88(FP), BX
	MOVQ cols+96(FP), CX
	MOVBLZX add+104(FP), R12
	PANEL(LOAD_F32, 64)

// func panelF16AVX512(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)
TEXT ·panelF16AVX512(SB), NOSPLIT, $0-105
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ panel_base+64(FP), DX
	MOVQ n+88(FP), BX
	MOVQ cols+96(FP), CX
	MOVBLZX add+104(FP), R12
	PANEL(LOAD_F16, 32)

// func panelBF16AVX512(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)
TEXT ·panelBF16AVX512(SB), NOSPLIT, $0-105
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ panel_base+64(FP), DX
	MOVQ n+88(FP), BX
	MOVQ cols+96(FP), CX
	MOVBLZX add+104(FP), R12
	PANEL(LOAD_BF16, 32)

// Maxima of a panel product, never stored: registers as above, the maxima so
// far in Z26.

// KEEP8 raises the maxima to eight rows' sums. Where one is NaN the processor
// takes the first operand, the maximum so far.
#define KEEP8(s0, s1, s2, s3, s4, s5, s6, s7) \
	VMAXPS Z26, s0, Z26 \
	VMAXPS Z26, s1, Z26 \
	VMAXPS Z26, s2, Z26 \
	VMAXPS Z26, s3, Z26 \
	VMAXPS Z26, s4, Z26 \
	VMAXPS Z26, s5, Z26 \
	VMAXPS Z26, s6, Z26 \
	VMAXPS Z26, s7, Z26

// func maxPanelAVX512(best []float32, x []float32, panel []float32, n, cols int)
TEXT ·maxPanelAVX512(SB), NOSPLIT, $0-88
	MOVQ    best_base+0(FP), DI
	MOVQ    x_base+24(FP), SI
	MOVQ    panel_base+48(FP), DX
	MOVQ    n+72(FP), BX
	MOVQ    cols+80(FP), CX
	MOVQ    CX, R9
	SHLQ    $2, R9
	VMOVUPS (DI), Z26
	START(64)
	CONFLICT(rows8)

rows24:
	CMPQ BX, $24
	JLT  rows8
	SUM24(LOAD_F32, 64)
	KEEP8(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	KEEP8(Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15)
	KEEP8(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)
	JMP  rows24

rows8:
	TESTQ BX, BX
	JLE   done
	SUM8(LOAD_F32, 64)
	KEEP8(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	SUBQ  $8, BX
	JMP   rows8

done:
	VMOVUPS Z26, (DI)
	VZEROUPPER
	RET

// GELU and softmax take whole vectors first, then the rest under a mask. A lane
// that is off neither reads nor writes memory.

// TAIL splits CX values into BX in whole vectors and CX left over, and turns
// the lanes of these on in K1.
#define TAIL \
	MOVQ  CX, BX  \
	ANDQ  $15, CX \
	SUBQ  CX, BX  \
	MOVL  $1, AX  \
	SHLL  CX, AX  \
	DECL  AX      \
	KMOVW AX, K1

// GELU replaces the lanes of Z0 by their GELU. Z1 to Z4 are scratch; Z8 to Z14
// hold constants as set up by geGLUVectorAVX512.
#define GELU \
	VMULPS  Z8, Z0, Z1                                               \
	VMINPS  Z9, Z1, Z1                                               \
	VMAXPS  Z10, Z1, Z1                                              \ // x, clipped
	VMULPS  Z1, Z1, Z2                                               \ // z = x²
	VMOVAPS Z13, Z3                                                  \ // P(z)
	VFMADD213PS.BCST (vectorConstants_erfP+32)(R8), Z2, Z3           \
	VFMADD213PS.BCST (vectorConstants_erfP+64)(R8), Z2, Z3           \
	VFMADD213PS.BCST (vectorConstants_erfP+96)(R8), Z2, Z3           \
	VFMADD213PS.BCST (vectorConstants_erfP+128)(R8), Z2, Z3          \
	VFMADD213PS.BCST (vectorConstants_erfP+160)(R8), Z2, Z3          \
	VFMADD213PS.BCST (vectorConstants_erfP+192)(R8), Z2, Z3          \
	VMOVAPS Z14, Z4                                                  \ // Q(z)
	VFMADD213PS.BCST (vectorConstants_erfQ+32)(R8), Z2, Z4           \
	VFMADD213PS.BCST (vectorConstants_erfQ+64)(R8), Z2, Z4           \
	VFMADD213PS.BCST (vectorConstants_erfQ+96)(R8), Z2, Z4           \
	VFMADD213PS.BCST (vectorConstants_erfQ+128)(R8), Z2, Z4          \
	VMULPS  Z1, Z3, Z3                                               \
	VDIVPS  Z4, Z3, Z3                                               \ // erf
	VADDPS  Z11, Z3, Z3                                              \
	VMULPS  Z12, Z0, Z0                                              \
	VMULPS  Z3, Z0, Z0

// func geGLUVectorAVX512(dst, u, g []float32, v *vectorConstants)
TEXT ·geGLUVectorAVX512(SB), NOSPLIT, $0-80
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ u_base+24(FP), SI
	MOVQ g_base+48(FP), DX
	MOVQ v+72(FP), R8
	VBROADCASTSS vectorConstants_sqrtHalf(R8), Z8
	VBROADCASTSS vectorConstants_maxErf(R8), Z9
	VBROADCASTSS vectorConstants_minErf(R8), Z10
	VBROADCASTSS vectorConstants_one(R8), Z11
	VBROADCASTSS vectorConstants_half(R8), Z12
	VBROADCASTSS vectorConstants_erfP(R8), Z13
	VBROADCASTSS vectorConstants_erfQ(R8), Z14
	TAIL
	XORQ AX, AX
	JMP  more

sixteen:
	VMOVUPS (SI)(AX*4), Z0
	GELU
	VMULPS  (DX)(AX*4), Z0, Z0
	VMOVUPS Z0, (DI)(AX*4)
	ADDQ    $16, AX

more:
	CMPQ AX, BX
	JLT  sixteen
	TESTQ CX, CX
	JEQ  done
	VMOVUPS.Z (SI)(AX*4), K1, Z0
	GELU
	VMULPS.Z  (DX)(AX*4), Z0, K1, Z0
	VMOVUPS   Z0, K1, (DI)(AX*4)

done:
	VZEROUPPER
	RET

// EXP replaces the lanes of Z0, none above 0, by their exponential. Z1, Z2 and
// K2 are scratch; Z8 to Z13 hold constants as set up by softmaxRowsAVX512.
#define EXP \
	VCMPPS       $13, Z11, Z0, K2                                    \ // keep where x ≥ minExp
	VMULPS       Z8, Z0, Z1                                          \
	VRNDSCALEPS  $0, Z1, Z1                                          \ // n
	VFNMADD231PS Z9, Z1, Z0                                          \
	VFNMADD231PS Z10, Z1, Z0                                         \ // r
	VMOVAPS      Z12, Z2                                             \
	VFMADD213PS.BCST (vectorConstants_exp+32)(R8), Z0, Z2            \
	VFMADD213PS.BCST (vectorConstants_exp+64)(R8), Z0, Z2            \
	VFMADD213PS.BCST (vectorConstants_exp+96)(R8), Z0, Z2            \
	VFMADD213PS.BCST (vectorConstants_exp+128)(R8), Z0, Z2           \
	VFMADD213PS.BCST (vectorConstants_exp+160)(R8), Z0, Z2           \
	VFMADD213PS  Z13, Z0, Z2                                         \
	VFMADD213PS  Z13, Z0, Z2                                         \
	VSCALEFPS.Z  Z1, Z2, K2, Z0

// LARGEST raises Z5, the lanes of one number, to the largest scale·s of the row at
// SI, in all its lanes.
#define LARGEST(sixteen, more, reduce) \
	XORQ AX, AX                    \
	JMP  more                      \
sixteen:                               \
	VMULPS (SI)(AX*4), Z7, Z0      \
	VMAXPS Z0, Z5, Z5              \
	ADDQ   $16, AX                 \
more:                                  \
	CMPQ   AX, BX                  \
	JLT    sixteen                 \
	TESTQ  CX, CX                  \
	JEQ    reduce                  \
	VMULPS.Z (SI)(AX*4), Z7, K1, Z0 \
	VMAXPS Z0, Z5, K1, Z5          \
reduce:                                \
	VEXTRACTF64X4 $1, Z5, Y0       \
	VMAXPS        Y0, Y5, Y5       \
	VEXTRACTF128  $1, Y5, X0       \
	VMAXPS        X0, X5, X5       \
	VPERMILPS     $0x4e, X5, X0    \
	VMAXPS        X0, X5, X5       \
	VPERMILPS     $0xb1, X5, X0    \
	VMAXPS        X0, X5, X5       \
	VBROADCASTSS  X5, Z5

// func softmaxRowsAVX512(s []float32, ld, rows, count int, scale float32, max, sum []float32, v *vectorConstants)
//
// A row's maximum is found before the exponentials of the row before: they would
// wait for their own. DI is a row, SI the one after it, R9 bytes apart; R10 and R11
// where DI's maximum and sum are; DX rows left; BX values of a row are whole
// vectors, CX are left over. Z6 and Z5 are the maxima of the two rows.
TEXT ·softmaxRowsAVX512(SB), NOSPLIT, $0-112
	MOVQ s_base+0(FP), SI
	MOVQ ld+24(FP), R9
	MOVQ rows+32(FP), DX
	MOVQ count+40(FP), CX
	MOVQ max_base+56(FP), R10
	MOVQ sum_base+80(FP), R11
	MOVQ v+104(FP), R8
	MOVQ SI, DI
	SHLQ $2, R9
	VBROADCASTSS scale+48(FP), Z7
	VBROADCASTSS vectorConstants_log2e(R8), Z8
	VBROADCASTSS vectorConstants_ln2High(R8), Z9
	VBROADCASTSS vectorConstants_ln2Low(R8), Z10
	VBROADCASTSS vectorConstants_minExp(R8), Z11
	VBROADCASTSS vectorConstants_exp(R8), Z12
	VBROADCASTSS vectorConstants_one(R8), Z13
	TAIL
	VBROADCASTSS (R10), Z5
	LARGEST(sixteenFirst, moreFirst, first)

row:
	VMOVAPS Z5, Z6
	VMOVSS  X5, (R10)
	ADDQ    R9, SI
	DECQ    DX
	JEQ     exponentials
	VBROADCASTSS 4(R10), Z5
	LARGEST(sixteenMax, moreMax, largest)

exponentials:
	VPXORD Z4, Z4, Z4 // sum
	XORQ   AX, AX
	JMP    moreExp

sixteenExp:
	VMOVUPS     (DI)(AX*4), Z0
	VFMSUB213PS Z6, Z7, Z0 // scale·s − newMax
	EXP
	VADDPS      Z0, Z4, Z4
	VMOVUPS     Z0, (DI)(AX*4)
	ADDQ        $16, AX

moreExp:
	CMPQ        AX, BX
	JLT         sixteenExp
	TESTQ       CX, CX
	JEQ         summed
	VMOVUPS.Z   (DI)(AX*4), K1, Z0
	VFMSUB213PS Z6, Z7, Z0
	EXP
	VADDPS      Z0, Z4, K1, Z4
	VMOVUPS     Z0, K1, (DI)(AX*4)

summed:
	VEXTRACTF64X4 $1, Z4, Y0
	VADDPS        Y0, Y4, Y4
	VEXTRACTF128  $1, Y4, X0
	VADDPS        X0, X4, X4
	VHADDPS       X4, X4, X4
	VHADDPS       X4, X4, X4
	VMOVSS        X4, (R11)
	ADDQ          R9, DI
	ADDQ          $4, R10
	ADDQ          $4, R11
	TESTQ         DX, DX
	JNE           row
	VZEROUPPER
	RET

// func widenF16x16AVX512(dst []float32, src []byte)
TEXT ·widenF16x16AVX512(SB), NOSPLIT, $0-48
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ src_base+24(FP), SI
	XORQ AX, AX
	JMP  more

sixteen:
	VCVTPH2PS (SI)(AX*2), Z0
	VMOVUPS   Z0, (DI)(AX*4)
	ADDQ      $16, AX

more:
	CMPQ AX, CX
	JLT  sixteen
	VZEROUPPER
	RET

// func widenBF16x16AVX512(dst []float32, src []byte)
TEXT ·widenBF16x16AVX512(SB), NOSPLIT, $0-48
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ src_base+24(FP), SI
	XORQ AX, AX
	JMP  more

sixteen:
	VPMOVZXWD (SI)(AX*2), Z0
	VPSLLD    $16, Z0, Z0
	VMOVUPS   Z0, (DI)(AX*4)
	ADDQ      $16, AX

more:
	CMPQ AX, CX
	JLT  sixteen
	VZEROUPPER
	RET
