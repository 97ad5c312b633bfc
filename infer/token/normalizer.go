package token

// A normalizer is one step of the normalizer section.
type normalizer interface {
	// apply makes the layer dst out of src. It returns false, and leaves dst
	// alone, if both would be the same.
	apply(dst *layer, src []byte, w *composer) bool

	// settled says whether r, which is as encoder.settled wants it, becomes the
	// same whatever is beside it, and what that begins and ends with: r itself,
	// for ASCII letters too, which may become small.
	settled(r rune) (first, last rune, ok bool)
}

// maxNormalizers is far above the two that any real file has.
const maxNormalizers = 8

// composeNFC is the normalizer NFC.
type composeNFC struct{}

// lowercase is the normalizer Lowercase.
type lowercase struct{}

// readNormalizer reads normalizer: the steps in order.
func readNormalizer(c *cursor) ([]normalizer, error) {
	if c.isNull() {
		return nil, c.skipped()
	}
	const supported = "null, NFC, Lowercase, BertNormalizer, Replace or a Sequence of these"
	kind, err := c.component(supported)
	if err != nil {
		return nil, err
	}
	if kind != "Sequence" {
		step, err := readNormalizerStep(c, kind, supported)
		return []normalizer{step}, err
	}
	var steps []normalizer
	err = c.fields(
		field{name: "type", read: c.skipped},
		field{name: "normalizers", read: func() error {
			return c.list(func(i int) error {
				const supported = "NFC, Lowercase, BertNormalizer, Replace"
				inside, err := c.inside()
				if err != nil {
					return err
				}
				if i == maxNormalizers {
					return inside.errorf("there are more than %d normalizers", maxNormalizers)
				}
				kind, err := inside.component(supported)
				if err != nil {
					return err
				}
				step, err := readNormalizerStep(inside, kind, supported)
				steps = append(steps, step)
				return err
			})
		}})
	return steps, err
}

func readNormalizerStep(c *cursor, kind, supported string) (normalizer, error) {
	var step normalizer
	switch kind {
	case "NFC":
		step = composeNFC{}
	case "Lowercase":
		step = lowercase{}
	case "BertNormalizer":
		return readBertNormalizer(c)
	case "Replace":
		return readReplace(c)
	default:
		return nil, c.errorf("the normalizer %q is not supported; supported: %s", shorten(kind), supported)
	}
	return step, c.fields(field{name: "type", read: c.skipped})
}
