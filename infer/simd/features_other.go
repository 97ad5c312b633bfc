//go:build !(amd64 || arm64 || arm || riscv64)

package simd

// features is empty: no kernel could ask for any.
func features() []feature { return nil }
