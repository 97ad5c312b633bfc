//go:build !purego

#include "textflag.h"

// Maxima of a panel product, which itself is never stored.
//
// DI best, SI x, R9 bytes between its rows; DX panel; CX columns, BX rows left.
// R13 and AX walk over the rows of x, R12 over those to come, R14 over the
// panel; R15 counts columns. Y0 to Y11 are sums, two per row; Y12 and Y13 a
// column of the panel, and in the end the maxima.
//
// Six rows are multiplied while the six after the next are fetched: in a scan of
// more documents than the caches hold that brings 94 % of the core's peak
// instead of 78 %, and fetching 6, 24 or 48 rows ahead less:
// BenchmarkMaxSimOfPeak.

// MADD adds x[row, c] · panel[c, :] to a row's two sums.
#define MADD(from, broadcast, low, high) \
	VBROADCASTSS from, broadcast       \
	VFMADD231PS  Y12, broadcast, low   \
	VFMADD231PS  Y13, broadcast, high

// COLUMN is column c, from where the registers walk, of six rows.
#define COLUMN(c) \
	VMOVUPS (64*c)(R14), Y12             \
	VMOVUPS (64*c+32)(R14), Y13          \
	MADD((4*c)(R13), Y14, Y0, Y1)        \
	MADD((4*c)(R13)(R9*1), Y15, Y2, Y3)  \
	MADD((4*c)(R13)(R9*2), Y14, Y4, Y5)  \
	MADD((4*c)(AX), Y15, Y6, Y7)         \
	MADD((4*c)(AX)(R9*1), Y14, Y8, Y9)   \
	MADD((4*c)(AX)(R9*2), Y15, Y10, Y11)

// KEEP raises the maxima to a row's sums. Where one is NaN the processor takes
// the first operand, the maximum so far.
#define KEEP(low, high) \
	VMAXPS Y12, low, Y12   \
	VMAXPS Y13, high, Y13

// func maxPanelAVX2(best []float32, x []float32, panel []float32, n, cols int)
TEXT ·maxPanelAVX2(SB), NOSPLIT, $0-88
	MOVQ best_base+0(FP), DI
	MOVQ x_base+24(FP), SI
	MOVQ panel_base+48(FP), DX
	MOVQ n+72(FP), BX
	MOVQ cols+80(FP), CX
	MOVQ CX, R9
	SHLQ $2, R9
	CMPQ BX, $6
	JLT  fewer

six:
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11
	MOVQ   SI, R13
	LEAQ   (R9)(R9*2), R12
	LEAQ   (SI)(R12*4), R12
	LEAQ   (SI)(R9*2), AX
	ADDQ   R9, AX
	MOVQ   DX, R14
	MOVQ   CX, R15
	SUBQ   $8, R15
	JLT    oddColumns

columns:
	COLUMN(0)
	PREFETCHT0 (R12)
	COLUMN(1)
	COLUMN(2)
	PREFETCHT0 64(R12)
	COLUMN(3)
	COLUMN(4)
	PREFETCHT0 128(R12)
	ADDQ $192, R12
	COLUMN(5)
	COLUMN(6)
	COLUMN(7)
	ADDQ $32, R13
	ADDQ $32, AX
	ADDQ $512, R14
	SUBQ $8, R15
	JGE  columns

oddColumns:
	ADDQ $8, R15
	JEQ  summed

oddColumn:
	COLUMN(0)
	ADDQ $4, R13
	ADDQ $4, AX
	ADDQ $64, R14
	DECQ R15
	JNE  oddColumn

summed:
	VMOVUPS (DI), Y12
	VMOVUPS 32(DI), Y13
	KEEP(Y0, Y1)
	KEEP(Y2, Y3)
	KEEP(Y4, Y5)
	KEEP(Y6, Y7)
	KEEP(Y8, Y9)
	KEEP(Y10, Y11)
	VMOVUPS Y12, (DI)
	VMOVUPS Y13, 32(DI)
	LEAQ    (SI)(R9*4), SI
	LEAQ    (SI)(R9*2), SI
	SUBQ    $6, BX
	CMPQ    BX, $6
	JGE     six
	TESTQ   BX, BX
	JEQ     done

	// The rows left don't fill a six: they are taken with some of those before
	// them, which changes no maximum.
	SUBQ  $6, BX
	IMULQ R9, BX
	ADDQ  BX, SI
	MOVQ  $6, BX
	JMP   six

fewer:
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	MOVQ   DX, R14
	MOVQ   CX, R15

column:
	VBROADCASTSS (SI), Y14
	VFMADD231PS  (R14), Y14, Y0
	VFMADD231PS  32(R14), Y14, Y1
	ADDQ $4, SI
	ADDQ $64, R14
	DECQ R15
	JNE  column

	VMOVUPS (DI), Y12
	VMOVUPS 32(DI), Y13
	KEEP(Y0, Y1)
	VMOVUPS Y12, (DI)
	VMOVUPS Y13, 32(DI)
	DECQ    BX
	JNE     fewer

done:
	VZEROUPPER
	RET

// TRANSPOSE4 transposes the 4×4 in the lower and the 4×4 in the upper halves
// of four registers and writes the columns.
#define TRANSPOSE4(r0, r1, r2, r3, to) \
	VUNPCKLPS r1, r0, Y8           \
	VUNPCKHPS r1, r0, Y9           \
	VUNPCKLPS r3, r2, Y10          \
	VUNPCKHPS r3, r2, Y11          \
	VUNPCKLPD Y10, Y8, Y12         \
	VUNPCKHPD Y10, Y8, Y13         \
	VUNPCKLPD Y11, Y9, Y14         \
	VUNPCKHPD Y11, Y9, Y15         \
	VMOVUPS   Y12, to(DI)          \
	VMOVUPS   Y13, (to+64)(DI)     \
	VMOVUPS   Y14, (to+128)(DI)    \
	VMOVUPS   Y15, (to+192)(DI)

// TRANSPOSE8 writes the first eight columns of four rows and of the four later
// ones to DI, 64 bytes apart.
#define TRANSPOSE8(rows, later, to) \
	VMOVUPS     (rows), X0                       \
	VMOVUPS     (rows)(R9*1), X1                 \
	VMOVUPS     (rows)(R9*2), X2                 \
	VMOVUPS     (rows)(R10*1), X3                \
	VMOVUPS     16(rows), X4                     \
	VMOVUPS     16(rows)(R9*1), X5               \
	VMOVUPS     16(rows)(R9*2), X6               \
	VMOVUPS     16(rows)(R10*1), X7              \
	VINSERTF128 $1, (later), Y0, Y0              \
	VINSERTF128 $1, (later)(R9*1), Y1, Y1        \
	VINSERTF128 $1, (later)(R9*2), Y2, Y2        \
	VINSERTF128 $1, (later)(R10*1), Y3, Y3       \
	VINSERTF128 $1, 16(later), Y4, Y4            \
	VINSERTF128 $1, 16(later)(R9*1), Y5, Y5      \
	VINSERTF128 $1, 16(later)(R9*2), Y6, Y6      \
	VINSERTF128 $1, 16(later)(R10*1), Y7, Y7     \
	TRANSPOSE4(Y0, Y1, Y2, Y3, to)             \
	TRANSPOSE4(Y4, Y5, Y6, Y7, (to+256))

// func packPanel8AVX2(panel, rows []float32, cols int)
//
// DI panel; SI, R11, R12 and R13 every fourth row, R9 bytes between rows and R10
// three times as many; CX columns left.
TEXT ·packPanel8AVX2(SB), NOSPLIT, $0-56
	MOVQ panel_base+0(FP), DI
	MOVQ rows_base+24(FP), SI
	MOVQ cols+48(FP), CX
	LEAQ (CX*4), R9
	LEAQ (R9)(R9*2), R10
	LEAQ (SI)(R9*4), R11
	LEAQ (SI)(R9*8), R12
	LEAQ (R12)(R9*4), R13

eight:
	TRANSPOSE8(SI, R11, 0)
	TRANSPOSE8(R12, R13, 32)
	ADDQ $32, SI
	ADDQ $32, R11
	ADDQ $32, R12
	ADDQ $32, R13
	ADDQ $512, DI
	SUBQ $8, CX
	JNE  eight
	VZEROUPPER
	RET
