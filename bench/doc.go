// Package bench holds the benchmarks of the whole path, text to ranking; those
// of single kernels lie beside the kernels. README.md lists what else is here.
//
//	go test -bench . ./bench
//
// They use the golden checkpoint with the shape of mxbai-edge-colbert-v0-17m,
// whose weights are random: its speed is the real one, its rankings are not.
package bench
