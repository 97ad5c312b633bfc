package simd

// feature is one that processors may have and, where that takes more than the
// processor, that the operating system lets programs use.
type feature struct {
	name string
	has  bool
}

// Features lists the processor's features that kernels do or could build on, by
// the names that Linux gives them. It is empty where none are known.
//
// Only a program that asks its operating system may use the tiles of amx_*.
func Features() []string {
	names := []string{}
	for _, f := range features() {
		if f.has {
			names = append(names, f.name)
		}
	}
	return names
}
