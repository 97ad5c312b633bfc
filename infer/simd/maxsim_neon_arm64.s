//go:build !purego

#include "textflag.h"

// FOURROWS transposes four columns of the four rows from R8 on and writes them
// to R0 + at, 64 bytes apart. R3 bytes are between rows.
#define FOURROWS(at) \
	FMOVQ (R8), F0             \
	ADD   R3, R8               \
	FMOVQ (R8), F1             \
	ADD   R3, R8               \
	FMOVQ (R8), F2             \
	ADD   R3, R8               \
	FMOVQ (R8), F3             \
	ADD   R3, R8               \
	VZIP1 V2.S4, V0.S4, V4.S4  \
	VZIP2 V2.S4, V0.S4, V5.S4  \
	VZIP1 V3.S4, V1.S4, V6.S4  \
	VZIP2 V3.S4, V1.S4, V7.S4  \
	VZIP1 V6.S4, V4.S4, V0.S4  \
	VZIP2 V6.S4, V4.S4, V1.S4  \
	VZIP1 V7.S4, V5.S4, V2.S4  \
	VZIP2 V7.S4, V5.S4, V3.S4  \
	FMOVQ F0, at(R0)           \
	FMOVQ F1, (at+64)(R0)      \
	FMOVQ F2, (at+128)(R0)     \
	FMOVQ F3, (at+192)(R0)

// func packPanel4NEON(panel, rows []float32, cols int)
//
// R0 panel; R2 rows, R3 bytes between them; R5 columns left.
TEXT ·packPanel4NEON(SB), NOSPLIT, $0-56
	MOVD panel_base+0(FP), R0
	MOVD rows_base+24(FP), R2
	MOVD cols+48(FP), R5
	LSL  $2, R5, R3

four:
	MOVD R2, R8
	FOURROWS(0)
	FOURROWS(16)
	FOURROWS(32)
	FOURROWS(48)
	ADD  $16, R2
	ADD  $256, R0
	SUBS $4, R5
	BNE  four
	RET
