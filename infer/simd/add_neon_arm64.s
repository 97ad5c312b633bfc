//go:build !purego

#include "textflag.h"

// An instruction without a name, written as in neon_arm64.s.

#define VFADD4S(m, n, d)      WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d)) // FADD Vd.4S, Vn.4S, Vm.4S

// func add4NEON(x, y []float32)
TEXT ·add4NEON(SB), NOSPLIT, $0-48
	MOVD x_base+0(FP), R0
	MOVD x_len+8(FP), R2
	MOVD y_base+24(FP), R1
	CBZ  R2, done

four:
	FMOVQ   (R0), F0
	FMOVQ.P 16(R1), F1
	VFADD4S(1, 0, 0)
	FMOVQ   F0, (R0)
	ADD     $16, R0
	SUBS    $4, R2
	BNE     four

done:
	RET
