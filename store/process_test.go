package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/store/codec"
)

// TestMain lets the test binary be its own second process: it is started again
// with a job for it in the environment.
func TestMain(m *testing.M) {
	job := os.Getenv("TOLLER_STORE_JOB")
	if job == "" {
		os.Exit(m.Run())
	}
	maxSegment = 64
	path := os.Getenv("TOLLER_STORE_PATH")
	seed, _ := strconv.ParseUint(os.Getenv("TOLLER_STORE_SEED"), 10, 64)
	if err := jobs[job](path, seed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var jobs = map[string]func(path string, seed uint64) error{
	"churn": churn,
	"write": writeOut,
	"read":  readBack,
	"add":   addOne,
	"own":   own,

	"migrating": migrating,
	"former":    migrateFormer,

	"measure": measure,
	"memory":  useMemory,
}

// command is the binary with a job.
func command(ctx context.Context, binary, job, path string, seed uint64) *exec.Cmd {
	c := exec.CommandContext(ctx, binary)
	c.Env = append(os.Environ(), "TOLLER_STORE_JOB="+job, "TOLLER_STORE_PATH="+path, fmt.Sprint("TOLLER_STORE_SEED=", seed))
	c.Stderr = os.Stderr
	return c
}

// operation is one thing that churn does, as it announces it. Versions say
// which contents a key is given.
type operation struct {
	Do       string         `json:"do"`
	Versions map[string]int `json:"versions,omitempty"`
	Keys     []string       `json:"keys,omitempty"`
}

// apply is what the operation does to a model of the store.
func (o *operation) apply(model map[string]int) {
	for key, version := range o.Versions {
		model[key] = version
	}
	for _, key := range o.Keys {
		delete(model, key)
	}
}

// versioned is the document of a key and version, always the same.
func versioned(key string, version int) Document {
	hash := versionHash(key, version)
	c := newCollection(77, 16, 200, 12)
	c.r = rand.New(rand.NewPCG(uint64(version), uint64(hash[0])|uint64(hash[1])<<8|uint64(hash[2])<<16))
	d := c.document(key, 1+int(hash[3])%3, 10)
	d.Hash = hash
	return d
}

func versionHash(key string, version int) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s %d", key, version))
}

func churnOptions() Options {
	o := testOptions(16, codec.Residual4)
	o.TrainTokens = 1500
	return o
}

// churn adds, updates, deletes, trains and compacts until it is killed. It
// announces each operation before it starts, and says "done" after it.
func churn(path string, seed uint64) error {
	ctx := context.Background()
	s, err := Open(ctx, path, churnOptions())
	if err != nil {
		return err
	}
	hashes, err := s.Hashes(ctx)
	if err != nil {
		return err
	}
	var keys []string
	for key := range hashes {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	r := rand.New(rand.NewPCG(seed, 5))
	for version := int(seed) * 1000; ; version++ {
		var o operation
		o, keys = randomOperation(r, keys, version)
		announcement, err := json.Marshal(o)
		if err != nil {
			return err
		}
		fmt.Println(string(announcement))
		if err := o.run(ctx, s); err != nil {
			return err
		}
		fmt.Println("done")
	}
}

// randomOperation chooses what to do to a store that has documents with these
// keys, and returns the keys that it has afterwards.
func randomOperation(r *rand.Rand, keys []string, version int) (operation, []string) {
	var o operation
	switch n := r.IntN(20); {
	case n < 9 || len(keys) < 10:
		o.Do, o.Versions = "put", map[string]int{}
		for range 1 + r.IntN(30) {
			key := fmt.Sprint("k", r.IntN(400))
			o.Versions[key] = version
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	case n < 13:
		o.Do = "delete"
		for range 1 + r.IntN(12) {
			if len(keys) == 0 {
				break
			}
			i := r.IntN(len(keys))
			o.Keys = append(o.Keys, keys[i])
			keys = slices.Delete(keys, i, i+1)
		}
	case n < 17:
		o.Do = "train"
	default:
		o.Do = "compact"
	}
	return o, keys
}

// run does the operation.
func (o *operation) run(ctx context.Context, s *Store) (err error) {
	switch o.Do {
	case "put":
		var documents []Document
		for _, key := range slices.Sorted(maps.Keys(o.Versions)) {
			documents = append(documents, versioned(key, o.Versions[key]))
		}
		_, err = s.Put(ctx, documents)
	case "delete":
		_, err = s.Delete(ctx, o.Keys...)
	case "train":
		err = s.Train(ctx, nil)
	case "compact":
		err = s.Compact(ctx, nil)
	}
	return err
}

// TestKill kills a process at a random moment of its work, again and again.
// Each time the file must open and check clean, with everything that was
// acknowledged, and of what was not either all or nothing.
func TestKill(t *testing.T) {
	kills := 20
	if os.Getenv("TOLLER_STRESS") != "" {
		kills = 200
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	path := t.TempDir() + "/index.toller"
	model := map[string]int{}
	during := map[string]int{}
	for kill := range kills {
		pending := runAndKill(t, path, uint64(kill+1), model, time.Duration(r.IntN(250_000))*time.Microsecond)
		s, err := Open(t.Context(), path, churnOptions())
		if err != nil {
			t.Fatalf("kill %d during %+v: %v", kill, pending, err)
		}
		clean(t, s)
		hashes, err := s.Hashes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before := differences(model, hashes)
		if before != "" && pending != nil {
			pending.apply(model)
			if after := differences(model, hashes); after != "" {
				t.Fatalf("kill %d during %s: neither the state before (%s) nor after (%s)", kill, pending.Do, before, after)
			}
		} else if before != "" {
			t.Fatalf("kill %d: %s", kill, before)
		}
		if pending != nil {
			during[pending.Do]++
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("kill %d during %+v", kill, pending)
		}
	}
	t.Logf("killed during %v, %d documents left", during, len(model))
}

// runAndKill runs churn for a while after its first operation, follows it in
// the model, and returns what was under way at the end.
func runAndKill(t *testing.T, path string, seed uint64, model map[string]int, after time.Duration) (pending *operation) {
	t.Helper()
	c := command(t.Context(), os.Args[0], "churn", path, seed)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	started := false
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a torn line was not acknowledged, and not started
		}
		if err != nil {
			t.Fatal(err)
		}
		if !started {
			started = true
			defer time.AfterFunc(after, func() { c.Process.Kill() }).Stop()
		}
		if line == "done\n" {
			pending.apply(model)
			pending = nil
			continue
		}
		pending = &operation{}
		if err := json.Unmarshal([]byte(line), pending); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	if err := c.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the process ended by itself: %v", err)
	}
	return pending
}

// differences compares a store's hashes with the model.
func differences(model map[string]int, hashes map[string][32]byte) string {
	for key, version := range model {
		if hash, there := hashes[key]; !there {
			return fmt.Sprintf("%s version %d is missing", key, version)
		} else if hash != versionHash(key, version) {
			return fmt.Sprintf("%s is not version %d", key, version)
		}
	}
	if len(hashes) != len(model) {
		return fmt.Sprintf("%d documents, expected %d", len(hashes), len(model))
	}
	return ""
}
