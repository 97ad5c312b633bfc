package store

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/toller-search/toller/testdata"
)

// former is what was found in the files of schema version 1 when that was
// today's.
type former struct {
	Model struct {
		Name, Fingerprint string
		Dim               int
	}
	Queries []struct{ Text, Vectors string }
	Files   map[string]formerFile
}

type formerFile struct {
	Codec                       string
	Dims, Pool                  int
	Trained                     bool
	Documents, Passages, Tokens int64
	Searches                    []struct {
		Query int
		Mode  string
		Hits  []struct {
			Key                 string
			Start, End          int
			Score, MaxSim, BM25 float64
		}
	}
}

const formerRecord = "searches.json"

func parseFormer(data []byte) (*former, error) {
	f := &former{}
	err := json.Unmarshal(data, f)
	return f, err
}

func readFormer(t testing.TB) *former {
	t.Helper()
	f, err := parseFormer(testdata.Read(t, "indexes/v1/"+formerRecord))
	if err != nil || len(f.Files) == 0 || len(f.Queries) == 0 {
		t.Fatal(len(f.Files), len(f.Queries), err)
	}
	return f
}

// copyFormer makes a file of version 1 to work on.
func copyFormer(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".db")
	if err := os.WriteFile(path, testdata.Read(t, "indexes/v1/"+name+".db"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// model is the model of the files, as they know it.
func (f *former) model() Model {
	m := Model{Name: f.Model.Name, Dim: f.Model.Dim}
	if n, err := hex.Decode(m.Fingerprint[:], []byte(f.Model.Fingerprint)); err != nil || n != len(m.Fingerprint) {
		panic(err) // of the test data
	}
	return m
}

// renamed is the same model with the fingerprint that a later version of the
// program gives it.
func (f *former) renamed() Options {
	m := f.model()
	old := m.Fingerprint
	m.Name, m.Fingerprint[0] = "renamed", m.Fingerprint[0]+1
	return Options{Model: m, Former: [][16]byte{{9}, old}}
}

// compare searches again.
func (f *former) compare(ctx context.Context, s *Store, name string) error {
	file := f.Files[name]
	stat, err := s.Stat(ctx)
	if err != nil {
		return err
	}
	if stat.Codec.String() != file.Codec || stat.Dims != file.Dims || stat.Pool != file.Pool || stat.Trained != file.Trained ||
		stat.Documents != file.Documents || stat.Passages != file.Passages || stat.Tokens != file.Tokens {
		return fmt.Errorf("expected %+v, found %+v", file, stat)
	}
	modes := map[string]Mode{}
	for m := Auto; m <= Hybrid; m++ {
		modes[m.String()] = m
	}
	if len(file.Searches) == 0 {
		return fmt.Errorf("%s: no searches", name)
	}
	for _, search := range file.Searches {
		q := f.Queries[search.Query]
		raw, err := base64.StdEncoding.DecodeString(q.Vectors)
		if err != nil {
			return err
		}
		vectors := make([]float32, len(raw)/4)
		for i := range vectors {
			vectors[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		// In that version hybrid searches were ordered by MaxSim unless told otherwise.
		hits, err := s.Search(ctx, Query{Vectors: vectors, Text: q.Text, K: 6, Mode: modes[search.Mode], Fusion: ByMaxSim})
		if err != nil {
			return err
		}
		where := fmt.Sprintf("%s: %s: %q", name, search.Mode, q.Text)
		if len(hits) != len(search.Hits) {
			return fmt.Errorf("%s: %d hits, expected %d", where, len(hits), len(search.Hits))
		}
		for i, h := range hits {
			want := search.Hits[i]
			if math.Abs(h.Score-want.Score) > 1e-4 {
				return fmt.Errorf("%s: hit %d has a score of %v, expected %v", where, i, h.Score, want.Score)
			}
			same := h.Key == want.Key && h.Passage.Start == want.Start && h.Passage.End == want.End
			// It also left BM25 at 0 for what full text ranks below its candidates.
			unknown := modes[search.Mode] == Hybrid && want.BM25 == 0
			if same && (math.Abs(h.MaxSim-want.MaxSim) > 1e-4 || !unknown && math.Abs(h.BM25-want.BM25) > 1e-4) {
				return fmt.Errorf("%s: hit %d has %v and %v, expected %+v", where, i, h.MaxSim, h.BM25, want)
			}
			near := i > 0 && search.Hits[i-1].Score-want.Score < 2e-4 || i+1 == len(hits) || want.Score-search.Hits[i+1].Score < 2e-4
			if !same && !near {
				return fmt.Errorf("%s: hit %d is %s [%d, %d), expected %+v", where, i, h.Key, h.Passage.Start, h.Passage.End, want)
			}
		}
	}
	return nil
}

// versionOf is the version of a file, read without this package's Open.
func versionOf(t testing.TB, path string) (version int64) {
	t.Helper()
	db, err := connect(path, readOnly, busyWait, 1<<20, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`PRAGMA user_version`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}

// TestFormerFiles opens the files of version 1: for reading alone, which leaves
// them as they are, and for writing, which migrates them.
func TestFormerFiles(t *testing.T) {
	f := readFormer(t)
	for name := range f.Files {
		t.Run(name, func(t *testing.T) {
			path := copyFormer(t, name)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			compare := func(s *Store) {
				t.Helper()
				if err := f.compare(t.Context(), s, name); err != nil {
					t.Error(err)
				}
				clean(t, s)
			}
			o := f.renamed()
			o.ReadOnly = true
			s := open(t, path, o)
			compare(s)
			s.Close()
			if after, err := os.ReadFile(path); err != nil || !slices.Equal(before, after) {
				t.Errorf("read-only use changed the file: %v", err)
			}

			// Another model is refused, and the file left alone.
			other := f.renamed()
			other.Former = [][16]byte{{9}}
			if _, err := Open(t.Context(), path, other); !errors.Is(err, ErrModel) {
				t.Errorf("another model: %v", err)
			}
			if v := versionOf(t, path); v != 1 {
				t.Errorf("another model made it version %d", v)
			}

			o.ReadOnly = false
			s = open(t, path, o)
			compare(s)
			if stat, err := s.Stat(t.Context()); err != nil || stat.Model.Fingerprint != o.Model.Fingerprint {
				t.Errorf("%v, %v", stat.Model, err)
			}
			if v := versionOf(t, path); v != schemaVersion {
				t.Errorf("version %d after opening for writing", v)
			}
			s.Close()

			// From now on the former fingerprint is another model's.
			_, err = Open(t.Context(), path, Options{Model: f.model(), Former: [][16]byte{o.Model.Fingerprint}})
			if !errors.Is(err, ErrModel) {
				t.Errorf("former fingerprint: %v", err)
			}
			s = open(t, path, Options{Model: o.Model})
			d := Document{Key: "new", Text: "a tomato", Passages: []Passage{{End: 8, Vectors: unit(make48(1))}, {Vectors: unit(make48(2))}}}
			if _, err := s.Put(t.Context(), []Document{d}); err != nil {
				t.Error(err)
			}
			if err := s.Train(t.Context(), nil); err != nil {
				t.Error(err)
			}
			clean(t, s)
			if _, err := s.Delete(t.Context(), "new"); err != nil {
				t.Error(err)
			}
			if err := s.Compact(t.Context(), nil); err != nil {
				t.Error(err)
			}
			clean(t, s)
		})
	}
}

func make48(from float32) []float32 {
	v := make([]float32, 48)
	for i := range v {
		v[i] = from + float32(i%7)
	}
	return v
}

// TestFormerWithoutModel migrates without a model, which can't tell whether the
// fingerprint is a former one: that comes with the model.
func TestFormerWithoutModel(t *testing.T) {
	f := readFormer(t)
	path := copyFormer(t, "4bit")
	s := open(t, path, Options{})
	if stat, err := s.Stat(t.Context()); err != nil || stat.Model != f.model() {
		t.Errorf("%v, %v", stat.Model, err)
	}
	s.Close()
	if v := versionOf(t, path); v != schemaVersion {
		t.Errorf("version %d", v)
	}
	o := f.renamed()
	for _, o.ReadOnly = range []bool{true, false} {
		s = open(t, path, o)
		if err := f.compare(t.Context(), s, "4bit"); err != nil {
			t.Error(err)
		}
		s.Close()
	}
	if _, err := Open(t.Context(), path, Options{Model: f.model()}); !errors.Is(err, ErrModel) {
		t.Errorf("former fingerprint: %v", err)
	}

	// Where fingerprints stay the same there is nothing to adopt.
	path = copyFormer(t, "4bit")
	open(t, path, Options{Model: f.model()}).Close()
	if _, err := Open(t.Context(), path, o); !errors.Is(err, ErrModel) {
		t.Errorf("the file says that its fingerprint is of today's rule: %v", err)
	}
}

// TestFormerIsPast creates a file of this version: its fingerprint can't be one
// of an earlier rule.
func TestFormerIsPast(t *testing.T) {
	o := readFormer(t).renamed()
	path := filepath.Join(t.TempDir(), "index.toller")
	open(t, path, Options{Model: Model{Name: "old", Fingerprint: o.Former[1], Dim: o.Model.Dim}}).Close()
	if _, err := Open(t.Context(), path, o); !errors.Is(err, ErrModel) {
		t.Error(err)
	}
}

// TestMigrateTogether opens one file for writing many times at once.
func TestMigrateTogether(t *testing.T) {
	f := readFormer(t)
	path := copyFormer(t, "fp16")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			s, err := Open(t.Context(), path, f.renamed())
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if err := f.compare(t.Context(), s, "fp16"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// TestNewerVersion refuses files of a program that is newer, also when that
// migrates one that is open.
func TestNewerVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.toller")
	o := testOptions(4, 0)
	s := open(t, path, o)
	newer := func(version int) {
		t.Helper()
		if _, err := s.writer.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, version)); err != nil {
			t.Fatal(err)
		}
	}
	newer(schemaVersion + 1)
	for what, err := range map[string]error{
		"read":  func() error { _, err := s.Stat(t.Context()); return err }(),
		"write": func() error { _, err := s.Put(t.Context(), []Document{{Key: "a"}}); return err }(),
		"open":  func() error { _, err := Open(t.Context(), path, o); return err }(),
		"open read-only": func() error {
			_, err := Open(t.Context(), path, Options{ReadOnly: true})
			return err
		}(),
	} {
		if !errors.Is(err, ErrSchema) || !strings.Contains(err.Error(), "newer version of toller") {
			t.Errorf("%s: %v", what, err)
		}
	}
	newer(0)
	if _, err := Open(t.Context(), path, o); !errors.Is(err, ErrSchema) {
		t.Error(err)
	}
}

// migrating is a job that stops in the middle of its migration, with far more
// written than fits into memory, and waits to be killed.
func migrating(path string, _ uint64) error {
	reword := migrations[2]
	migrations[2] = func(ctx context.Context, t *transaction) error {
		if err := reword(ctx, t); err != nil {
			return err
		}
		for _, statement := range []string{
			`CREATE TABLE half AS SELECT randomblob(1000) AS x FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) SELECT i FROM n)`,
			`UPDATE meta SET value = 'half' WHERE name = 'codec'`,
			`DELETE FROM passages`,
		} {
			if _, err := t.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		fmt.Println("half")
		select {}
	}
	s, err := Open(context.Background(), path, Options{})
	if err != nil {
		return err
	}
	return s.Close()
}

// TestKillMigration kills a process in the middle of its migration.
func TestKillMigration(t *testing.T) {
	f := readFormer(t)
	const name = "4bit-trained"
	path := copyFormer(t, name)
	for range 3 {
		c := command(t.Context(), os.Args[0], "migrating", path, 0)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "half\n" {
			t.Fatal(line, err)
		}
		if log, err := os.Stat(path + "-wal"); err != nil || log.Size() < 1<<20 {
			t.Errorf("expected a migration that has written much, found %v, %v", log, err)
		}
		c.Process.Kill()
		if err := c.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the process ended by itself: %v", err)
		}
		o := f.renamed()
		o.ReadOnly = true
		s := open(t, path, o)
		if err := f.compare(t.Context(), s, name); err != nil {
			t.Error(err)
		}
		s.Close()
		if v := versionOf(t, path); v != 1 {
			t.Errorf("version %d after a kill", v)
		}
	}
	s := open(t, path, f.renamed())
	if err := f.compare(t.Context(), s, name); err != nil {
		t.Error(err)
	}
	clean(t, s)
	if v := versionOf(t, path); v != schemaVersion {
		t.Errorf("version %d", v)
	}
}

// migrateFormer is a job that migrates a file, whose record lies beside it, and
// compares what it finds.
func migrateFormer(path string, _ uint64) error {
	data, err := os.ReadFile(filepath.Join(filepath.Dir(path), formerRecord))
	if err != nil {
		return err
	}
	f, err := parseFormer(data)
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := Open(ctx, path, f.renamed())
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Print(Driver)
	return f.compare(ctx, s, strings.TrimSuffix(filepath.Base(path), ".db"))
}
