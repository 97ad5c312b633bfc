package heads

import "slices"

// fold combines what is linear in a stack wherever that costs no additional
// multiplications. It leaves its argument as it is, and returns it where a
// folded weight would leave the range of float32.
//
// Two rules are applied until neither changes anything:
//
//   - A layer without activation whose skip starts from its own input is one
//     affine map: W x + R x = (W + R) x.
//   - A layer that is an affine map is removed by building it into everything
//     that reads its output: the next layer's value and gate, and skips.
//
// The second rule takes the layer that saves most, the last of equals, since
// heads get narrower towards their end and folding from there is less work.
func fold(declared []layer) []layer {
	layers := slices.Clone(declared)
	for {
		for i := range layers {
			layers[i].absorbSkip(i)
		}
		i := mostSaving(layers)
		if i < 0 {
			break
		}
		layers = remove(layers, i)
	}
	for _, l := range layers {
		if !l.value.fitsFloat32() || !l.gate.fitsFloat32() || !l.skip.fitsFloat32() {
			return declared
		}
	}
	return layers
}

// absorbSkip applies the first rule to layer number i.
func (l *layer) absorbSkip(i int) {
	if l.skip != nil && l.from == i && l.gate == nil && l.activation.isIdentity() {
		l.value = l.value.plus(l.skip)
		l.skip = nil
		l.folded = true
	}
}

// mostSaving is the affine layer whose removal saves most multiplications, or
// -1 where each would cost some.
func mostSaving(layers []layer) int {
	best, most := -1, 0
	for i, l := range layers[:len(layers)-1] {
		if !l.isAffine() {
			continue
		}
		saved := l.value.multiplications()
		for _, r := range readers(layers, i+1) {
			saved += (*r).multiplications() - (*r).out*l.value.in
		}
		if saved >= most {
			best, most = i, saved
		}
	}
	return best
}

// readers are the maps that take a state as their input, in place.
func readers(layers []layer, state int) []**affine {
	next := &layers[state]
	list := []**affine{&next.value}
	if next.gate != nil {
		list = append(list, &next.gate)
	}
	for j := state; j < len(layers); j++ {
		if layers[j].skip != nil && layers[j].from == state {
			list = append(list, &layers[j].skip)
		}
	}
	return list
}

// remove builds affine layer number i into what reads its output, state i+1,
// which then reads state i.
func remove(layers []layer, i int) []layer {
	gone := layers[i]
	for _, r := range readers(layers, i+1) {
		*r = (*r).after(gone.value)
	}
	for j := i + 1; j < len(layers); j++ {
		l := &layers[j]
		if j == i+1 || l.skip != nil && l.from == i+1 {
			l.origin = slices.Concat(gone.origin, l.origin)
			l.folded = true
		}
		if l.from > i {
			l.from--
		}
	}
	return slices.Delete(layers, i, i+1)
}
