//go:build !purego

#include "textflag.h"

// Products with two panels at once.
//
// A processor with two units for multiply-adds of 512 bits loads twice while it
// does two of them. With one panel every multiply-add loads its own input; with
// two, an input that was loaded once serves twice, and 12 rows by 32 outputs take
// 14 loads for 24 multiply-adds where 24 rows by 16 outputs take 25.
//
// A stretch of columns in half precision is first converted into the function's
// frame. That takes as long as two rows do, and spares all rows a conversion on
// the ports that the multiply-adds need. While the last rows are multiplied, the
// next stretch is on its way from memory: few models fit into a cache.
//
// DI dst, R8 bytes between its rows; SI x, R9 bytes between its rows; DX the
// first panel, R15 bytes from it to the second; CX columns; BX rows left; K1 all
// lanes to add, none to overwrite. AX and R12 walk over the rows of x, R14 over
// the panels, R10, R11 and R13 are three, five and seven times R9. Z0 to Z23 are
// sums, two a row; Z24 and Z25 a column of the panels. In PAIR, DX is no longer
// the first panel, which panels-16(SP) is then.

#define ZERO8(s0, s1, s2, s3, s4, s5, s6, s7) \
	VPXORD s0, s0, s0 \
	VPXORD s1, s1, s1 \
	VPXORD s2, s2, s2 \
	VPXORD s3, s3, s3 \
	VPXORD s4, s4, s4 \
	VPXORD s5, s5, s5 \
	VPXORD s6, s6, s6 \
	VPXORD s7, s7, s7

#define ZERO16 \
	ZERO8(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)        \
	ZERO8(Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15)

#define ZERO24 \
	ZERO16                                        \
	ZERO8(Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23)

#define LOAD2(c) \
	VMOVUPS (64*c)(R14), Z24        \
	VMOVUPS (64*c)(R14)(R15*1), Z25

// MADD2 adds x[row, c] · panels[c, :] to a row's two sums.
#define MADD2(from, input, low, high) \
	VBROADCASTSS from, input      \
	VFMADD231PS  Z24, input, low  \
	VFMADD231PS  Z25, input, high

// COLUMN8 is column c, from where the registers walk, of eight rows; COLUMN12 that
// of twelve.
#define COLUMN8(c) \
	LOAD2(c)                                 \
	MADD2((4*c)(AX), Z26, Z0, Z1)            \
	MADD2((4*c)(AX)(R9*1), Z27, Z2, Z3)      \
	MADD2((4*c)(AX)(R9*2), Z28, Z4, Z5)      \
	MADD2((4*c)(AX)(R10*1), Z29, Z6, Z7)     \
	MADD2((4*c)(AX)(R9*4), Z30, Z8, Z9)      \
	MADD2((4*c)(AX)(R11*1), Z31, Z10, Z11)   \
	MADD2((4*c)(AX)(R10*2), Z26, Z12, Z13)   \
	MADD2((4*c)(AX)(R13*1), Z27, Z14, Z15)

#define COLUMN12(c) \
	COLUMN8(c)                               \
	MADD2((4*c)(R12), Z28, Z16, Z17)         \
	MADD2((4*c)(R12)(R9*1), Z29, Z18, Z19)   \
	MADD2((4*c)(R12)(R9*2), Z30, Z20, Z21)   \
	MADD2((4*c)(R12)(R10*1), Z31, Z22, Z23)

// COLUMN4 is a column of up to four rows, whose offsets are R11, R12 and R13.
#define COLUMN4 \
	LOAD2(0)                             \
	MADD2((AX), Z26, Z0, Z1)             \
	MADD2((AX)(R11*1), Z27, Z2, Z3)      \
	MADD2((AX)(R12*1), Z28, Z4, Z5)      \
	MADD2((AX)(R13*1), Z29, Z6, Z7)

// CLAMP replaces the offset of a row that isn't there by the one before.
#define CLAMP(row, before, offset) \
	CMPQ    BX, $row       \
	CMOVQLE before, offset

// OFFSETS4 sets R11, R12 and R13 to the offsets of rows 1 to 3 of up to four.
#define OFFSETS4 \
	MOVQ R9, R11            \
	LEAQ (R9)(R9*1), R12    \
	MOVQ R10, R13           \
	XORL AX, AX             \
	CLAMP(1, AX, R11)       \
	CLAMP(2, R11, R12)      \
	CLAMP(3, R12, R13)

// STORE2 stores a row at DI, and goes to the next one.
#define STORE2(low, high) \
	VADDPS  (DI), low, K1, low     \
	VADDPS  64(DI), high, K1, high \
	VMOVUPS low, (DI)              \
	VMOVUPS high, 64(DI)           \
	ADDQ    R8, DI

// STORE8 stores eight rows.
#define STORE8 \
	STORE2(Z0, Z1)   \
	STORE2(Z2, Z3)   \
	STORE2(Z4, Z5)   \
	STORE2(Z6, Z7)   \
	STORE2(Z8, Z9)   \
	STORE2(Z10, Z11) \
	STORE2(Z12, Z13) \
	STORE2(Z14, Z15)

// START makes bytes of R8 and R9, which count values, sets R10, R11 and R13 from
// R9, and K1 from AX.
#define START \
	NEGL  AX               \
	KMOVW AX, K1           \
	SHLQ  $2, R8           \
	SHLQ  $2, R9           \
	LEAQ  (R9)(R9*2), R10  \
	LEAQ  (R9)(R9*4), R11  \
	LEAQ  (R10)(R9*4), R13

// PLACES12 fetches where the sums of twelve rows will go.
#define PLACE2 \
	PREFETCHT0 (R14)   \
	PREFETCHT0 64(R14) \
	ADDQ R8, R14

#define PLACES12 \
	MOVQ DI, R14 \
	PLACE2       \
	PLACE2       \
	PLACE2       \
	PLACE2       \
	PLACE2       \
	PLACE2       \
	PLACE2       \
	PLACE2       \
	PLACE2       \
	PLACE2       \
	PLACE2       \
	PLACE2

// FETCH fetches a column of the next stretch of both panels, or two in half
// precision, into the first-level cache. BP walks over the first panel, DX bytes
// before the second.
#define FETCH(c) \
	PREFETCHT0 (64*c)(BP)         \
	PREFETCHT0 (64*c)(BP)(DX*1)

#define FETCH_HALVES(c) FETCH(c)

#define FETCH_SINGLES(c) \
	FETCH((2*c))   \
	FETCH((2*c+1))

#define FETCH_NOTHING(c)

// TWELVE computes the sums of twelve rows from SI on, stores them and goes to the
// next ones. While it multiplies four columns, it fetches BYTES of each panel.
#define TWELVE(columns12, odd12, column12, store12, FETCH_COLUMNS, BYTES) \
	ZERO24                   \
	PLACES12                 \
	MOVQ SI, AX              \
	LEAQ (SI)(R9*8), R12     \
	MOVQ panels-16(SP), R14  \
	MOVQ CX, columns-8(SP)   \
	SUBQ $4, CX              \
	JLT  odd12               \
columns12:                       \
	COLUMN12(0)              \
	FETCH_COLUMNS(0)         \
	COLUMN12(1)              \
	COLUMN12(2)              \
	FETCH_COLUMNS(1)         \
	COLUMN12(3)              \
	ADDQ $BYTES, BP          \
	ADDQ $16, AX             \
	ADDQ $16, R12            \
	ADDQ $256, R14           \
	SUBQ $4, CX              \
	JGE  columns12           \
odd12:                           \
	ADDQ $4, CX              \
	JEQ  store12             \
column12:                        \
	COLUMN12(0)              \
	ADDQ $4, AX              \
	ADDQ $4, R12             \
	ADDQ $64, R14            \
	DECQ CX                  \
	JNE  column12            \
store12:                         \
	MOVQ columns-8(SP), CX   \
	STORE8                   \
	STORE2(Z16, Z17)         \
	STORE2(Z18, Z19)         \
	STORE2(Z20, Z21)         \
	STORE2(Z22, Z23)         \
	LEAQ (SI)(R10*4), SI     \
	SUBQ $12, BX

// PAIR computes the product of all rows. The next stretch is fetched during the
// last twelve: earlier, it would be gone again.
#define PAIR(FETCH_COLUMNS, BYTES) \
rows12:                          \
	CMPQ BX, $24             \
	JLT  last12              \
	TWELVE(columns12, odd12, column12, store12, FETCH_NOTHING, 0) \
	JMP  rows12              \
last12:                          \
	CMPQ BX, $12             \
	JLT  rows8               \
	MOVQ next-24(SP), BP     \
	TWELVE(lastColumns12, lastOdd12, lastColumn12, lastStore12, FETCH_COLUMNS, BYTES) \
rows8:                           \
	CMPQ BX, $8              \
	JLT  rows4               \
	ZERO16                   \
	MOVQ SI, AX              \
	MOVQ panels-16(SP), R14  \
	MOVQ CX, R12             \
columns8:                        \
	COLUMN8(0)               \
	ADDQ $4, AX              \
	ADDQ $64, R14            \
	DECQ R12                 \
	JNE  columns8            \
	STORE8                   \
	LEAQ (SI)(R9*8), SI      \
	SUBQ $8, BX              \
rows4:                           \
	TESTQ BX, BX             \
	JEQ   done               \
	ZERO8(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7) \
	OFFSETS4                 \
	MOVQ SI, AX              \
	MOVQ panels-16(SP), R14  \
	MOVQ CX, columns-8(SP)   \
columns4:                        \
	COLUMN4                  \
	ADDQ $4, AX              \
	ADDQ $64, R14            \
	DECQ CX                  \
	JNE  columns4            \
	MOVQ columns-8(SP), CX   \
	STORE2(Z0, Z1)           \
	DECQ BX                  \
	JEQ  done                \
	STORE2(Z2, Z3)           \
	DECQ BX                  \
	JEQ  done                \
	STORE2(Z4, Z5)           \
	DECQ BX                  \
	JEQ  done                \
	STORE2(Z6, Z7)           \
	DECQ BX                  \
	LEAQ (SI)(R9*4), SI      \
	JMP  rows4               \
done:                            \
	VZEROUPPER               \
	RET

// func pairF32AVX512(dst []float32, ldd int, x []float32, ldx int, panels []float32, stride, next, n, cols int, add bool)
TEXT ·pairF32AVX512(SB), NOSPLIT, $24-121
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ panels_base+64(FP), DX
	MOVQ stride+88(FP), R15
	MOVQ n+104(FP), BX
	MOVQ cols+112(FP), CX
	MOVBLZX add+120(FP), AX
	SHLQ $2, R15
	MOVQ DX, panels-16(SP)
	MOVQ next+96(FP), CX
	LEAQ (DX)(CX*4), DX
	MOVQ DX, next-24(SP)
	MOVQ R15, DX
	MOVQ cols+112(FP), CX
	START
	PAIR(FETCH_SINGLES, 256)

#define LOAD_F16(from, to) \
	VCVTPH2PS from, to

#define LOAD_BF16(from, to) \
	VPMOVZXWD from, to   \
	VPSLLD    $16, to, to

// CONVERT writes CX columns, at most 64, of the panels at DX and R15 bytes further
// on to the first cache line of the frame, and leaves DX and R15 telling where.
#define CONVERT(LOAD) \
	LEAQ frame-8288(SP), R12      \
	ADDQ $63, R12                 \
	ANDQ $~63, R12                \
	MOVQ CX, R14                  \
	SHLQ $6, R14                  \
	MOVQ R12, AX                  \
	LEAQ (R12)(R14*1), R12        \
convert:                              \
	LOAD((DX), Z0)                \
	LOAD((DX)(R15*1), Z1)         \
	VMOVUPS Z0, (AX)              \
	VMOVUPS Z1, (AX)(R14*1)       \
	ADDQ $32, DX                  \
	ADDQ $64, AX                  \
	CMPQ AX, R12                  \
	JNE  convert                  \
	SUBQ R14, AX                  \
	MOVQ AX, panels-16(SP)        \
	MOVQ R15, DX                  \
	MOVQ R14, R15

// func pairF16AVX512(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)
TEXT ·pairF16AVX512(SB), 0, $8288-121
	MOVQ panels_base+64(FP), DX
	MOVQ stride+88(FP), R15
	MOVQ cols+112(FP), CX
	MOVQ next+96(FP), AX
	SHLQ $1, R15
	LEAQ (DX)(AX*2), AX
	MOVQ AX, next-24(SP)
	CONVERT(LOAD_F16)
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ n+104(FP), BX
	MOVBLZX add+120(FP), AX
	START
	PAIR(FETCH_HALVES, 128)

// func pairBF16AVX512(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)
TEXT ·pairBF16AVX512(SB), 0, $8288-121
	MOVQ panels_base+64(FP), DX
	MOVQ stride+88(FP), R15
	MOVQ cols+112(FP), CX
	MOVQ next+96(FP), AX
	SHLQ $1, R15
	LEAQ (DX)(AX*2), AX
	MOVQ AX, next-24(SP)
	CONVERT(LOAD_BF16)
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ n+104(FP), BX
	MOVBLZX add+120(FP), AX
	START
	PAIR(FETCH_HALVES, 128)

// Maxima of a product with two panels, never stored: registers as above, the
// panels next to each other, CX bytes of a row of x, which is as far apart as
// they are.

// KEEP2 raises the maxima in Z24 and Z25 to a row's sums. Where one is NaN the
// processor takes the first operand, the maximum so far.
#define KEEP2(low, high) \
	VMAXPS Z24, low, Z24   \
	VMAXPS Z25, high, Z25

// KEEP8 takes the maxima from DI and raises them to the sums in Z0 to Z7.
#define KEEP8 \
	VMOVUPS (DI), Z24   \
	VMOVUPS 64(DI), Z25 \
	KEEP2(Z0, Z1)       \
	KEEP2(Z2, Z3)       \
	KEEP2(Z4, Z5)       \
	KEEP2(Z6, Z7)

// KEPT writes the maxima back.
#define KEPT \
	VMOVUPS Z24, (DI)   \
	VMOVUPS Z25, 64(DI)

// func maxPairAVX512(best []float32, x []float32, panels []float32, n, cols int)
TEXT ·maxPairAVX512(SB), NOSPLIT, $8-88
	MOVQ best_base+0(FP), DI
	MOVQ x_base+24(FP), SI
	MOVQ panels_base+48(FP), DX
	MOVQ n+72(FP), BX
	MOVQ cols+80(FP), CX
	LEAQ (CX*4), R9
	MOVQ CX, R15
	SHLQ $6, R15
	LEAQ (R9)(R9*2), R10
	LEAQ (R9)(R9*4), R11
	LEAQ (R10)(R9*4), R13
	CMPQ BX, $12
	JLT  rows4

rows12:
	ZERO24
	MOVQ SI, AX
	LEAQ (SI)(R9*8), R12
	MOVQ DX, R14
	LEAQ (R10)(R10*1), R8
	LEAQ (SI)(R8*4), R8
	MOVQ CX, columns-8(SP)
	SUBQ $4, CX
	JLT  odd12

columns12:
	COLUMN12(0)
	PREFETCHT0 (R8)
	COLUMN12(1)
	PREFETCHT0 64(R8)
	COLUMN12(2)
	PREFETCHT0 128(R8)
	COLUMN12(3)
	ADDQ $16, AX
	ADDQ $16, R12
	ADDQ $256, R14
	ADDQ $192, R8
	SUBQ $4, CX
	JGE  columns12

odd12:
	ADDQ $4, CX
	JEQ  keep12

column12:
	COLUMN12(0)
	ADDQ $4, AX
	ADDQ $4, R12
	ADDQ $64, R14
	DECQ CX
	JNE  column12

keep12:
	MOVQ columns-8(SP), CX
	KEEP8
	KEEP2(Z8, Z9)
	KEEP2(Z10, Z11)
	KEEP2(Z12, Z13)
	KEEP2(Z14, Z15)
	KEEP2(Z16, Z17)
	KEEP2(Z18, Z19)
	KEEP2(Z20, Z21)
	KEEP2(Z22, Z23)
	KEPT
	LEAQ (SI)(R10*4), SI
	SUBQ $12, BX
	CMPQ BX, $12
	JGE  rows12
	TESTQ BX, BX
	JEQ  done

	// The rows left don't fill a twelve: they are taken with some of those before
	// them, which changes no maximum.
	SUBQ  $12, BX
	IMULQ R9, BX
	ADDQ  BX, SI
	MOVQ  $12, BX
	JMP   rows12

rows4:
	ZERO8(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	OFFSETS4
	MOVQ SI, AX
	MOVQ DX, R14
	MOVQ CX, columns-8(SP)

columns4:
	COLUMN4
	ADDQ $4, AX
	ADDQ $64, R14
	DECQ CX
	JNE  columns4
	MOVQ columns-8(SP), CX
	KEEP8
	KEPT
	LEAQ (SI)(R9*4), SI
	SUBQ $4, BX
	JGT  rows4

done:
	VZEROUPPER
	RET
