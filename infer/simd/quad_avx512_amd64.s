//go:build !purego

#include "textflag.h"

// Products with four panels at once.
//
// Six rows by 64 outputs take 10 loads for 24 multiply-adds, where twelve rows by
// 32 take 14. Both are less than a core has ports for, but instructions count as
// well: a core that is shared by two threads, as the processors of most virtual
// machines are, takes three a cycle from each, and 38 for the 12 cycles of 24
// multiply-adds are too many. 6×64 beats 12×32 there by a sixth, 8×48 by a
// twentieth: BenchmarkMatMulOfPeak.
//
// What pair_avx512_amd64.s says of stretches and conversions is so here. What will
// be needed is fetched into the first-level cache while columns are multiplied: the
// inputs of the next six rows, what these sums will be added to, and of the next
// stretch a panel during each of the last four sixes. One or two lines go between a
// column and the next. More at once keep the multiply-adds' own loads waiting, and
// what comes early is gone again: the panels all during the first six rows take a
// tenth to a sixth of the speed, as if nothing were fetched.
//
// DI dst, R8 bytes between its rows; SI x, R9 bytes between its rows, R10 and R11
// three and five times that; R15 bytes between the panels, R13 three times that;
// CX columns; BX rows left; K1 all lanes to add, none to overwrite. AX walks over
// the rows of x, R14 over the panels from panels-16(SP) on. R12, DX and BP walk over
// what to fetch: rows of x, of dst, and a panel from next-24(SP) on; stride-32(SP)
// bytes lie between those. Z0 to Z23 are sums, four a row; Z24 to Z27 a column of
// the panels, Z28 to Z31 inputs.

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

#define LOAD4(c) \
	VMOVUPS (64*c)(R14), Z24        \
	VMOVUPS (64*c)(R14)(R15*1), Z25 \
	VMOVUPS (64*c)(R14)(R15*2), Z26 \
	VMOVUPS (64*c)(R14)(R13*1), Z27

// MADD4 adds x[row, c] · panels[c, :] to a row's four sums.
#define MADD4(from, input, s0, s1, s2, s3) \
	VBROADCASTSS from, input   \
	VFMADD231PS  Z24, input, s0 \
	VFMADD231PS  Z25, input, s1 \
	VFMADD231PS  Z26, input, s2 \
	VFMADD231PS  Z27, input, s3

// COLUMN6 is column c, from where the registers walk, of six rows.
#define COLUMN6(c) \
	LOAD4(c)                                          \
	MADD4((4*c)(AX), Z28, Z0, Z1, Z2, Z3)             \
	MADD4((4*c)(AX)(R9*1), Z29, Z4, Z5, Z6, Z7)       \
	MADD4((4*c)(AX)(R9*2), Z30, Z8, Z9, Z10, Z11)     \
	MADD4((4*c)(AX)(R10*1), Z31, Z12, Z13, Z14, Z15)  \
	MADD4((4*c)(AX)(R9*4), Z28, Z16, Z17, Z18, Z19)   \
	MADD4((4*c)(AX)(R11*1), Z29, Z20, Z21, Z22, Z23)

// COLUMN4 is a column of up to four rows, whose offsets are R10, R11 and R12.
#define COLUMN4 \
	LOAD4(0)                                       \
	MADD4((AX), Z28, Z0, Z1, Z2, Z3)               \
	MADD4((AX)(R10*1), Z29, Z4, Z5, Z6, Z7)        \
	MADD4((AX)(R11*1), Z30, Z8, Z9, Z10, Z11)      \
	MADD4((AX)(R12*1), Z31, Z12, Z13, Z14, Z15)

// CLAMP replaces the offset of a row that isn't there by the one before.
#define CLAMP(row, before, offset) \
	CMPQ    BX, $row       \
	CMOVQLE before, offset

// OFFSETS4 sets R10, R11 and R12 to the offsets of rows 1 to 3 of up to four.
#define OFFSETS4 \
	MOVQ R9, R10            \
	LEAQ (R9)(R9*1), R11    \
	LEAQ (R9)(R9*2), R12    \
	XORL AX, AX             \
	CLAMP(1, AX, R10)       \
	CLAMP(2, R10, R11)      \
	CLAMP(3, R11, R12)

// STORE4 stores a row at DI, and goes to the next one.
#define STORE4(s0, s1, s2, s3) \
	VADDPS  (DI), s0, K1, s0    \
	VADDPS  64(DI), s1, K1, s1  \
	VADDPS  128(DI), s2, K1, s2 \
	VADDPS  192(DI), s3, K1, s3 \
	VMOVUPS s0, (DI)            \
	VMOVUPS s1, 64(DI)          \
	VMOVUPS s2, 128(DI)         \
	VMOVUPS s3, 192(DI)         \
	ADDQ    R8, DI

// START makes bytes of R8 and R9, which count values, sets R10, R11, R13 and K1
// from AX, and keeps DX as the panels' distance where they are fetched from.
#define START \
	NEGL  AX               \
	KMOVW AX, K1           \
	SHLQ  $2, R8           \
	SHLQ  $2, R9           \
	LEAQ  (R9)(R9*2), R10  \
	LEAQ  (R9)(R9*4), R11  \
	LEAQ  (R15)(R15*2), R13 \
	MOVQ  DX, stride-32(SP)

// FETCH2 fetches the c-th two lines.
#define FETCH2(c, at) \
	PREFETCHT0 (128*c)(at)    \
	PREFETCHT0 (128*c+64)(at)

// A quarter of eight columns of a panel, in half precision or not.
#define FETCH_HALVES(c) \
	PREFETCHT0 (64*c)(BP)

#define FETCH_SINGLES(c) \
	FETCH2(c, BP)

#define FETCH_NOTHING(c)

// SIX computes the sums of six rows from SI on, stores them and goes to the next
// ones. Eight columns at a time, it fetches 64 columns of a row of x, a row's sums,
// and BYTES of a panel.
#define SIX(columns8, odd, column, store, FETCH, BYTES) \
	ZERO24                   \
	LEAQ (SI)(R10*2), R12    \
	MOVQ DI, DX              \
	MOVQ SI, AX              \
	MOVQ panels-16(SP), R14  \
	MOVQ CX, columns-8(SP)   \
	SUBQ $8, CX              \
	JLT  odd                 \
columns8:                        \
	COLUMN6(0)               \
	FETCH2(0, R12)           \
	COLUMN6(1)               \
	FETCH2(1, R12)           \
	COLUMN6(2)               \
	FETCH2(0, DX)            \
	COLUMN6(3)               \
	FETCH2(1, DX)            \
	COLUMN6(4)               \
	FETCH(0)                 \
	COLUMN6(5)               \
	FETCH(1)                 \
	COLUMN6(6)               \
	FETCH(2)                 \
	COLUMN6(7)               \
	FETCH(3)                 \
	ADDQ R9, R12             \
	ADDQ R8, DX              \
	ADDQ $BYTES, BP          \
	ADDQ $32, AX             \
	ADDQ $512, R14           \
	SUBQ $8, CX              \
	JGE  columns8            \
odd:                             \
	ADDQ $8, CX              \
	JEQ  store               \
column:                          \
	COLUMN6(0)               \
	ADDQ $4, AX              \
	ADDQ $64, R14            \
	DECQ CX                  \
	JNE  column              \
store:                           \
	MOVQ columns-8(SP), CX   \
	STORE4(Z0, Z1, Z2, Z3)     \
	STORE4(Z4, Z5, Z6, Z7)     \
	STORE4(Z8, Z9, Z10, Z11)   \
	STORE4(Z12, Z13, Z14, Z15) \
	STORE4(Z16, Z17, Z18, Z19) \
	STORE4(Z20, Z21, Z22, Z23) \
	LEAQ (SI)(R10*2), SI     \
	SUBQ $6, BX

// FOUR computes the sums of up to four rows from SI on, stores them and goes to the
// next ones, or ends. For each column it fetches one of two panels, BYTES long, if
// there is something to FETCH.
#define FOUR(column, FETCH, BYTES) \
	ZERO16                   \
	OFFSETS4                 \
	MOVQ SI, AX              \
	MOVQ panels-16(SP), R14  \
	MOVQ CX, columns-8(SP)   \
column:                          \
	COLUMN4                  \
	FETCH                    \
	ADDQ $BYTES, BP          \
	ADDQ $4, AX              \
	ADDQ $64, R14            \
	DECQ CX                  \
	JNE  column              \
	MOVQ columns-8(SP), CX   \
	STORE4(Z0, Z1, Z2, Z3)   \
	DECQ BX                  \
	JEQ  done                \
	STORE4(Z4, Z5, Z6, Z7)   \
	DECQ BX                  \
	JEQ  done                \
	STORE4(Z8, Z9, Z10, Z11) \
	DECQ BX                  \
	JEQ  done                \
	STORE4(Z12, Z13, Z14, Z15) \
	DECQ BX                  \
	LEAQ (SI)(R9*4), SI

#define FETCH_PANELS \
	PREFETCHT0 (BP)       \
	PREFETCHT0 (BP)(DX*1)

#define FETCH_NO_PANEL

// QUAD computes the product of all rows. Where there are too few for the panels to
// be fetched during sixes, the rest are during the last rows.
#define QUAD(FETCH_PANEL, BYTES) \
rows6:                           \
	CMPQ BX, $30             \
	JLT  last24              \
	SIX(columns8, odd, column, store, FETCH_NOTHING, 0) \
	JMP  rows6               \
last24:                          \
	CMPQ BX, $6              \
	JLT  rows4               \
	MOVQ next-24(SP), BP     \
	SIX(lastColumns8, lastOdd, lastColumn, lastStore, FETCH_PANEL, BYTES) \
	MOVQ stride-32(SP), BP   \
	ADDQ BP, next-24(SP)     \
	JMP  last24              \
rows4:                           \
	TESTQ BX, BX             \
	JEQ   done               \
	CMPQ n+104(FP), $24      \
	JLT  few4                \
	FOUR(column4, FETCH_NO_PANEL, 0) \
	JMP  rows4               \
few4:                            \
	MOVQ next-24(SP), BP     \
	MOVQ stride-32(SP), DX   \
	FOUR(fewColumn4, FETCH_PANELS, BYTES/8) \
	TESTQ BX, BX             \
	JNE  few4                \
done:                            \
	VZEROUPPER               \
	RET

// func quadF32AVX512(dst []float32, ldd int, x []float32, ldx int, panels []float32, stride, next, n, cols int, add bool)
TEXT ·quadF32AVX512(SB), NOSPLIT, $32-121
	MOVQ dst_base+0(FP), DI
	MOVQ ldd+24(FP), R8
	MOVQ x_base+32(FP), SI
	MOVQ ldx+56(FP), R9
	MOVQ panels_base+64(FP), DX
	MOVQ stride+88(FP), R15
	MOVQ next+96(FP), CX
	MOVQ n+104(FP), BX
	MOVBLZX add+120(FP), AX
	MOVQ DX, panels-16(SP)
	LEAQ (DX)(CX*4), DX
	MOVQ DX, next-24(SP)
	SHLQ $2, R15
	MOVQ R15, DX
	MOVQ cols+112(FP), CX
	START
	QUAD(FETCH_SINGLES, 512)

#define LOAD_F16(from, to) \
	VCVTPH2PS from, to

#define LOAD_BF16(from, to) \
	VPMOVZXWD from, to   \
	VPSLLD    $16, to, to

// CONVERT writes CX columns, at most 64, of the panels at DX, which are R15 bytes
// apart, to the first cache line of the frame, and leaves R15 telling how far
// apart they are there, DX how far they were.
#define CONVERT(LOAD) \
	LEAQ frame-16488(SP), R12     \
	ADDQ $63, R12                 \
	ANDQ $~63, R12                \
	MOVQ R12, panels-16(SP)       \
	MOVQ CX, R14                  \
	SHLQ $6, R14                  \
	MOVQ R12, AX                  \
	LEAQ (R12)(R14*1), R12        \
	LEAQ (R15)(R15*2), R13        \
	LEAQ (R14)(R14*2), R11        \
convert:                              \
	LOAD((DX), Z0)                \
	LOAD((DX)(R15*1), Z1)         \
	LOAD((DX)(R15*2), Z2)         \
	LOAD((DX)(R13*1), Z3)         \
	VMOVUPS Z0, (AX)              \
	VMOVUPS Z1, (AX)(R14*1)       \
	VMOVUPS Z2, (AX)(R14*2)       \
	VMOVUPS Z3, (AX)(R11*1)       \
	ADDQ $32, DX                  \
	ADDQ $64, AX                  \
	CMPQ AX, R12                  \
	JNE  convert                  \
	MOVQ R15, DX                  \
	MOVQ R14, R15

// func quadF16AVX512(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)
TEXT ·quadF16AVX512(SB), 0, $16488-121
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
	QUAD(FETCH_HALVES, 256)

// func quadBF16AVX512(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)
TEXT ·quadBF16AVX512(SB), 0, $16488-121
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
	QUAD(FETCH_HALVES, 256)
