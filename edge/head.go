package edge

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer/weights"
)

// headType is the type, in modules.json, of a module that holds a head of any
// kind but a Dense chain. [WriteHead] says what is in its folder. There is no
// such class in Python, so that nothing else opens the checkpoint without it.
const headType = "toller.heads.Head"

// module is an entry of modules.json.
type module struct {
	Path string `json:"path"`
	Type string `json:"type"` // dotted Python class
}

// class is the last part of the type: pylate.models.Dense.Dense and
// sentence_transformers.models.Dense, among others, are both Dense.
func (m module) class() string { return m.Type[strings.LastIndexByte(m.Type, '.')+1:] }

// widthKey is the key of the module's config.json that has to agree with the
// backbone.
func (m module) widthKey() string {
	if m.Type == headType {
		return "in"
	}
	return "in_features"
}

// readModules returns the modules of the head in the order in which tokens go
// through them: one or more Dense modules, or one of headType.
func readModules(c *weights.Checkpoint) ([]module, error) {
	var modules []module
	found, err := readJSON(c, modulesFile, &modules)
	if err != nil {
		return nil, err
	}
	where := path.Join(c.Name(), modulesFile)
	if !found {
		return nil, fmt.Errorf("edge: %s is missing: not a PyLate checkpoint, whose projection head it lists", where)
	}
	for i, module := range modules {
		switch {
		case i == 0 && module.class() == "Transformer":
			if module.Path != "" {
				return nil, fmt.Errorf("edge: %s: module 0: path: expected \"\", the checkpoint itself, found %q", where, module.Path)
			}
		case i > 0 && (module.class() == "Dense" || module.Type == headType):
			if module.Path == "" {
				return nil, fmt.Errorf("edge: %s: module %d: path: expected the module's folder, found none", where, i)
			}
		default:
			return nil, fmt.Errorf("edge: %s: module %d: type: expected a Transformer and then Dense modules or a %s, found %q", where, i, headType, module.Type)
		}
	}
	if len(modules) < 2 {
		return nil, fmt.Errorf("edge: %s: expected a Transformer and then one or more Dense modules or a %s, found %d modules and no Dense or Head", where, headType, len(modules))
	}
	head := modules[1:]
	if len(head) > 1 && slices.ContainsFunc(head, func(m module) bool { return m.Type == headType }) {
		return nil, fmt.Errorf("edge: %s: expected a %s alone after the Transformer, found %d modules there", where, headType, len(head))
	}
	return head, nil
}

// loadHead builds the projection head and returns its modules.
func (m *Model) loadHead(c *weights.Checkpoint) ([]module, error) {
	modules, err := readModules(c)
	if err != nil {
		return nil, err
	}
	if modules[0].Type == headType {
		m.head, err = openHead(c, modules[0])
	} else {
		m.head, err = openDense(c, modules)
	}
	return modules, err
}

// openHead builds a head from its own folder.
func openHead(c *weights.Checkpoint, m module) (*heads.Head, error) {
	config, tensors, err := readModule(c, m)
	if err != nil {
		return nil, err
	}
	var spec heads.Spec
	if err := json.Unmarshal(config, &spec); err != nil {
		return nil, fmt.Errorf("edge: %s: %w", path.Join(c.Name(), m.Path, moduleFile), err)
	}
	if spec.Kind == heads.DenseChain {
		return nil, fmt.Errorf("edge: %s: kind: expected linear, ffn or glu, found %q, which is stored as Dense modules", path.Join(c.Name(), m.Path, moduleFile), spec.Kind)
	}
	head, err := heads.New(spec, tensors)
	if err != nil {
		return nil, fmt.Errorf("edge: %s: %w", path.Join(c.Name(), m.Path, weightsFile), err)
	}
	return head, nil
}

// openDense builds a head from a chain of Dense modules.
func openDense(c *weights.Checkpoint, modules []module) (*heads.Head, error) {
	var chain []heads.Dense
	for _, m := range modules {
		config, tensors, err := readModule(c, m)
		if err != nil {
			return nil, err
		}
		chain = append(chain, heads.Dense{Name: m.Path, Type: m.Type, Config: config, Tensors: tensors})
	}
	head, err := heads.FromDense(chain)
	if err != nil {
		return nil, fmt.Errorf("edge: %s: %w", c.Name(), err)
	}
	return head, nil
}

// readModule reads what is in a module's folder.
func readModule(c *weights.Checkpoint, m module) (config []byte, tensors map[string]heads.Tensor, err error) {
	if config, err = c.ReadFile(path.Join(m.Path, moduleFile)); err != nil {
		return nil, nil, err
	}
	stored, err := c.Tensors(m.Path)
	if err != nil {
		return nil, nil, err
	}
	tensors = make(map[string]heads.Tensor, len(stored))
	for name, t := range stored {
		tensors[name] = heads.Tensor{Shape: t.Shape, Data: t.Float32s()}
	}
	return config, tensors, nil
}
