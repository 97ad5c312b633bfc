//go:build !purego

#include "textflag.h"

// func rotate16AVX512(x, cos, sin []float32)
//
// Sixteen pairs of all heads, then the next sixteen: SI walks over the first
// halves of heads, which are CX values long, DI over the second ones; R8 and R9
// over cosines and sines.
TEXT ·rotate16AVX512(SB), NOSPLIT, $0-72
	MOVQ x_base+0(FP), DX
	MOVQ x_len+8(FP), BX
	MOVQ cos_base+24(FP), R8
	MOVQ cos_len+32(FP), CX
	MOVQ sin_base+48(FP), R9
	LEAQ (DX)(BX*4), BX    // the end of x
	MOVQ CX, R10
	SHLQ $3, R10           // bytes of a head
	LEAQ (R8)(CX*4), R11   // the end of the cosines

sixteen:
	VMOVUPS (R8), Z2
	VMOVUPS (R9), Z3
	MOVQ    DX, SI
	LEAQ    (DX)(CX*4), DI

head:
	VMOVUPS     (SI), Z0
	VMOVUPS     (DI), Z1
	VMULPS      Z3, Z1, Z4
	VFMSUB231PS Z2, Z0, Z4 // low·cos − high·sin
	VMULPS      Z3, Z0, Z5
	VFMADD231PS Z2, Z1, Z5 // high·cos + low·sin
	VMOVUPS     Z4, (SI)
	VMOVUPS     Z5, (DI)
	ADDQ        R10, SI
	ADDQ        R10, DI
	CMPQ        SI, BX
	JLT         head
	ADDQ        $64, DX
	ADDQ        $64, R8
	ADDQ        $64, R9
	CMPQ        R8, R11
	JLT         sixteen
	VZEROUPPER
	RET
