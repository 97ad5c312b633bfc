package heads

import (
	"errors"
	"fmt"
	"strings"
)

// Dense is one Dense module of a checkpoint.
type Dense struct {
	// Name is the module's folder, such as "1_Dense". It appears in errors and
	// reports.
	Name string
	// Type is the module's class in modules.json, such as
	// "pylate.models.Dense.Dense" or "sentence_transformers.models.Dense"; it
	// decides what absent keys of the config stand for. "" is PyLate's.
	Type string
	// Config is the module's config.json.
	Config []byte
	// Tensors are those of the module's own file: linear.weight [out, in],
	// linear.bias [out] and residual.weight [out, in].
	Tensors map[string]Tensor
}

// FromDense builds a head from the Dense modules of a checkpoint in their
// order. Each computes
//
//	y = activation_function(W x + b), then y += x or y += R x with use_residual
//
// as PyLate's models/Dense.py does. R is residual.weight; without that tensor
// in_features and out_features must agree, and R is the identity.
//
// Absent keys: bias is true and use_residual false. activation_function is
// torch's Tanh for sentence-transformers' own Dense; PyLate can't load a
// module without it, which here counts as Identity and is a warning in Report.
func FromDense(modules []Dense) (*Head, error) {
	if len(modules) == 0 {
		return nil, errors.New("heads: expected at least one Dense module, found none")
	}
	spec := Spec{Kind: DenseChain}
	tensors := map[string]Tensor{}
	var warnings []string
	for i, m := range modules {
		l, warning, err := m.layer()
		if err != nil {
			return nil, err
		}
		if i > 0 && l.In != spec.Layers[i-1].Out {
			return nil, fmt.Errorf("heads: %s/config.json: in_features: expected %d, the out_features of %s, found %d",
				m.Name, spec.Layers[i-1].Out, modules[i-1].Name, l.In)
		}
		if warning != "" {
			warnings = append(warnings, warning)
		}
		spec.Layers = append(spec.Layers, l)
		for name, t := range m.Tensors {
			tensors[m.Name+"."+name] = t
		}
	}
	spec.In, spec.Out = spec.Layers[0].In, spec.Layers[len(spec.Layers)-1].Out
	h, err := New(spec, tensors)
	if err != nil {
		return nil, err
	}
	h.report.Warnings = warnings
	return h, nil
}

// layer reads the module's config.
func (m Dense) layer() (l DenseLayer, warning string, err error) {
	if class := m.Type[strings.LastIndexByte(m.Type, '.')+1:]; class != "Dense" && m.Type != "" {
		return l, "", fmt.Errorf("heads: %s: expected a module of class Dense, found %q", m.Name, m.Type)
	}
	o := parseObject(m.Name+"/config.json", m.Config,
		"in_features", "out_features", "bias", "activation_function", "use_residual", "module_input_name", "module_output_name")
	l = DenseLayer{Name: m.Name, Bias: true}
	width(o, "in_features", &l.In)
	width(o, "out_features", &l.Out)
	o.optional("bias", "true or false", &l.Bias)
	checkRouting(o)

	class := "torch.nn.modules.linear.Identity"
	if strings.HasPrefix(m.Type, "sentence_transformers.") {
		class = "torch.nn.modules.activation.Tanh"
	} else if !o.has("activation_function") {
		warning = fmt.Sprintf("%s/config.json has no activation_function; taken as Identity", m.Name)
	}
	o.optional("activation_function", "a class name", &class)
	act, err := activationOfClass(class)
	if err != nil {
		o.fail("activation_function", "%v", err)
	}
	l.Activation = act.name()

	var residual bool
	o.optional("use_residual", "true or false", &residual)
	_, matrix := m.Tensors["residual.weight"]
	switch {
	case residual && (matrix || l.In != l.Out):
		l.Residual = Matrix
	case residual:
		l.Residual = Identity
	default:
		l.Residual = None
	}
	return l, warning, o.err
}

// width reads a number of features.
func width(o *object, key string, dst *int) {
	o.required(key, "a whole number", dst)
	if *dst < 1 || *dst > maxWidth {
		o.fail(key, "expected 1 to %d, found %d", maxWidth, *dst)
	}
}

// checkRouting accepts the two keys by which newer versions of
// sentence-transformers say what a Dense module reads and writes, as long as
// it replaces the embeddings that it reads. PyLate applies the module to token
// embeddings whatever they say.
func checkRouting(o *object) {
	input := "sentence_embedding"
	o.optional("module_input_name", "a string", &input)
	if input != "sentence_embedding" && input != "token_embeddings" {
		o.fail("module_input_name", "expected token_embeddings or sentence_embedding, found %q", input)
	}
	output := input
	o.optional("module_output_name", "a string", &output)
	if output != input {
		o.fail("module_output_name", "expected %s as in module_input_name, found %q", input, output)
	}
}
