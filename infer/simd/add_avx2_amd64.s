//go:build !purego

#include "textflag.h"

// func add8AVX2(x, y []float32)
TEXT ·add8AVX2(SB), NOSPLIT, $0-48
	MOVQ x_base+0(FP), DI
	MOVQ x_len+8(FP), CX
	MOVQ y_base+24(FP), SI
	XORQ AX, AX
	JMP  more

eight:
	VMOVUPS (DI)(AX*4), Y0
	VADDPS  (SI)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ    $8, AX

more:
	CMPQ AX, CX
	JLT  eight
	VZEROUPPER
	RET
