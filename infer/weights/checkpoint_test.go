package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/testdata"
)

// checkSmall fails unless c is the small checkpoint.
func checkSmall(t *testing.T, c *Checkpoint) {
	t.Helper()
	for name, text := range smallFiles {
		got, err := c.ReadFile(name)
		if err != nil || !slices.Equal(got, []byte(text)) {
			t.Errorf("%s is %q, %v, expected %q", name, got, err, text)
		}
	}
	for module, want := range smallTensors() {
		tensors, err := c.Tensors(module)
		if err != nil {
			t.Fatal(err)
		}
		if len(tensors) != len(want) {
			t.Errorf("module %q has %d tensors, expected %d", module, len(tensors), len(want))
		}
		for _, w := range want {
			got := tensors[w.Name]
			if got.Name != w.Name || got.DType != w.DType || !slices.Equal(got.Shape, w.Shape) || !bytes.Equal(got.Data, w.Data) {
				t.Errorf("module %q: got %v, expected %v", module, got, w)
			}
		}
	}
	for _, module := range []string{"2_Normalize", "3_Dense", "1_Dense/"} {
		_, err := c.Tensors(module)
		wantError(t, err, c.Name(), "no weights for module", module)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v is not fs.ErrNotExist", err)
		}
	}
}

func TestOpenForms(t *testing.T) {
	packed := filepath.Join(t.TempDir(), "small.safetensors")
	writeFile(t, packed, smallPacked(t))
	for name, path := range map[string]string{
		"directory": smallDirectory(t),
		"sharded":   smallShardedDirectory(t),
		"packed":    packed,
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, path)
			if c.Name() != path {
				t.Errorf("name %q, expected %q", c.Name(), path)
			}
			checkSmall(t, c)
		})
	}
	for name, dir := range map[string]string{"files": smallDirectory(t), "files, sharded": smallShardedDirectory(t)} {
		t.Run(name, func(t *testing.T) {
			files := readFiles(t, dir)
			c, err := OpenFiles("embedded", files)
			if err != nil {
				t.Fatal(err)
			}
			checkSmall(t, c)
			if !reflect.DeepEqual(files, readFiles(t, dir)) {
				t.Error("the files changed")
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("bytes", func(t *testing.T) {
		content := smallPacked(t)
		c, err := OpenBytes("embedded", content)
		if err != nil {
			t.Fatal(err)
		}
		checkSmall(t, c)
		if !bytes.Equal(content, smallPacked(t)) {
			t.Error("the content changed")
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The golden checkpoints, against a reading of their headers by encoding/json,
// and packed as they are stored. F16 too for those that are small in another
// type: converting takes its time.
func TestGoldenCheckpoints(t *testing.T) {
	modules := map[string][]string{
		"edge-17m-shape":      {"", "1_Dense", "2_Dense"},
		"edge-32m-shape":      {"", "1_Dense", "2_Dense", "3_Dense"},
		"modernbert-residual": {"", "1_Dense", "2_Dense", "3_Dense"},
		"linear-head":         {"", "1_Dense"},
	}
	for _, model := range testdata.Models {
		t.Run(model, func(t *testing.T) {
			dir := testdata.Checkpoint(t, model)
			c := open(t, dir)
			for _, module := range modules[model] {
				tensors, err := c.Tensors(module)
				if err != nil {
					t.Fatal(err)
				}
				content, err := os.ReadFile(filepath.Join(dir, module, "model.safetensors"))
				if err != nil {
					t.Fatal(err)
				}
				start := 8 + int(binary.LittleEndian.Uint64(content))
				var header map[string]struct {
					DType   string `json:"dtype"`
					Shape   []int  `json:"shape"`
					Offsets [2]int `json:"data_offsets"`
				}
				if err := json.Unmarshal(content[8:start], &header); err != nil {
					t.Fatal(err)
				}
				delete(header, "__metadata__")
				if len(header) == 0 || len(header) != len(tensors) {
					t.Errorf("module %q: %d tensors, expected %d", module, len(tensors), len(header))
				}
				for name, want := range header {
					got := tensors[name]
					if got.DType.String() != want.DType || !slices.Equal(got.Shape, want.Shape) ||
						!bytes.Equal(got.Data, content[start:][want.Offsets[0]:want.Offsets[1]]) {
						t.Errorf("module %q: tensor %q differs: %v of shape %d", module, name, got.DType, got.Shape)
					}
				}
			}
			text, err := c.ReadFile("tokenizer.json")
			if err != nil || !json.Valid(text) {
				t.Errorf("tokenizer.json of %d bytes: %v", len(text), err)
			}
			stored := c.modules[""]["embeddings.tok_embeddings.weight"].DType
			checkPackGolden(t, c, stored)
			if model == "modernbert-residual" || model == "linear-head" {
				checkPackGolden(t, c, simd.F16)
				checkPackMemory(t, c, simd.F16)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	whole := string(build(t, nil, smallTensors()[""]...))
	nan := smallTensors()[""]
	nan[0].Data = slices.Clone(nan[0].Data)
	binary.LittleEndian.PutUint16(nan[0].Data[2*17:], 0x7E00)
	infinite := smallTensors()["1_Dense"]
	infinite[0].Data = slices.Clone(infinite[0].Data)
	binary.LittleEndian.PutUint32(infinite[0].Data[4*23:], math.Float32bits(float32(math.Inf(-1))))

	const modules = `[{"path":""},{"path":"1_Dense"}]`
	var many strings.Builder
	for i := range maxModules {
		fmt.Fprintf(&many, `{"path":"%d"},`, i)
	}
	index := func(places string) string { return `{"weight_map":{` + places + `}}` }
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"empty directory", map[string]string{}, []string{"not a checkpoint directory: it has no config.json"}},
		{"no weights", map[string]string{"config.json": "{}"},
			[]string{"no weights: it has neither model.safetensors nor model.safetensors.index.json"}},
		{"pickled weights", map[string]string{"config.json": "{}", "pytorch_model.bin": "x"},
			[]string{"model.safetensors is missing and pytorch_model.bin can't be read", "safe_serialization=True"}},
		{"pickled weights of a module", map[string]string{"config.json": "{}", "model.safetensors": whole, "modules.json": modules, "1_Dense/pytorch_model.bin": "x"},
			[]string{"1_Dense/model.safetensors is missing and 1_Dense/pytorch_model.bin can't be read"}},
		{"empty weights", map[string]string{"config.json": "{}", "model.safetensors": ""}, []string{"model.safetensors is empty"}},
		{"Git LFS pointer", map[string]string{"config.json": "{}", "model.safetensors": "version https://git-lfs.github.com/spec/v1\n"},
			[]string{"model.safetensors: this is a Git LFS pointer"}},
		{"truncated weights", map[string]string{"config.json": "{}", "model.safetensors": whole[:len(whole)-1]},
			[]string{"model.safetensors: tensor", "truncated?"}},
		{"NaN", map[string]string{"config.json": "{}", "model.safetensors": string(build(t, nil, nan...))},
			[]string{`model.safetensors: tensor "embeddings.tok_embeddings.weight" of shape [9 6]: element 17 is NaN`}},
		{"infinity in a module", map[string]string{"config.json": "{}", "modules.json": modules, "model.safetensors": whole, "1_Dense/model.safetensors": string(build(t, nil, infinite...))},
			[]string{`1_Dense/model.safetensors: tensor "linear.weight" of shape [4 6]: element 23 is -Inf`}},
		{"weights are a directory", map[string]string{"config.json": "{}", "model.safetensors/x": ""}, []string{"model.safetensors", "not a regular file"}},

		{"modules.json no JSON", map[string]string{"config.json": "{}", "modules.json": "[{"}, []string{"modules.json: unexpected end"}},
		{"modules.json no list", map[string]string{"config.json": "{}", "modules.json": "{}"}, []string{"modules.json: json: cannot unmarshal object"}},
		{"modules.json too large", map[string]string{"config.json": "{}", "modules.json": strings.Repeat(" ", maxModulesFile+1)}, []string{"modules.json has 65537 bytes, more than the 65536 allowed"}},
		{"too many modules", map[string]string{"config.json": "{}", "modules.json": "[" + many.String() + "{}]"}, []string{"modules.json: more than 64 modules"}},
		{"module outside", map[string]string{"config.json": "{}", "modules.json": `[{"path":"../1_Dense"}]`}, []string{`modules.json: path: "../1_Dense" is not a plain path inside the checkpoint`}},
		{"module outside, hidden", map[string]string{"config.json": "{}", "modules.json": `[{"path":"a/../../1_Dense"}]`}, []string{"not a plain path"}},
		{"module absolute", map[string]string{"config.json": "{}", "modules.json": `[{"path":"/etc"}]`}, []string{"not a plain path"}},
		{"module with backslash", map[string]string{"config.json": "{}", "modules.json": `[{"path":"..\\1_Dense"}]`}, []string{"not a plain path"}},
		{"module with NUL", map[string]string{"config.json": "{}", "modules.json": `[{"path":"a\u0000b"}]`, "model.safetensors": whole}, []string{"not a plain path"}},

		{"index no JSON", map[string]string{"config.json": "{}", "model.safetensors.index.json": "{"}, []string{"model.safetensors.index.json: unexpected end"}},
		{"index empty", map[string]string{"config.json": "{}", "model.safetensors.index.json": "{}"}, []string{"model.safetensors.index.json: weight_map has 0 tensors, expected 1 to 4096"}},
		{"index too large", map[string]string{"config.json": "{}", "model.safetensors.index.json": strings.Repeat(" ", maxShards+1)}, []string{"more than the 524288 allowed"}},
		{"shard outside", map[string]string{"config.json": "{}", "model.safetensors.index.json": index(`"a":"../b.safetensors"`)},
			[]string{`model.safetensors.index.json: weight_map: "../b.safetensors" is not a plain path inside the checkpoint`}},
		{"shard missing", map[string]string{"config.json": "{}", "model.safetensors.index.json": index(`"a":"b.safetensors"`)}, []string{"b.safetensors"}},
		{"tensor not in its shard", map[string]string{"config.json": "{}", "b": string(build(t, nil, smallTensors()[""][3])), "model.safetensors.index.json": index(`"scale":"b","other":"b"`)},
			[]string{`b lacks the tensor "other" that model.safetensors.index.json places there`}},
		{"tensor in no shard's list", map[string]string{"config.json": "{}", "b": whole, "model.safetensors.index.json": index(`"scale":"b"`)},
			[]string{`b has a tensor "`, `that model.safetensors.index.json doesn't place there`}},
		{"tensor in two shards", map[string]string{"config.json": "{}", "b": string(build(t, nil, smallTensors()[""][3])), "c": string(build(t, nil, smallTensors()[""][1], smallTensors()[""][3])), "model.safetensors.index.json": index(`"scale":"b","final_norm.weight":"c"`)},
			[]string{`c has a tensor "scale"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := writeFiles(t, test.files)
			_, err := Open(dir)
			wantError(t, err, append(test.want, "weights: "+dir+": ")...)
			if test.name == "weights are a directory" {
				return // which files in memory can't be
			}
			_, err = OpenFiles("in memory", readFiles(t, dir))
			wantError(t, err, append(test.want, "weights: in memory: ")...)
		})
	}
	t.Run("missing", func(t *testing.T) {
		_, err := Open(filepath.Join(t.TempDir(), "none"))
		wantError(t, err, "weights: ", "none")
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v is not fs.ErrNotExist", err)
		}
	})
}

// readFiles reads all files below dir.
func readFiles(tb testing.TB, dir string) map[string][]byte {
	tb.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

// A name that starts with a slash must not replace the one without.
func TestPackedSlashFirst(t *testing.T) {
	tensors := append(smallTensors()[""], Tensor{Name: "/scale", DType: simd.F16, Shape: []int{0}})
	c, err := OpenBytes("embedded", build(t, map[string]string{"toller.format": "1", "config.json": "{}"}, tensors...))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Tensors("")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(tensors) || got["scale"].DType != simd.F32 || got["/scale"].DType != simd.F16 {
		t.Errorf("got %v", got)
	}
}

func TestOpenPackedRefuses(t *testing.T) {
	files := func(change map[string]string) map[string]string {
		metadata := map[string]string{"toller.format": "1", "config.json": "{}", "modules.json": `[{"path":""},{"path":"1_Dense"}]`}
		for name, text := range change {
			if text == "" {
				delete(metadata, name)
			} else {
				metadata[name] = text
			}
		}
		return metadata
	}
	backbone := smallTensors()[""]
	dense := smallTensors()["1_Dense"][0]
	dense.Name = "2_Dense/linear.weight"
	nan := smallTensors()["1_Dense"][0]
	nan.Name = "1_Dense/linear.weight"
	nan.Data = slices.Clone(nan.Data)
	binary.LittleEndian.PutUint32(nan.Data[4:], 0xFFC00000)
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"plain weights", build(t, map[string]string{"format": "pt"}, backbone...), "not a packed checkpoint: its metadata lack toller.format; open the directory"},
		{"no metadata", build(t, nil, backbone...), "not a packed checkpoint"},
		{"later version", build(t, files(map[string]string{"toller.format": "2"}), backbone...), `packed with toller.format "2", expected "1"`},
		{"no config", build(t, files(map[string]string{"config.json": ""}), backbone...), "no config.json in the packed file"},
		{"no tensors", build(t, files(nil)), "no weights of the backbone"},
		{"module not listed", build(t, files(nil), append(backbone, dense)...), `tensor "2_Dense/linear.weight" belongs to a module that modules.json doesn't list`},
		{"no modules.json", build(t, files(map[string]string{"modules.json": ""}), append(backbone, dense)...), "belongs to a module"},
		{"module outside", build(t, files(map[string]string{"modules.json": `[{"path":".."}]`}), backbone...), `modules.json: path: ".." is not a plain path`},
		{"modules.json too large", build(t, files(map[string]string{"modules.json": strings.Repeat(" ", maxModulesFile+1)}), backbone...), "modules.json has 65537 bytes"},
		{"NaN", build(t, files(nil), append(backbone, nan)...), `tensor "1_Dense/linear.weight" of shape [4 6]: element 1 is NaN`},
		{"text", []byte("what is the capital of france?"), "not a safetensors file"},
		{"empty", nil, "0 bytes are too few"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := OpenBytes("embedded", test.content)
			wantError(t, err, "weights: embedded: ", test.want)
			if len(test.content) == 0 {
				return
			}
			path := filepath.Join(t.TempDir(), "packed.safetensors")
			writeFile(t, path, test.content)
			_, err = Open(path)
			wantError(t, err, "weights: "+path+": ", test.want)
		})
	}
}

func TestReadFileRefuses(t *testing.T) {
	dir := smallDirectory(t)
	writeFile(t, filepath.Join(filepath.Dir(dir), "secret"), []byte("x"))
	large, err := os.Create(filepath.Join(dir, "large.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(maxFile + 1); err != nil {
		t.Fatal(err)
	}
	if err := large.Close(); err != nil {
		t.Fatal(err)
	}
	packed, err := OpenBytes("embedded", smallPacked(t))
	if err != nil {
		t.Fatal(err)
	}
	checkpoints := map[string]*Checkpoint{"directory": open(t, dir), "packed": packed}
	for form, c := range checkpoints {
		for _, name := range []string{"none.json", "3_Dense/config.json", "toller.format"} {
			_, err := c.ReadFile(name)
			wantError(t, err, "weights: "+c.Name()+": ", name)
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v is not fs.ErrNotExist", form, err)
			}
		}
		for _, name := range []string{"", ".", "..", "../secret", "/etc/passwd", "1_Dense/../../secret", "1_Dense/", "./config.json", `1_Dense\config.json`} {
			_, err := c.ReadFile(name)
			wantError(t, err, "is not a plain path inside the checkpoint")
		}
	}
	_, err = checkpoints["directory"].ReadFile("large.json")
	wantError(t, err, "large.json has 67108865 bytes, more than the 67108864 allowed")
	_, err = checkpoints["directory"].ReadFile("1_Dense")
	wantError(t, err, "1_Dense", "not a regular file")
}

func TestClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small.safetensors")
	writeFile(t, path, smallPacked(t))
	for _, path := range []string{smallDirectory(t), path} {
		c, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		_, tensorsErr := c.Tensors("")
		_, readErr := c.ReadFile("config.json")
		for _, err := range []error{tensorsErr, readErr, Pack(&bytes.Buffer{}, c, simd.F16)} {
			if !errors.Is(err, fs.ErrClosed) {
				t.Errorf("%v is not fs.ErrClosed", err)
			}
		}
		// Nothing holds the file any longer: Windows would refuse.
		if err := os.RemoveAll(path); err != nil {
			t.Error(err)
		}
	}
}

// Callers on many goroutines, one of which closes the checkpoint.
func TestConcurrentUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small.safetensors")
	writeFile(t, path, smallPacked(t))
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				tensors, err := c.Tensors("1_Dense")
				if err == nil {
					delete(tensors, "linear.weight") // the map is ours
				}
				_, readErr := c.ReadFile("tokenizer.json")
				for _, err := range []error{err, readErr, Pack(&bytes.Buffer{}, c, simd.F16)} {
					if err != nil && !errors.Is(err, fs.ErrClosed) {
						t.Error(err)
					}
				}
			}
			if i == 0 {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkOpen(b *testing.B) {
	dir := testdata.Checkpoint(b, "edge-17m-shape")
	packed := filepath.Join(b.TempDir(), "packed.safetensors")
	writeFile(b, packed, pack(b, open(b, dir), simd.F16))
	for name, path := range map[string]string{"directory": dir, "packed": packed} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := Open(path)
				if err != nil {
					b.Fatal(err)
				}
				if err := c.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
