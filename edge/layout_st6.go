package edge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/toller-search/toller/infer/weights"
)

// Classes of sentence-transformers 6 beside Transformer and Dense, and what its
// modules call that which goes from one to the next.
const (
	maskClass      = "MultiVectorMask"
	normalizeClass = "Normalize"
	poolingClass   = "HierarchicalTokenPooling"

	tokenEmbeddings = "token_embeddings"
)

// nativeModel is the model_type of what sentence-transformers 6 saves.
const nativeModel = "MultiVectorEncoder"

// isNative reports whether sentence-transformers 6 saved the checkpoint.
func isNative(c *weights.Checkpoint, modules []module) (bool, error) {
	for _, m := range modules {
		if strings.HasPrefix(m.Type, "sentence_transformers.base.") || strings.HasPrefix(m.Type, "sentence_transformers.multi_vector_encoder.") {
			return true, nil
		}
	}
	var config struct {
		ModelType *string `json:"model_type"`
	}
	_, err := readJSON(c, colbertFile, &config)
	return first("", config.ModelType) == nativeModel, err
}

// nativeLayout reads a checkpoint that sentence-transformers 6 saved.
func nativeLayout(c *weights.Checkpoint, files backboneFiles, modules []module) (*layout, error) {
	l := &layout{name: NativeLayout, reference: SentenceTransformers, backbone: files}
	l.settings = settings{pooling: noPooling, raw: true, expansion: expansion{unscored: true}}
	if err := l.readChain(c, modules); err != nil {
		return nil, err
	}
	var config struct {
		Prompts    map[string]*string `json:"prompts"`
		Similarity *string            `json:"similarity_fn_name"`
	}
	if _, err := readJSON(c, colbertFile, &config); err != nil {
		return nil, err
	}
	s := &l.settings
	// Other names and the default prompt are for other uses.
	s.query.prompt = first("", config.Prompts["query"])
	s.document.prompt = first("", config.Prompts["document"])
	s.setSimilarity(config.Similarity)

	var t transformerConfig
	if err := t.read(c, files); err != nil {
		return nil, err
	}
	return l, t.apply(c, files, s)
}

// setSimilarity takes similarity_fn_name.
func (s *settings) setSimilarity(name *string) {
	switch found := first("", name); strings.ToLower(found) {
	case "", "maxsim":
	case string(MeanMaxSimilarity):
		s.similarity = MeanMaxSimilarity
		return
	default:
		s.warnings = append(s.warnings, fmt.Sprintf("%s has similarity_fn_name %q, which token vectors can't be compared by: maxsim is used", colbertFile, found))
	}
	s.similarity = MaxSimilarity
}

// readChain reads the modules: the backbone, the head, then at most one each of
// the mask and the normalisation, and pooling last.
func (l *layout) readChain(c *weights.Checkpoint, modules []module) error {
	where := path.Join(c.Name(), modulesFile)
	s := &l.settings
	stage := 0
	var seen []string
	for i, m := range modules {
		class := m.class()
		next, read := 0, (func(*weights.Checkpoint, module) error)(nil)
		switch {
		case i == 0 && class == "Transformer":
		case class == "Dense" || m.Type == headType:
			next = 1
		case class == maskClass:
			next, read = 2, s.readMask
		case class == normalizeClass:
			next, read = 2, s.readNormalize
		case class == poolingClass:
			next, read = 3, s.readPooling
		}
		switch {
		case i == 0 && next == 0 && class == "Transformer":
			continue
		case next == 0 || i == 0 || next < stage || read != nil && slices.Contains(seen, class):
			return fmt.Errorf("edge: %s: module %d: type: expected a Transformer, then Dense modules or a %s, then at most one %s and one %s, then at most one %s, found %q",
				where, i, headType, maskClass, normalizeClass, poolingClass, m.Type)
		case m.Path == "":
			return fmt.Errorf("edge: %s: module %d: path: expected the module's folder, found none", where, i)
		case read == nil:
			l.head = append(l.head, m)
		default:
			if err := read(c, m); err != nil {
				return err
			}
		}
		stage, seen = next, append(seen, class)
	}
	return checkHead(where, l.head)
}

// readMask reads a MultiVectorMask: which tokens give no vector. Without one,
// those that a query is filled up with give none.
func (s *settings) readMask(c *weights.Checkpoint, m module) error {
	var config struct {
		Words []string        `json:"skiplist_words"`
		Tasks *tasks          `json:"skiplist_tasks"`
		Only  json.RawMessage `json:"keep_only_token_ids"`
	}
	name := path.Join(m.Path, moduleFile)
	if _, err := readStrict(c, name, &config); err != nil {
		return err
	}
	if config.Only != nil && string(config.Only) != "null" && string(config.Only) != "[]" {
		return fmt.Errorf("edge: %s: keep_only_token_ids: expected none, which is for images, found %.100s", path.Join(c.Name(), name), config.Only)
	}
	s.skiplist = config.Words
	s.query.skips, s.document.skips = first(documentsOnly, config.Tasks).both()
	s.expansion.unscored = false
	return nil
}

// readNormalize reads a Normalize.
func (s *settings) readNormalize(c *weights.Checkpoint, m module) error {
	var config struct {
		Input  *string `json:"module_input_name"`
		Output *string `json:"module_output_name"`
	}
	name := path.Join(m.Path, moduleFile)
	if _, err := readStrict(c, name, &config); err != nil {
		return err
	}
	input := first("sentence_embedding", config.Input)
	for _, key := range []struct{ name, found string }{{"module_input_name", input}, {"module_output_name", first(input, config.Output)}} {
		if key.found != tokenEmbeddings {
			return fmt.Errorf("edge: %s: %s: expected %q, found %q", path.Join(c.Name(), name), key.name, tokenEmbeddings, key.found)
		}
	}
	s.raw = false
	return nil
}

// readPooling reads a HierarchicalTokenPooling.
func (s *settings) readPooling(c *weights.Checkpoint, m module) error {
	config := struct {
		Factor    float64 `json:"pool_factor"`
		Protected int     `json:"num_protected_tokens"`
		Normalize bool    `json:"normalize_embeddings"`
		Tasks     *tasks  `json:"tasks"`
	}{Factor: 1, Protected: 1}
	name := path.Join(m.Path, moduleFile)
	if _, err := readStrict(c, name, &config); err != nil {
		return err
	}
	where := path.Join(c.Name(), name)
	if config.Factor < 1 {
		return fmt.Errorf("edge: %s: pool_factor: expected 1 or more, found %v", where, config.Factor)
	}
	if config.Protected < 0 {
		return fmt.Errorf("edge: %s: num_protected_tokens: expected 0 or more, found %d", where, config.Protected)
	}
	s.pooling = pooling{factor: config.Factor, protected: config.Protected, normalize: config.Normalize, own: true}
	s.pooling.queries, s.pooling.documents = first(documentsOnly, config.Tasks).both()
	return nil
}

// tasks are the kinds of texts that a module is for.
type tasks []string

var documentsOnly = tasks{"document"}

// UnmarshalJSON reads a list or a single task.
func (t *tasks) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		*t = make(tasks, 1)
		return json.Unmarshal(text, &(*t)[0])
	}
	return json.Unmarshal(text, (*[]string)(t))
}

func (t tasks) both() (queries, documents bool) {
	return slices.Contains(t, "query"), slices.Contains(t, "document")
}

// readStrict is readJSON, and refuses keys that into doesn't have.
func readStrict(c *weights.Checkpoint, name string, into any) (found bool, err error) {
	text, err := c.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		if err = decodeStrict(text, into); err != nil {
			err = fmt.Errorf("edge: %s: %w", path.Join(c.Name(), name), err)
		}
	}
	return true, err
}

func decodeStrict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	if d.More() {
		return errors.New("expected one JSON value, found something after it")
	}
	return nil
}
