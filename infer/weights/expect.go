package weights

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Shape is the name and the sizes that a tensor must have.
type Shape struct {
	Name string
	Dims []int
}

// Expect returns an error unless tensors are exactly those wanted: it counts
// and names the missing, the superfluous and those of another shape. A tensor
// beyond the wanted ones is no error if ignore accepts its name; ignore may be
// nil. The error starts with where: the checkpoint's name, and the module.
func Expect(where string, tensors map[string]Tensor, want []Shape, ignore func(name string) bool) error {
	var missing, misshapen, superfluous []string
	wanted := make(map[string]bool, len(want))
	for _, shape := range want {
		wanted[shape.Name] = true
		t, ok := tensors[shape.Name]
		switch {
		case !ok:
			missing = append(missing, shape.Name)
		case !slices.Equal(t.Shape, shape.Dims):
			misshapen = append(misshapen, fmt.Sprintf("%s is %d, expected %d", shape.Name, t.Shape, shape.Dims))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		if !wanted[name] && (ignore == nil || !ignore(name)) {
			superfluous = append(superfluous, name)
		}
	}
	var faults []string
	for _, kind := range []struct {
		what string
		list []string
	}{{"missing", missing}, {"of another shape", misshapen}, {"superfluous", superfluous}} {
		if len(kind.list) > 0 {
			faults = append(faults, fmt.Sprintf("%d %s (%s)", len(kind.list), kind.what, firstFew(kind.list)))
		}
	}
	if faults == nil {
		return nil
	}
	return fmt.Errorf("weights: %s: of %d expected tensors: %s", where, len(want), strings.Join(faults, "; "))
}

// firstFew joins the start of a list that may be long.
func firstFew(list []string) string {
	const few = 4
	if len(list) > few {
		return strings.Join(list[:few], ", ") + ", ..."
	}
	return strings.Join(list, ", ")
}
