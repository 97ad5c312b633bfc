//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Instructions that Go's assembler has no name for. Their arguments are numbers
// of registers, and i that of a lane, in Go's order: the result comes last. The
// comment after each is what a disassembler must make of it; TestDisassembly
// holds it to that.

#define VFADD4S(m, n, d)      WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d)) // FADD Vd.4S, Vn.4S, Vm.4S
#define VFMUL4S(m, n, d)      WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d)) // FMUL Vd.4S, Vn.4S, Vm.4S
#define VFDIV4S(m, n, d)      WORD $(0x6E20FC00 | (m)<<16 | (n)<<5 | (d)) // FDIV Vd.4S, Vn.4S, Vm.4S
#define VFMAX4S(m, n, d)      WORD $(0x4E20F400 | (m)<<16 | (n)<<5 | (d)) // FMAX Vd.4S, Vn.4S, Vm.4S
#define VFMAXNM4S(m, n, d)    WORD $(0x4E20C400 | (m)<<16 | (n)<<5 | (d)) // FMAXNM Vd.4S, Vn.4S, Vm.4S
#define VFMIN4S(m, n, d)      WORD $(0x4EA0F400 | (m)<<16 | (n)<<5 | (d)) // FMIN Vd.4S, Vn.4S, Vm.4S
#define VFCMGE4S(m, n, d)     WORD $(0x6E20E400 | (m)<<16 | (n)<<5 | (d)) // FCMGE Vd.4S, Vn.4S, Vm.4S
#define VFADDP4S(m, n, d)     WORD $(0x6E20D400 | (m)<<16 | (n)<<5 | (d)) // FADDP Vd.4S, Vn.4S, Vm.4S
#define VFMAXV4S(n, d)        WORD $(0x6E30F800 | (n)<<5 | (d)) // FMAXV Sd, Vn.4S
#define VFRINTN4S(n, d)       WORD $(0x4E218800 | (n)<<5 | (d)) // FRINTN Vd.4S, Vn.4S
#define VFCVTNS4S(n, d)       WORD $(0x4E21A800 | (n)<<5 | (d)) // FCVTNS Vd.4S, Vn.4S
#define VFMLALANE(m, i, n, d) WORD $(0x4F801000 | ((i)&1)<<21 | ((i)>>1)<<11 | (m)<<16 | (n)<<5 | (d)) // FMLA Vd.4S, Vn.4S, Vm.S[i]

#define VFADD2D(m, n, d)      WORD $(0x4E60D400 | (m)<<16 | (n)<<5 | (d)) // FADD Vd.2D, Vn.2D, Vm.2D
#define VFSUB2D(m, n, d)      WORD $(0x4EE0D400 | (m)<<16 | (n)<<5 | (d)) // FSUB Vd.2D, Vn.2D, Vm.2D
#define VFMUL2D(m, n, d)      WORD $(0x6E60DC00 | (m)<<16 | (n)<<5 | (d)) // FMUL Vd.2D, Vn.2D, Vm.2D
#define VFADDP2D(n, d)        WORD $(0x7E70D800 | (n)<<5 | (d)) // FADDP Dd, Vn.2D

// Half to single, single to double and back: the narrow numbers are in the
// lower half of their register or, with a 2, in its upper half.
#define VFCVTLHS(n, d)        WORD $(0x0E217800 | (n)<<5 | (d)) // FCVTL Vd.4S, Vn.4H
#define VFCVTL2HS(n, d)       WORD $(0x4E217800 | (n)<<5 | (d)) // FCVTL2 Vd.4S, Vn.8H
#define VFCVTLSD(n, d)        WORD $(0x0E617800 | (n)<<5 | (d)) // FCVTL Vd.2D, Vn.2S
#define VFCVTL2SD(n, d)       WORD $(0x4E617800 | (n)<<5 | (d)) // FCVTL2 Vd.2D, Vn.4S
#define VFCVTNDS(n, d)        WORD $(0x0E616800 | (n)<<5 | (d)) // FCVTN Vd.2S, Vn.2D
#define VFCVTN2DS(n, d)       WORD $(0x4E616800 | (n)<<5 | (d)) // FCVTN2 Vd.4S, Vn.2D

// Panel products.
//
// R0 dst, R1 bytes between its rows; R2 x, R3 bytes between its rows; R4 panel;
// R5 columns, R6 rows left, R7 add (0 or 1). R8 to R11 walk over four rows of
// x, R12 over the panel, R14 over rows of dst to be added; R13 counts columns.
// V16 to V31 are sums, four per row; V0 to V3 hold x of four rows, V4 to V7 and
// V8 to V11 a column of the panel each.
//
// Four rows by sixteen columns are as many sums as keep four pipes of four
// cycles busy. They leave room to load a column ahead of its use, which a
// processor that runs its instructions in order depends on.

#define LOADEVEN VLD1.P 64(R12), [V4.S4, V5.S4, V6.S4, V7.S4]
#define LOADODD VLD1.P 64(R12), [V8.S4, V9.S4, V10.S4, V11.S4]

// EVEN and ODD are the first registers of the columns so loaded.
#define EVEN 4
#define ODD 8

// MADD adds x[row, c] · panel[c, :] to a row's four sums. x[row, c] is in a
// lane of V(row), the column of the panel in the four registers from on.
#define MADD(row, lane, from, sum) \
	VFMLALANE(row, lane, from, sum)     \
	VFMLALANE(row, lane, from+1, sum+1) \
	VFMLALANE(row, lane, from+2, sum+2) \
	VFMLALANE(row, lane, from+3, sum+3)

#define MADD4(lane, from) \
	MADD(0, lane, from, 16) \
	MADD(1, lane, from, 20) \
	MADD(2, lane, from, 24) \
	MADD(3, lane, from, 28)

// START points the walking registers at the first column.
#define START \
	MOVD R2, R8      \
	ADD  R3, R8, R9  \
	ADD  R3, R9, R10 \
	ADD  R3, R10, R11 \
	MOVD R4, R12

#define ZERO(a, b, c, d) \
	VMOVI $0, a.B16 \
	VMOVI $0, b.B16 \
	VMOVI $0, c.B16 \
	VMOVI $0, d.B16

#define ZERO4 \
	ZERO(V16, V17, V18, V19) \
	ZERO(V20, V21, V22, V23) \
	ZERO(V24, V25, V26, V27) \
	ZERO(V28, V29, V30, V31)

// Four columns of four rows.
#define COLUMNS4x4 \
	LOADEVEN            \
	FMOVQ.P 16(R8), F0  \
	FMOVQ.P 16(R9), F1  \
	FMOVQ.P 16(R10), F2 \
	FMOVQ.P 16(R11), F3 \
	LOADODD             \
	MADD4(0, EVEN)      \
	LOADEVEN            \
	MADD4(1, ODD)       \
	LOADODD             \
	MADD4(2, EVEN)      \
	MADD4(3, ODD)

// One column of four, two and one rows.
#define COLUMN4 \
	LOADEVEN           \
	FMOVS.P 4(R8), F0  \
	FMOVS.P 4(R9), F1  \
	FMOVS.P 4(R10), F2 \
	FMOVS.P 4(R11), F3 \
	MADD4(0, EVEN)

#define COLUMN2 \
	LOADEVEN             \
	FMOVS.P 4(R8), F0    \
	FMOVS.P 4(R9), F1    \
	MADD(0, 0, EVEN, 16) \
	MADD(1, 0, EVEN, 20)

#define COLUMN1 \
	LOADEVEN             \
	FMOVS.P 4(R8), F0    \
	MADD(0, 0, EVEN, 16)

// ADDROW adds the row of dst at R14 to four sums, and goes to the next one.
#define ADDROW(sum) \
	VLD1 (R14), [V4.S4, V5.S4, V6.S4, V7.S4] \
	ADD  R1, R14                \
	VFADD4S(4, sum, sum)        \
	VFADD4S(5, sum+1, sum+1)    \
	VFADD4S(6, sum+2, sum+2)    \
	VFADD4S(7, sum+3, sum+3)

// STOREROW stores a row at R0, and goes to the next one.
#define STOREROW(a, b, c, d) \
	VST1 [a.S4, b.S4, c.S4, d.S4], (R0) \
	ADD  R1, R0

// func panelF32NEON(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool)
TEXT ·panelF32NEON(SB), NOSPLIT, $0-105
	MOVD  dst_base+0(FP), R0
	MOVD  ldd+24(FP), R1
	MOVD  x_base+32(FP), R2
	MOVD  ldx+56(FP), R3
	MOVD  panel_base+64(FP), R4
	MOVD  n+88(FP), R6
	MOVD  cols+96(FP), R5
	MOVBU add+104(FP), R7
	LSL   $2, R1
	LSL   $2, R3

rows4:
	CMP  $4, R6
	BLT  rows2
	ZERO4
	START
	SUBS $4, R5, R13
	BLT  odd4

columns4:
	COLUMNS4x4
	SUBS $4, R13
	BGE  columns4

odd4:
	ADDS $4, R13
	BEQ  summed4

oddColumn4:
	COLUMN4
	SUBS $1, R13
	BNE  oddColumn4

summed4:
	ADD  R3<<2, R2
	SUB  $4, R6
	CBZ  R7, store4
	MOVD R0, R14
	ADDROW(16)
	ADDROW(20)
	ADDROW(24)
	ADDROW(28)

store4:
	STOREROW(V16, V17, V18, V19)
	STOREROW(V20, V21, V22, V23)
	STOREROW(V24, V25, V26, V27)
	STOREROW(V28, V29, V30, V31)
	B rows4

rows2:
	CMP  $2, R6
	BLT  rows1
	ZERO(V16, V17, V18, V19)
	ZERO(V20, V21, V22, V23)
	START
	MOVD R5, R13
	CBZ  R13, summed2

columns2:
	COLUMN2
	SUBS $1, R13
	BNE  columns2

summed2:
	ADD  R3<<1, R2
	SUB  $2, R6
	CBZ  R7, store2
	MOVD R0, R14
	ADDROW(16)
	ADDROW(20)

store2:
	STOREROW(V16, V17, V18, V19)
	STOREROW(V20, V21, V22, V23)

rows1:
	CBZ  R6, done
	ZERO(V16, V17, V18, V19)
	START
	MOVD R5, R13
	CBZ  R13, summed1

columns1:
	COLUMN1
	SUBS $1, R13
	BNE  columns1

summed1:
	CBZ  R7, store1
	MOVD R0, R14
	ADDROW(16)

store1:
	STOREROW(V16, V17, V18, V19)

done:
	RET

// Maxima of a panel product, never stored: registers as above, the maxima so
// far in V12 to V15, and best at R0.

// KEEP raises the maxima to a row's sums, other than NaN.
#define KEEP(sum) \
	VFMAXNM4S(sum, 12, 12)   \
	VFMAXNM4S(sum+1, 13, 13) \
	VFMAXNM4S(sum+2, 14, 14) \
	VFMAXNM4S(sum+3, 15, 15)

// func maxPanelNEON(best []float32, x []float32, panel []float32, n, cols int)
TEXT ·maxPanelNEON(SB), NOSPLIT, $0-88
	MOVD best_base+0(FP), R0
	MOVD x_base+24(FP), R2
	MOVD panel_base+48(FP), R4
	MOVD n+72(FP), R6
	MOVD cols+80(FP), R5
	LSL  $2, R5, R3
	VLD1 (R0), [V12.S4, V13.S4, V14.S4, V15.S4]
	CMP  $4, R6
	BLT  rows1

rows4:
	ZERO4
	START
	SUBS $4, R5, R13
	BLT  odd4

columns4:
	COLUMNS4x4
	SUBS $4, R13
	BGE  columns4

odd4:
	ADDS $4, R13
	BEQ  summed4

oddColumn4:
	COLUMN4
	SUBS $1, R13
	BNE  oddColumn4

summed4:
	ADD R3<<2, R2
	SUB $4, R6
	KEEP(16)
	KEEP(20)
	KEEP(24)
	KEEP(28)
	CMP $4, R6
	BGE rows4
	CBZ R6, done

	// The rows left don't fill a four: they are taken with some of those before
	// them, which changes no maximum.
	SUB  $4, R6
	MUL  R6, R3, R14
	ADD  R14, R2
	MOVD $4, R6
	B    rows4

rows1:
	ZERO(V16, V17, V18, V19)
	START
	MOVD R5, R13
	CBZ  R13, summed1

columns1:
	COLUMN1
	SUBS $1, R13
	BNE  columns1

summed1:
	ADD R3, R2
	SUB $1, R6
	KEEP(16)
	CBNZ R6, rows1

done:
	VST1 [V12.S4, V13.S4, V14.S4, V15.S4], (R0)
	RET

// func layerNorm4NEON(dst, x, weight []float32, eps float32)
//
// In float64 throughout: a layer norm feeds every product after it, and its
// float32 rounding alone would double the error of a state.
//
// R0 dst, R1 x, R2 its length, R3 weight; R5 walks over x, R6 counts.
TEXT ·layerNorm4NEON(SB), NOSPLIT, $0-76
	MOVD dst_base+0(FP), R0
	MOVD x_base+24(FP), R1
	MOVD x_len+32(FP), R2
	MOVD weight_base+48(FP), R3
	CBZ  R2, done

	// V6 = mean
	SCVTFD R2, F2
	VMOVI  $0, V0.B16
	VMOVI  $0, V5.B16
	MOVD   R1, R5
	MOVD   R2, R6

sum:
	FMOVQ.P 16(R5), F1
	VFCVTL2SD(1, 4)
	VFCVTLSD(1, 3)
	VFADD2D(3, 0, 0)
	VFADD2D(4, 5, 5)
	SUBS  $4, R6
	BNE   sum
	VFADD2D(5, 0, 0)
	VFADDP2D(0, 0)
	FDIVD F2, F0, F0
	VDUP  V0.D[0], V6.D2

	// V7 = 1 / sqrt(Σ (x − mean)² / n + eps)
	VMOVI $0, V0.B16
	VMOVI $0, V5.B16
	MOVD  R1, R5
	MOVD  R2, R6

squares:
	FMOVQ.P 16(R5), F1
	VFCVTL2SD(1, 4)
	VFCVTLSD(1, 3)
	VFSUB2D(6, 3, 3)
	VFSUB2D(6, 4, 4)
	VFMLA  V3.D2, V3.D2, V0.D2
	VFMLA  V4.D2, V4.D2, V5.D2
	SUBS   $4, R6
	BNE    squares
	VFADD2D(5, 0, 0)
	VFADDP2D(0, 0)
	FDIVD  F2, F0, F0
	FMOVS  eps+72(FP), F1
	FCVTSD F1, F1
	FADDD  F1, F0, F0
	FSQRTD F0, F0
	FMOVD  $1.0, F1
	FDIVD  F0, F1, F0
	VDUP   V0.D[0], V7.D2

write:
	FMOVQ.P 16(R1), F1
	FMOVQ.P 16(R3), F5
	VFCVTL2SD(1, 4)
	VFCVTLSD(1, 3)
	VFSUB2D(6, 3, 3)
	VFSUB2D(6, 4, 4)
	VFMUL2D(7, 3, 3)
	VFMUL2D(7, 4, 4)
	VFCVTNDS(3, 0)
	VFCVTN2DS(4, 0)
	VFMUL4S(5, 0, 0)
	FMOVQ.P F0, 16(R0)
	SUBS    $4, R2
	BNE     write

done:
	RET

// GELU and the exponential are chains of instructions that wait for each other.
// Two vectors go side by side, to give the processor something else to do.
// R8 points at vectorConstants, whose eight lanes fill two registers.

// POLYNOMIAL is a step of a polynomial in z: next = coefficient + p·z. FMLA adds
// to what it overwrites, so each step loads its coefficient afresh.
#define POLYNOMIAL(z0, z1, p0, p1, coefficient, f0, f1, next0, next1) \
	FLDPQ coefficient(R8), (f0, f1) \
	VFMLA z0.S4, p0.S4, next0.S4    \
	VFMLA z1.S4, p1.S4, next1.S4

// func geGLU8NEON(dst, u, g []float32, v *vectorConstants)
TEXT ·geGLU8NEON(SB), NOSPLIT, $0-80
	MOVD  dst_base+0(FP), R0
	MOVD  dst_len+8(FP), R3
	MOVD  u_base+24(FP), R1
	MOVD  g_base+48(FP), R2
	MOVD  v+72(FP), R8
	FMOVQ vectorConstants_sqrtHalf(R8), F16
	FMOVQ vectorConstants_maxErf(R8), F17
	FMOVQ vectorConstants_minErf(R8), F18
	FMOVQ vectorConstants_one(R8), F19
	FMOVQ vectorConstants_half(R8), F20
	CBZ   R3, done

eight:
	FLDPQ.P 32(R1), (F0, F1)
	VFMUL4S(16, 0, 2)
	VFMUL4S(16, 1, 3)
	VFMIN4S(17, 2, 2)
	VFMIN4S(17, 3, 3)
	VFMAX4S(18, 2, 2)             // x, clipped
	VFMAX4S(18, 3, 3)
	VFMUL4S(2, 2, 4)              // z = x²
	VFMUL4S(3, 3, 5)

	FLDPQ (vectorConstants_erfP)(R8), (F6, F7)
	POLYNOMIAL(V4, V5, V6, V7, (vectorConstants_erfP+32), F8, F9, V8, V9)
	POLYNOMIAL(V4, V5, V8, V9, (vectorConstants_erfP+64), F6, F7, V6, V7)
	POLYNOMIAL(V4, V5, V6, V7, (vectorConstants_erfP+96), F8, F9, V8, V9)
	POLYNOMIAL(V4, V5, V8, V9, (vectorConstants_erfP+128), F6, F7, V6, V7)
	POLYNOMIAL(V4, V5, V6, V7, (vectorConstants_erfP+160), F8, F9, V8, V9)
	POLYNOMIAL(V4, V5, V8, V9, (vectorConstants_erfP+192), F6, F7, V6, V7) // P(z)

	FLDPQ (vectorConstants_erfQ)(R8), (F10, F11)
	POLYNOMIAL(V4, V5, V10, V11, (vectorConstants_erfQ+32), F8, F9, V8, V9)
	POLYNOMIAL(V4, V5, V8, V9, (vectorConstants_erfQ+64), F10, F11, V10, V11)
	POLYNOMIAL(V4, V5, V10, V11, (vectorConstants_erfQ+96), F8, F9, V8, V9)
	POLYNOMIAL(V4, V5, V8, V9, (vectorConstants_erfQ+128), F10, F11, V10, V11) // Q(z)

	VFMUL4S(2, 6, 6)
	VFMUL4S(3, 7, 7)
	VFDIV4S(10, 6, 6)             // erf
	VFDIV4S(11, 7, 7)
	VFADD4S(19, 6, 6)
	VFADD4S(19, 7, 7)
	VFMUL4S(20, 0, 0)
	VFMUL4S(20, 1, 1)
	VFMUL4S(6, 0, 0)
	VFMUL4S(7, 1, 1)
	FLDPQ.P 32(R2), (F2, F3)
	VFMUL4S(2, 0, 0)
	VFMUL4S(3, 1, 1)
	FSTPQ.P (F0, F1), 32(R0)
	SUBS    $8, R3
	BNE     eight

done:
	RET

// Loops that work in place move their pointer by itself and not with the store:
// in LLVM's models of Cortex-A72 and Apple A14 the next load would wait for what
// is stored.

// func rotate4NEON(x, cos, sin []float32)
TEXT ·rotate4NEON(SB), NOSPLIT, $0-72
	MOVD x_base+0(FP), R0
	MOVD cos_base+24(FP), R2
	MOVD cos_len+32(FP), R4
	MOVD sin_base+48(FP), R3
	ADD  R4<<2, R0, R1
	CBZ  R4, done

pairs:
	FMOVQ   (R0), F0
	FMOVQ   (R1), F1
	FMOVQ.P 16(R2), F2
	FMOVQ.P 16(R3), F3
	VFMUL4S(2, 0, 4)
	VFMUL4S(3, 0, 5)
	VFMLS   V3.S4, V1.S4, V4.S4 // low·cos − high·sin
	VFMLA   V2.S4, V1.S4, V5.S4 // high·cos + low·sin
	FMOVQ   F4, (R0)
	FMOVQ   F5, (R1)
	ADD     $16, R0
	ADD     $16, R1
	SUBS    $4, R4
	BNE     pairs

done:
	RET

// EXP replaces the lanes of V0 and V1, none above 0, by their exponential. V2
// to V9 are scratch; V16 to V20 hold constants as set up by softmaxVectorNEON.
#define EXP \
	VFCMGE4S(19, 0, 8)            \ // keep where x ≥ minExp
	VFCMGE4S(19, 1, 9)            \
	VFMAX4S(19, 0, 0)             \
	VFMAX4S(19, 1, 1)             \
	VFMUL4S(16, 0, 2)             \
	VFMUL4S(16, 1, 3)             \
	VFRINTN4S(2, 2)               \ // n
	VFRINTN4S(3, 3)               \
	VFMLS V17.S4, V2.S4, V0.S4    \
	VFMLS V17.S4, V3.S4, V1.S4    \
	VFMLS V18.S4, V2.S4, V0.S4    \ // r
	VFMLS V18.S4, V3.S4, V1.S4    \
	FLDPQ vectorConstants_exp(R8), (F4, F5)                               \
	POLYNOMIAL(V0, V1, V4, V5, (vectorConstants_exp+32), F6, F7, V6, V7)  \
	POLYNOMIAL(V0, V1, V6, V7, (vectorConstants_exp+64), F4, F5, V4, V5)  \
	POLYNOMIAL(V0, V1, V4, V5, (vectorConstants_exp+96), F6, F7, V6, V7)  \
	POLYNOMIAL(V0, V1, V6, V7, (vectorConstants_exp+128), F4, F5, V4, V5) \
	POLYNOMIAL(V0, V1, V4, V5, (vectorConstants_exp+160), F6, F7, V6, V7) \
	POLYNOMIAL(V0, V1, V6, V7, vectorConstants_one, F4, F5, V4, V5)       \
	POLYNOMIAL(V0, V1, V4, V5, vectorConstants_one, F6, F7, V6, V7)       \
	VFCVTNS4S(2, 2)               \
	VFCVTNS4S(3, 3)               \
	VADD  V20.S4, V2.S4, V2.S4    \
	VADD  V20.S4, V3.S4, V3.S4    \
	VSHL  $23, V2.S4, V2.S4       \
	VSHL  $23, V3.S4, V3.S4       \
	VFMUL4S(2, 6, 0)              \
	VFMUL4S(3, 7, 1)              \
	VAND  V8.B16, V0.B16, V0.B16  \
	VAND  V9.B16, V1.B16, V1.B16

// LESSMAX makes scale·s − newMax, in V0 and V1, of s in two registers.
#define LESSMAX(s0, s1) \
	VMOV  V23.B16, V0.B16      \
	VMOV  V23.B16, V1.B16      \
	VFMLA V22.S4, s0.S4, V0.S4 \
	VFMLA V22.S4, s1.S4, V1.S4

// func softmaxVectorNEON(s []float32, scale, max float32, v *vectorConstants) (newMax, sum float32)
//
// R0 s, R1 its length without the last, incomplete eight, R2 how many that has,
// R7 where they are copied to, to be worked on like whole ones: a buffer filled
// up with a number of theirs, so that it has the same maximum.
// R5 walks over s, R6 counts.
TEXT ·softmaxVectorNEON(SB), NOSPLIT, $32-48
	MOVD  s_base+0(FP), R0
	MOVD  s_len+8(FP), R1
	MOVD  v+32(FP), R8
	FMOVS scale+24(FP), F22
	VDUP  V22.S[0], V22.S4
	FMOVS max+28(FP), F23
	VDUP  V23.S[0], V23.S4
	AND   $7, R1, R2
	SUB   R2, R1
	MOVD  $last-32(SP), R7

	// V23 = largest scale·s and max
	MOVD R0, R5
	MOVD R1, R6
	CBZ  R6, lastMax

eightMax:
	FLDPQ.P 32(R5), (F0, F1)
	VFMUL4S(22, 0, 0)
	VFMUL4S(22, 1, 1)
	VFMAX4S(0, 23, 23)
	VFMAX4S(1, 23, 23)
	SUBS    $8, R6
	BNE     eightMax

lastMax:
	CBZ   R2, largest
	VLD1R (R5), [V0.S4]
	FSTPQ (F0, F0), (R7)
	MOVD  R2, R6

copyIn:
	SUB   $1, R6
	MOVWU (R5)(R6<<2), R9
	MOVW  R9, (R7)(R6<<2)
	CBNZ  R6, copyIn

	FLDPQ (R7), (F0, F1)
	VFMUL4S(22, 0, 0)
	VFMUL4S(22, 1, 1)
	VFMAX4S(0, 23, 23)
	VFMAX4S(1, 23, 23)

largest:
	VFMAXV4S(23, 23)
	FMOVS F23, newMax+40(FP)
	FNEGS F23, F23
	VDUP  V23.S[0], V23.S4 // −newMax

	FMOVQ vectorConstants_log2e(R8), F16
	FMOVQ vectorConstants_ln2High(R8), F17
	FMOVQ vectorConstants_ln2Low(R8), F18
	FMOVQ vectorConstants_minExp(R8), F19
	FMOVQ vectorConstants_bias(R8), F20
	VMOVI $0, V24.B16 // V24 and V25: sums
	VMOVI $0, V25.B16
	CBZ   R1, lastExp

eightExp:
	FLDPQ (R0), (F2, F3)
	LESSMAX(V2, V3)
	EXP
	VFADD4S(0, 24, 24)
	VFADD4S(1, 25, 25)
	FSTPQ (F0, F1), (R0)
	ADD   $32, R0
	SUBS  $8, R1
	BNE   eightExp

lastExp:
	CBZ   R2, summed
	FLDPQ (R7), (F2, F3)
	LESSMAX(V2, V3)
	EXP
	FSTPQ (F0, F1), (R7)
	ADD   $(vectorConstants_mask+32), R8, R6
	SUB   R2<<2, R6
	FLDPQ (R6), (F2, F3)
	VAND  V2.B16, V0.B16, V0.B16
	VAND  V3.B16, V1.B16, V1.B16
	VFADD4S(0, 24, 24)
	VFADD4S(1, 25, 25)

copyOut:
	SUB   $1, R2
	MOVWU (R7)(R2<<2), R9
	MOVW  R9, (R0)(R2<<2)
	CBNZ  R2, copyOut

summed:
	VFADD4S(25, 24, 24)
	VFADDP4S(24, 24, 24)
	VFADDP4S(24, 24, 24)
	FMOVS F24, sum+44(FP)
	RET

// func scale4NEON(x []float32, by float32)
TEXT ·scale4NEON(SB), NOSPLIT, $0-28
	MOVD  x_base+0(FP), R0
	MOVD  x_len+8(FP), R1
	FMOVS by+24(FP), F1
	VDUP  V1.S[0], V1.S4
	CBZ   R1, done

four:
	FMOVQ (R0), F0
	VFMUL4S(1, 0, 0)
	FMOVQ F0, (R0)
	ADD   $16, R0
	SUBS  $4, R1
	BNE   four

done:
	RET

// func widenF16x8NEON(dst []float32, src unsafe.Pointer)
TEXT ·widenF16x8NEON(SB), NOSPLIT, $0-32
	MOVD dst_base+0(FP), R0
	MOVD dst_len+8(FP), R1
	MOVD src+24(FP), R2
	CBZ  R1, done

eight:
	FMOVQ.P 16(R2), F2
	VFCVTLHS(2, 0)
	VFCVTL2HS(2, 1)
	FSTPQ.P (F0, F1), 32(R0)
	SUBS    $8, R1
	BNE     eight

done:
	RET

// func widenBF16x8NEON(dst []float32, src unsafe.Pointer)
TEXT ·widenBF16x8NEON(SB), NOSPLIT, $0-32
	MOVD  dst_base+0(FP), R0
	MOVD  dst_len+8(FP), R1
	MOVD  src+24(FP), R2
	VMOVI $0, V3.B16
	CBZ   R1, done

eight:
	// A zero below every 16 bits makes a float32 of them.
	FMOVQ.P 16(R2), F2
	VZIP1   V2.H8, V3.H8, V0.H8
	VZIP2   V2.H8, V3.H8, V1.H8
	FSTPQ.P (F0, F1), 32(R0)
	SUBS    $8, R1
	BNE     eight

done:
	RET
