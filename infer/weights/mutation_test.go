package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

var (
	mutationSeed = flag.Uint64("mutation.seed", 0, "seed of the mutation tests, 0 for a random one")
	mutations    = flag.Int("mutation.count", 12_000, "damaged packed checkpoints to open in the mutation tests")
)

// mutate returns a damaged copy of content.
func mutate(random *rand.Rand, content []byte) []byte {
	content = slices.Clone(content)
	for range 1 + random.IntN(3) {
		n := len(content)
		if n == 0 {
			return content
		}
		// Half the damage is done to the start: a header is short beside its
		// data, and where most can go wrong.
		within := n
		if random.IntN(2) == 0 {
			within = min(n, 300)
		}
		at := random.IntN(within)
		length := 1 + random.IntN(min(n-at, 40))
		switch random.IntN(9) {
		case 0:
			content = content[:at]
		case 1:
			content[at] ^= 1 << random.IntN(8)
		case 2:
			content[at] = byte(random.Uint32())
		case 3:
			content = slices.Delete(content, at, at+length)
		case 4: // splice a piece in from elsewhere
			from := random.IntN(n)
			piece := slices.Clone(content[from:min(n, from+length)])
			content = slices.Insert(content, at, piece...)
		case 5: // or over what is there, up to the end
			copy(content[at:], slices.Clone(content[random.IntN(n):]))
		case 6: // a digit becomes another: sizes and offsets that are almost right
			for i, c := range content[at:] {
				if '0' <= c && c <= '9' {
					content[at+i] = '0' + byte(random.IntN(10))
					break
				}
			}
		case 7:
			if n >= 8 {
				binary.LittleEndian.PutUint64(content, random.Uint64()>>random.IntN(64))
			}
		case 8:
			content = append(content, make([]byte, length)...)
		}
	}
	return content
}

// checkLoaded fails unless a damaged checkpoint that opened is a valid one.
func checkLoaded(t *testing.T, c *Checkpoint) {
	t.Helper()
	for _, module := range c.paths {
		tensors, err := c.Tensors(module)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for name, tensor := range tensors {
			size := tensor.DType.Size()
			for _, n := range tensor.Shape {
				size *= n
			}
			if name != tensor.Name || size != len(tensor.Data) {
				t.Fatalf("%q is %q of shape %d with %d bytes", name, tensor.Name, tensor.Shape, len(tensor.Data))
			}
			for i, x := range tensor.Float32s() {
				if !isFinite(simd.F32, math.Float32bits(x)) {
					t.Fatalf("%q: element %d is %v", name, i, x)
				}
			}
		}
	}
	for name := range smallFiles {
		if _, err := c.ReadFile(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	var packed bytes.Buffer
	if err := Pack(&packed, c, simd.F32); err != nil {
		return // a damaged tokenizer, for instance, is no JSON
	}
	if _, err := OpenBytes("packed again", packed.Bytes()); err != nil {
		t.Fatalf("what it packs to does not open: %v", err)
	}
}

// tally counts what became of the damaged checkpoints.
type tally struct {
	opened, refused, most int
}

// open opens one with bounded memory; size is the checkpoint's in bytes.
func (y *tally) open(t *testing.T, size int, open func() (*Checkpoint, error)) {
	t.Helper()
	var c *Checkpoint
	var err error
	n := allocated(func() { c, err = open() })
	y.most = max(y.most, n)
	if n > size+4<<20 {
		t.Fatalf("%d bytes allocated to open %d", n, size)
	}
	if err != nil {
		if c != nil || len(err.Error()) < len("weights: ") {
			t.Fatalf("checkpoint %v with error %q", c, err)
		}
		y.refused++
		return
	}
	y.opened++
	checkLoaded(t, c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func (y *tally) report(t *testing.T) {
	t.Helper()
	t.Logf("%d refused, %d opened; at most %d bytes allocated", y.refused, y.opened, y.most)
	if y.opened == 0 || y.refused < y.opened {
		t.Error("expected most to be refused, and some to be harmless")
	}
}

func mutationRandom(t *testing.T) *rand.Rand {
	seed := *mutationSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-mutation.seed=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Any damage to a checkpoint gives an error or a valid checkpoint, never a
// panic, never much memory.
func TestMutatedPacked(t *testing.T) {
	random := mutationRandom(t)
	for name, content := range map[string][]byte{"floats": smallPacked(t), "rows": smallPackedRows(t)} {
		t.Run(name, func(t *testing.T) {
			var results tally
			for range *mutations {
				damaged := mutate(random, content)
				results.open(t, len(damaged), func() (*Checkpoint, error) { return OpenBytes("damaged", damaged) })
			}
			results.report(t)
		})
	}
}

func TestMutatedDirectory(t *testing.T) {
	random := mutationRandom(t)
	for _, form := range []struct{ name, dir string }{
		{"single", smallDirectory(t)},
		{"sharded", smallShardedDirectory(t)},
	} {
		t.Run(form.name, func(t *testing.T) {
			var paths []string
			size := 0
			err := filepath.WalkDir(form.dir, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				info, err := entry.Info()
				size += int(info.Size())
				// The others are not read when a checkpoint is opened.
				switch entry.Name() {
				case "modules.json", "model.safetensors.index.json":
					paths = append(paths, path)
				}
				if filepath.Ext(path) == ".safetensors" {
					paths = append(paths, path)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			var results tally
			for range *mutations / 12 { // the file system makes these slow
				path := paths[random.IntN(len(paths))]
				content, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				damaged := mutate(random, content)
				writeFile(t, path, damaged)
				results.open(t, size+len(damaged), func() (*Checkpoint, error) { return Open(form.dir) })
				writeFile(t, path, content)
			}
			results.report(t)
		})
	}
}

// Every truncation, and every single bit flipped, which random damage may miss.
func TestEveryTruncationAndBitFlip(t *testing.T) {
	content := smallPacked(t)
	for n := range content {
		if _, err := OpenBytes("truncated", content[:n]); err == nil {
			t.Errorf("opened after truncation to %d of %d bytes", n, len(content))
		}
	}
	var results tally
	for i := range content {
		for bit := range 8 {
			content[i] ^= 1 << bit
			results.open(t, len(content), func() (*Checkpoint, error) { return OpenBytes("flipped", content) })
			content[i] ^= 1 << bit
		}
	}
	t.Logf("%d refused, %d opened", results.refused, results.opened)
}

// The JSON files that opening parses are small, but could be made to say much.
func TestHostileJSONMemory(t *testing.T) {
	const limit = 8 << 20
	whole := string(build(t, nil, smallTensors()[""]...))
	var places bytes.Buffer
	places.WriteString(`{"weight_map":{"x":"b"`)
	for i := 0; places.Len() < maxShards-100; i++ {
		fmt.Fprintf(&places, `,"%x":""`, i)
	}
	places.WriteString("}}")
	tests := map[string]map[string]string{
		"modules.json": {
			"config.json": "{}", "model.safetensors": whole,
			"modules.json": "[" + string(bytes.Repeat([]byte("{},"), maxModulesFile/3-1)) + "{}]",
		},
		"deep modules.json": {
			"config.json": "{}", "model.safetensors": whole,
			"modules.json": string(bytes.Repeat([]byte("["), maxModulesFile)),
		},
		"index":      {"config.json": "{}", "model.safetensors.index.json": places.String()},
		"deep index": {"config.json": "{}", "model.safetensors.index.json": string(bytes.Repeat([]byte(`{"":`), maxShards/4))},
	}
	for name, files := range tests {
		t.Run(name, func(t *testing.T) {
			dir := writeFiles(t, files)
			n := allocated(func() {
				if c, err := Open(dir); err == nil {
					c.Close()
				}
			})
			t.Logf("%d bytes allocated", n)
			if n > limit {
				t.Errorf("%d bytes allocated, expected at most %d", n, limit)
			}
		})
	}
}
