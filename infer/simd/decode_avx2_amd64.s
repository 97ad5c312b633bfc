//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// func decodeInt8x8AVX2(dst []float32, codes []byte, scales []float32, dim int)
//
// DI dst, SI codes; DX scales, BX of them left; CX values of a row left.
TEXT ·decodeInt8x8AVX2(SB), NOSPLIT, $0-80
	MOVQ dst_base+0(FP), DI
	MOVQ codes_base+24(FP), SI
	MOVQ scales_base+48(FP), DX
	MOVQ scales_len+56(FP), BX
	MOVQ dim+72(FP), R8
	TESTQ BX, BX
	JEQ  done

row:
	VBROADCASTSS (DX), Y1
	ADDQ $4, DX
	MOVQ R8, CX

eight:
	VPMOVSXBD (SI), Y0
	VCVTDQ2PS Y0, Y0
	VMULPS    Y1, Y0, Y0
	VMOVUPS   Y0, (DI)
	ADDQ      $8, SI
	ADDQ      $32, DI
	SUBQ      $8, CX
	JNE       eight
	DECQ      BX
	JNE       row

done:
	VZEROUPPER
	RET

// Residual codes.
//
// DI dst, AX a centroid and R12 one to come, each at its row's end, from which CX
// counts back; SI codes; DX ids, BX of them left, R13 the last; R11 scales; R9
// centroids, R10 bytes of one. Y15 shifts each lane to its code; Y12 holds the
// weights, of 4-bit codes the first eight, and Y11 the last eight; Y14 and Y13
// are these times the row's scale, so that a component costs no more than
// without one.
//
// Eight codes are broadcast together and each lane shifts its own to the bottom.
// VPERMPS looks at the three lowest bits of a lane, so what is above a code of
// 1 or 2 bits only chooses among repetitions of its weight.
//
// Centroids lie far apart. Fetching the one of the eighth row ahead takes 15 to
// 30 % off where the second-level cache doesn't hold them all:
// BenchmarkCodesOfPeak.

// SCALE3 makes the scaled weights of a row, for LOOKUP3.
#define SCALE3 \
	VBROADCASTSS (R11), Y14 \
	VMULPS Y12, Y14, Y14

// SCALE4 does so for LOOKUP4.
#define SCALE4 \
	VBROADCASTSS (R11), Y13 \
	VMULPS Y12, Y13, Y14    \
	VMULPS Y11, Y13, Y13

// LOOKUP3 turns eight lanes of Y0 into weights in Y0.
#define LOOKUP3 \
	VPERMPS Y14, Y0, Y0

// LOOKUP4 does so for 4-bit codes: the fourth bit, moved to the sign, chooses
// between the halves of the table.
#define LOOKUP4 \
	VPERMPS   Y14, Y0, Y1        \
	VPERMPS   Y13, Y0, Y2        \
	VPSLLD    $28, Y0, Y0        \
	VBLENDVPS Y0, Y2, Y1, Y0

#define RESIDUAL(BROADCAST, BITS, SCALE, LOOKUP) \
	SHLQ $2, R10                              \
	VMOVUPS residualTable_low(R8), Y12        \
	VMOVUPS residualTable_high(R8), Y11       \
	VMOVDQU residualTable_shift(R8), Y15      \
	TESTQ BX, BX                              \
	JEQ  done                                 \
	ADDQ R10, R9                              \
	LEAQ -2(DX)(BX*2), R13                    \
row:                                              \
	SCALE                                     \
	ADDQ $4, R11                              \
	MOVWLZX (DX), AX                          \
	IMULQ R10, AX                             \
	ADDQ R9, AX                               \
	LEAQ 16(DX), R12                          \
	CMPQ R12, R13                             \
	CMOVQHI R13, R12                          \
	MOVWLZX (R12), R12                        \
	IMULQ R10, R12                            \
	ADDQ R9, R12                              \
	ADDQ R10, DI                              \
	ADDQ $2, DX                               \
	MOVQ R10, CX                              \
	NEGQ CX                                   \
eight:                                            \
	PREFETCHT0 (R12)(CX*1)                    \
	BROADCAST (SI), Y0                        \
	VPSRLVD Y15, Y0, Y0                       \
	LOOKUP                                    \
	VADDPS (AX)(CX*1), Y0, Y0                 \
	VMOVUPS Y0, (DI)(CX*1)                    \
	ADDQ $BITS, SI                            \
	ADDQ $32, CX                              \
	JNE  eight                                \
	DECQ BX                                   \
	JNE  row                                  \
done:                                             \
	VZEROUPPER                                \
	RET

// func residual1x8AVX2(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)
TEXT ·residual1x8AVX2(SB), NOSPLIT, $0-136
	MOVQ dst_base+0(FP), DI
	MOVQ codes_base+24(FP), SI
	MOVQ table+48(FP), R8
	MOVQ scales_base+56(FP), R11
	MOVQ centroids_base+80(FP), R9
	MOVQ ids_base+104(FP), DX
	MOVQ ids_len+112(FP), BX
	MOVQ dim+128(FP), R10
	RESIDUAL(VPBROADCASTB, 1, SCALE3, LOOKUP3)

// func residual2x8AVX2(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)
TEXT ·residual2x8AVX2(SB), NOSPLIT, $0-136
	MOVQ dst_base+0(FP), DI
	MOVQ codes_base+24(FP), SI
	MOVQ table+48(FP), R8
	MOVQ scales_base+56(FP), R11
	MOVQ centroids_base+80(FP), R9
	MOVQ ids_base+104(FP), DX
	MOVQ ids_len+112(FP), BX
	MOVQ dim+128(FP), R10
	RESIDUAL(VPBROADCASTW, 2, SCALE3, LOOKUP3)

// func residual4x8AVX2(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)
TEXT ·residual4x8AVX2(SB), NOSPLIT, $0-136
	MOVQ dst_base+0(FP), DI
	MOVQ codes_base+24(FP), SI
	MOVQ table+48(FP), R8
	MOVQ scales_base+56(FP), R11
	MOVQ centroids_base+80(FP), R9
	MOVQ ids_base+104(FP), DX
	MOVQ ids_len+112(FP), BX
	MOVQ dim+128(FP), R10
	RESIDUAL(VPBROADCASTD, 4, SCALE4, LOOKUP4)
