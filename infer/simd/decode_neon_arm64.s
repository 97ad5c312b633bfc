//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Instructions without a name, written as in neon_arm64.s.

#define VFADD4S(m, n, d)      WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d)) // FADD Vd.4S, Vn.4S, Vm.4S
#define VFMUL4S(m, n, d)      WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d)) // FMUL Vd.4S, Vn.4S, Vm.4S
#define VSCVTF24(n, d)        WORD $(0x4F28E400 | (n)<<5 | (d)) // SCVTF Vd.4S, Vn.4S, #24
#define VUSHL16B(m, n, d)     WORD $(0x6E204400 | (m)<<16 | (n)<<5 | (d)) // USHL Vd.16B, Vn.16B, Vm.16B

// func decodeInt8x8NEON(dst []float32, codes []byte, scales []float32, dim int)
//
// R0 dst, R2 codes; R3 scales, R4 of them left; R6 values of a row left.
TEXT ·decodeInt8x8NEON(SB), NOSPLIT, $0-80
	MOVD  dst_base+0(FP), R0
	MOVD  codes_base+24(FP), R2
	MOVD  scales_base+48(FP), R3
	MOVD  scales_len+56(FP), R4
	MOVD  dim+72(FP), R5
	VMOVI $0, V7.B16
	CBZ   R4, done

row:
	VLD1R.P 4(R3), [V6.S4]
	MOVD    R5, R6

eight:
	// With three zeros below it a code is 2^24 times as large, which the
	// conversion takes out again.
	FMOVD.P 8(R2), F0
	VZIP1   V0.B16, V7.B16, V0.B16
	VZIP1   V0.H8, V7.H8, V1.H8
	VZIP2   V0.H8, V7.H8, V2.H8
	VSCVTF24(1, 1)
	VSCVTF24(2, 2)
	VFMUL4S(6, 1, 1)
	VFMUL4S(6, 2, 2)
	FSTPQ.P (F1, F2), 32(R0)
	SUBS    $8, R6
	BNE     eight
	SUBS    $1, R4
	BNE     row

done:
	RET

// Residual codes.
//
// R0 dst, R2 codes; R3 ids, R4 of them left, R9 the last; R5 centroids, R6 bytes
// of one. R7 walks over a centroid, R10 over that of the eighth row ahead, which
// is fetched meanwhile; R11 counts the bytes of a row; R12 scales, V24 that of the
// row. V16 to V19 hold the bytes of the weights, the lowest of each first; V20, V21
// and V22 find sixteen codes: their bytes, their places in these and their bits.
//
// A lookup finds sixteen bytes in a table of sixteen. Four of them, for the four
// bytes of a float32, and two rounds of zipping make sixteen weights.

// RESIDUAL decodes rows. Sixteen codes are so many BYTES, and one lane of CODES.
#define RESIDUAL(BYTES, CODES) \
	LSL  $2, R6                                  \
	MOVD $residualTable_planes(R8), R7           \
	VLD1 (R7), [V16.B16, V17.B16, V18.B16, V19.B16] \
	FMOVQ residualTable_bytes(R8), F20           \
	FMOVQ residualTable_shift(R8), F21           \
	FMOVQ residualTable_mask(R8), F22            \
	CBZ  R4, done                                \
	SUB  $1, R4, R9                              \
	ADD  R9<<1, R3, R9                           \
row:                                                 \
	ADD  $16, R3, R10                            \
	CMP  R9, R10                                 \
	CSEL HI, R9, R10, R10                        \
	MOVHU (R10), R10                             \
	MADD R6, R5, R10, R10                        \
	MOVHU.P 2(R3), R7                            \
	MADD R6, R5, R7, R7                          \
	MOVD R6, R11                                 \
	VLD1R.P 4(R12), [V24.S4]                     \
sixteen:                                             \
	PRFM (R10), PLDL1KEEP                        \
	ADD  $64, R10                                \
	VLD1R.P BYTES(R2), [CODES]                   \
	VTBL V20.B16, [V0.B16], V0.B16               \
	VUSHL16B(21, 0, 0)                           \
	VAND V22.B16, V0.B16, V0.B16                 \
	VTBL V0.B16, [V16.B16], V1.B16               \
	VTBL V0.B16, [V17.B16], V2.B16               \
	VTBL V0.B16, [V18.B16], V3.B16               \
	VTBL V0.B16, [V19.B16], V4.B16               \
	VZIP1 V2.B16, V1.B16, V5.B16                 \
	VZIP2 V2.B16, V1.B16, V6.B16                 \
	VZIP1 V4.B16, V3.B16, V7.B16                 \
	VZIP2 V4.B16, V3.B16, V23.B16                \
	VZIP1 V7.H8, V5.H8, V0.H8                    \
	VZIP2 V7.H8, V5.H8, V1.H8                    \
	VZIP1 V23.H8, V6.H8, V2.H8                   \
	VZIP2 V23.H8, V6.H8, V3.H8                   \
	VFMUL4S(24, 0, 0)                            \
	VFMUL4S(24, 1, 1)                            \
	VFMUL4S(24, 2, 2)                            \
	VFMUL4S(24, 3, 3)                            \
	VLD1.P 64(R7), [V4.S4, V5.S4, V6.S4, V7.S4]  \
	VFADD4S(0, 4, 4)                             \
	VFADD4S(1, 5, 5)                             \
	VFADD4S(2, 6, 6)                             \
	VFADD4S(3, 7, 7)                             \
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)  \
	SUBS $64, R11                                \
	BNE  sixteen                                 \
	SUBS $1, R4                                  \
	BNE  row                                     \
done:                                                \
	RET

// func residual1x16NEON(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)
TEXT ·residual1x16NEON(SB), NOSPLIT, $0-136
	MOVD dst_base+0(FP), R0
	MOVD codes_base+24(FP), R2
	MOVD table+48(FP), R8
	MOVD scales_base+56(FP), R12
	MOVD centroids_base+80(FP), R5
	MOVD ids_base+104(FP), R3
	MOVD ids_len+112(FP), R4
	MOVD dim+128(FP), R6
	RESIDUAL(2, V0.H8)

// func residual2x16NEON(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)
TEXT ·residual2x16NEON(SB), NOSPLIT, $0-136
	MOVD dst_base+0(FP), R0
	MOVD codes_base+24(FP), R2
	MOVD table+48(FP), R8
	MOVD scales_base+56(FP), R12
	MOVD centroids_base+80(FP), R5
	MOVD ids_base+104(FP), R3
	MOVD ids_len+112(FP), R4
	MOVD dim+128(FP), R6
	RESIDUAL(4, V0.S4)

// func residual4x16NEON(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)
TEXT ·residual4x16NEON(SB), NOSPLIT, $0-136
	MOVD dst_base+0(FP), R0
	MOVD codes_base+24(FP), R2
	MOVD table+48(FP), R8
	MOVD scales_base+56(FP), R12
	MOVD centroids_base+80(FP), R5
	MOVD ids_base+104(FP), R3
	MOVD ids_len+112(FP), R4
	MOVD dim+128(FP), R6
	RESIDUAL(8, V0.D2)
