package edge

import (
	"encoding/json"
	"fmt"
	"path"
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

// readModules returns the entries of modules.json, the backbone's first, and
// whether there is such a file.
func readModules(c *weights.Checkpoint) (modules []module, found bool, err error) {
	found, err = readJSON(c, modulesFile, &modules)
	return modules, found, err
}

// openLayoutHead builds the projection head of a checkpoint.
func openLayoutHead(c *weights.Checkpoint, l *layout) (*heads.Head, error) {
	switch {
	case len(l.head) == 0:
		return openInline(c, l.backbone.folder)
	case l.head[0].Type == headType:
		return openHead(c, l.head[0])
	}
	return openDense(c, l.head)
}

// checkWidth refuses a head for states of another width than the backbone's.
func checkWidth(c *weights.Checkpoint, l *layout, head *heads.Head, hidden int) error {
	if head.In() == hidden {
		return nil
	}
	if len(l.head) == 0 {
		return fmt.Errorf("edge: %s: tensor %s: expected shape [%d %d], the latter the backbone's hidden_size, found [%d %d]",
			path.Join(c.Name(), l.backbone.file(weightsFile)), inlineName, head.Out(), hidden, head.Out(), head.In())
	}
	return fmt.Errorf("edge: %s: %s: expected %d, the backbone's hidden_size, found %d",
		path.Join(c.Name(), l.head[0].Path, moduleFile), l.head[0].widthKey(), hidden, head.In())
}

// inlineName is the projection of Stanford's ColBERT, among the weights of its
// backbone: [dim, H], without a bias.
const inlineName = "linear.weight"

// openInline builds the head of Stanford's ColBERT.
func openInline(c *weights.Checkpoint, folder string) (*heads.Head, error) {
	tensors, err := c.Tensors(folder)
	if err != nil {
		return nil, err
	}
	t, found := tensors[inlineName]
	switch where := path.Join(c.Name(), folder, weightsFile); {
	case !found:
		return nil, fmt.Errorf("edge: %s: tensor %s: expected the projection of Stanford's ColBERT, found no such tensor", where, inlineName)
	case len(t.Shape) != 2:
		return nil, fmt.Errorf("edge: %s: tensor %s: expected a matrix, found shape %d", where, inlineName, t.Shape)
	}
	spec := heads.Spec{Kind: heads.Linear, In: t.Shape[1], Out: t.Shape[0]}
	head, err := heads.New(spec, map[string]heads.Tensor{"W1": {Shape: t.Shape, Data: t.Float32s()}})
	if err != nil {
		return nil, fmt.Errorf("edge: %s: tensor %s: %w", path.Join(c.Name(), folder, weightsFile), inlineName, err)
	}
	return head, nil
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
	for _, b := range c.Buffers(m.Path) {
		return nil, nil, fmt.Errorf("edge: %s: tensor %s: expected F32, F16 or BF16, found %s", path.Join(c.Name(), m.Path, weightsFile), b.Name, b.Type)
	}
	tensors = make(map[string]heads.Tensor, len(stored))
	for name, t := range stored {
		tensors[name] = heads.Tensor{Shape: t.Shape, Data: t.Float32s()}
	}
	return config, tensors, nil
}
