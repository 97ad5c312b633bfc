// Package bench holds the benchmarks: of the whole path, text to ranking, and
// of kernels and encoder as a share of what the processor can do. README.md
// lists what else is here.
//
//	go test -bench . ./bench
//
// They use the golden checkpoint with the shape of mxbai-edge-colbert-v0-17m,
// whose weights are random: its speed is the real one, its rankings are not.
package bench
