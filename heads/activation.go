package heads

import (
	"fmt"
	"math"
	"strings"

	"github.com/toller-search/toller/infer/simd"
)

// activation is an element-wise function, one of torch.nn's with its default
// parameters.
type activation struct {
	class string          // class name in torch.nn
	apply func([]float32) // in place; nil for Identity
}

// name is how a Spec calls the activation.
func (a activation) name() string { return strings.ToLower(a.class) }

func (a activation) isIdentity() bool { return a.apply == nil }

// activations lists every activation that maps each element on its own and can
// be built without arguments. PReLU (which has a weight of its own) and those
// that mix elements (Softmax, GLU …) are therefore missing. RReLU is random
// only in training; otherwise its slope is the mean of its bounds.
var activations = []activation{
	{"Identity", nil},
	{"ReLU", simd.ReLU},
	{"GELU", simd.GELU},
	{"SiLU", simd.SiLU},
	{"Sigmoid", simd.Sigmoid},
	{"Tanh", simd.Tanh},
	{"CELU", each(elu)}, // ELU and CELU agree at their default alpha, 1
	{"ELU", each(elu)},
	{"Hardshrink", each(hardshrink)},
	{"Hardsigmoid", each(func(x float64) float64 { return clamp(x+3, 0, 6) / 6 })},
	{"Hardswish", each(func(x float64) float64 { return x * clamp(x+3, 0, 6) / 6 })},
	{"Hardtanh", each(func(x float64) float64 { return clamp(x, -1, 1) })},
	{"LeakyReLU", each(leaky(0.01))},
	{"LogSigmoid", each(func(x float64) float64 { return min(x, 0) - math.Log1p(math.Exp(-math.Abs(x))) })},
	{"Mish", each(func(x float64) float64 { return x * math.Tanh(softplus(x)) })},
	{"ReLU6", each(func(x float64) float64 { return clamp(x, 0, 6) })},
	{"RReLU", each(leaky((1.0/8 + 1.0/3) / 2))},
	{"SELU", each(selu)},
	{"Softplus", each(softplus)},
	{"Softshrink", each(softshrink)},
	{"Softsign", each(func(x float64) float64 { return x / (1 + math.Abs(x)) })},
	{"Tanhshrink", each(func(x float64) float64 { return x - math.Tanh(x) })},
}

// activationNamed finds an activation by the name a Spec uses.
func activationNamed(name string) (activation, error) {
	var names []string
	for _, a := range activations {
		if a.name() == name {
			return a, nil
		}
		names = append(names, a.name())
	}
	return activation{}, fmt.Errorf("expected one of %s, found %q", strings.Join(names, ", "), name)
}

// activationOfClass finds an activation by a dotted Python class, such as
// torch.nn.modules.activation.GELU or torch.nn.modules.linear.Identity. Only
// torch's own classes are accepted: another module's GELU may be anything.
func activationOfClass(dotted string) (activation, error) {
	class := dotted[strings.LastIndexByte(dotted, '.')+1:]
	var classes []string
	for _, a := range activations {
		if a.class == class && strings.HasPrefix(dotted, "torch.nn.") {
			return a, nil
		}
		classes = append(classes, a.class)
	}
	return activation{}, fmt.Errorf("expected a class of torch.nn, one of %s, found %q", strings.Join(classes, ", "), dotted)
}

// each makes an in-place function of f. These activations are rare in heads,
// which is why they have no kernels.
func each(f func(float64) float64) func([]float32) {
	return func(x []float32) {
		for i, v := range x {
			x[i] = float32(f(float64(v)))
		}
	}
}

func clamp(x, low, high float64) float64 { return min(max(x, low), high) }

func leaky(slope float64) func(float64) float64 {
	return func(x float64) float64 {
		if x < 0 {
			return slope * x
		}
		return x
	}
}

func elu(x float64) float64 {
	if x > 0 {
		return x
	}
	return math.Expm1(x)
}

func selu(x float64) float64 {
	const scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
	if x > 0 {
		return scale * x
	}
	return scale * alpha * math.Expm1(x)
}

// softplus is linear above torch's default threshold.
func softplus(x float64) float64 {
	if x > 20 {
		return x
	}
	return math.Log1p(math.Exp(x))
}

// The default lambda of both shrink functions is 0.5.
func hardshrink(x float64) float64 {
	if math.Abs(x) <= 0.5 {
		return 0
	}
	return x
}

func softshrink(x float64) float64 {
	if math.Abs(x) <= 0.5 {
		return 0
	}
	return x - math.Copysign(0.5, x)
}
