package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/toller-search/toller/infer/simd"
)

// runtimeFiles are the files that opening a model reads, where they exist, in
// addition to each module's config.json, the backbone's included.
var runtimeFiles = []string{
	modulesFile,
	"config_sentence_transformers.json",
	"sentence_bert_config.json",
	"tokenizer.json",
	"tokenizer_config.json",
	"special_tokens_map.json",
}

// dataAlignment is where the data of a packed checkpoint start: at a multiple
// of a cache line, for who reads vectors straight from the mapping.
const dataAlignment = 64

// Pack writes the checkpoint in its one-file form, the weights converted to the
// type given, rounded to nearest even. The JSON files go in without their white
// space, otherwise unchanged. The same checkpoint always gives the same bytes,
// and packing a packed checkpoint to the same type changes nothing.
//
// A weight too large for the type is an error that names the tensor; errors
// other than w's own come before anything is written. w must not be a file that
// c is open on.
func Pack(w io.Writer, c *Checkpoint, to simd.DType) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if err := c.pack(w, to); err != nil {
		return fmt.Errorf("weights: pack %s: %w", c.name, err)
	}
	return nil
}

func (c *Checkpoint) pack(w io.Writer, to simd.DType) error {
	if c.closed {
		return fs.ErrClosed
	}
	if _, err := parseDType(to.String()); err != nil {
		return err
	}
	tensors, err := c.packedTensors()
	if err != nil {
		return err
	}
	files, err := c.compactFiles()
	if err != nil {
		return err
	}
	head, err := packedHeader(files, tensors, to)
	if err != nil {
		return err
	}
	for _, t := range tensors {
		if err := checkRange(t, to); err != nil {
			return err
		}
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range tensors {
		err := convert(t, to, func(_ int, converted []byte) error {
			_, err := w.Write(converted)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// packedTensors returns the tensors of all modules under the names that they
// have in a packed checkpoint, sorted by name.
func (c *Checkpoint) packedTensors() ([]Tensor, error) {
	var all []Tensor
	for module, tensors := range c.modules {
		for name, t := range tensors {
			if strings.Contains(name, "/") {
				return nil, fmt.Errorf("tensor %q of module %q: a packed checkpoint can't have '/' in a tensor's name", name, module)
			}
			t.Name = path.Join(module, name)
			all = append(all, t)
		}
	}
	if len(all) > maxTensors {
		return nil, fmt.Errorf("%d tensors, more than the %d that one file may have", len(all), maxTensors)
	}
	slices.SortFunc(all, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// compactFiles returns the text of the files that a packed checkpoint carries.
func (c *Checkpoint) compactFiles() (map[string]string, error) {
	names := slices.Clone(runtimeFiles)
	for _, module := range c.paths {
		names = append(names, path.Join(module, configFile))
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := c.read(name, maxFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !utf8.Valid(compact.Bytes()) {
			return nil, fmt.Errorf("%s is not valid UTF-8", name)
		}
		files[name] = compact.String()
	}
	return files, nil
}

// packedHeader returns what stands before the data of a packed checkpoint.
func packedHeader(files map[string]string, tensors []Tensor, to simd.DType) ([]byte, error) {
	type place struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	metadata := maps.Clone(files)
	metadata[formatKey] = formatVersion
	members := map[string]any{metadataKey: metadata} // encoded sorted by key
	offset := 0
	for _, t := range tensors {
		end := offset + t.Len()*to.Size()
		members[t.Name] = place{to.String(), t.Shape, [2]int{offset, end}}
		offset = end
	}
	var head bytes.Buffer
	head.Write(make([]byte, 8)) // for the length
	encoder := json.NewEncoder(&head)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(members); err != nil {
		return nil, err
	}
	for head.Len()%dataAlignment != 0 {
		head.WriteByte(' ')
	}
	text := head.Bytes()[8:]
	binary.LittleEndian.PutUint64(head.Bytes(), uint64(len(text)))
	if len(text) > maxHeader {
		return nil, fmt.Errorf("the header would have %d bytes, more than the %d allowed", len(text), maxHeader)
	}
	// Names got longer and more by putting everything into one file. Nothing
	// is written that could not be opened.
	if _, _, err := parseHeader(&header{text: text}); err != nil {
		return nil, fmt.Errorf("does not fit one file: %w", err)
	}
	return head.Bytes(), nil
}

// checkRange refuses a tensor with values that the type can't hold.
func checkRange(t Tensor, to simd.DType) error {
	if to == t.DType || to == simd.F32 {
		return nil
	}
	return convert(t, to, func(first int, converted []byte) error {
		i := nonFinite(to, converted)
		if i < 0 {
			return nil
		}
		i += first
		var value [1]float32
		simd.Widen(value[:], t.DType, t.Data[i*t.DType.Size():])
		return fmt.Errorf("tensor %q of shape %d: element %d is %v, too large for %v", t.Name, t.Shape, i, value[0], to)
	})
}

// convert calls emit with the elements of t in the type to, chunk by chunk,
// and the index of each chunk's first element. emit must not keep or write the
// chunk.
func convert(t Tensor, to simd.DType, emit func(first int, converted []byte) error) error {
	if t.DType == to {
		return emit(0, t.Data)
	}
	const chunk = 16 << 10 // elements, so that both buffers stay in the cache
	n := t.Len()
	wide := make([]float32, min(n, chunk))
	converted := make([]byte, len(wide)*to.Size())
	for first := 0; first < n; first += chunk {
		count := min(n-first, chunk)
		simd.Widen(wide[:count], t.DType, t.Data[first*t.DType.Size():])
		simd.Narrow(converted, to, wide[:count])
		if err := emit(first, converted[:count*to.Size()]); err != nil {
			return err
		}
	}
	return nil
}
