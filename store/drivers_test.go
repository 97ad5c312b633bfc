package store

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/toller-search/toller/testdata"
)

// sight is what a process sees of a file.
type sight struct {
	Driver    string
	Documents int64
	Problems  []string
	Hits      map[string][]int64 // by mode
}

// writeOut makes a store with segments, a tail, deletions and two codebooks.
func writeOut(path string, seed uint64) error {
	ctx := context.Background()
	s, err := Open(ctx, path, churnOptions())
	if err != nil {
		return err
	}
	for i := range 40 {
		var documents []Document
		for j := range 10 {
			documents = append(documents, versioned(fmt.Sprint("k", i*10+j), int(seed)))
		}
		if _, err := s.Put(ctx, documents); err != nil {
			return err
		}
	}
	if _, err := s.Delete(ctx, "k3", "k77", "k200"); err != nil {
		return err
	}
	return s.Close()
}

// readBack prints what it sees.
func readBack(path string, _ uint64) error {
	seen, err := look(path)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(seen)
}

func look(path string) (sight, error) {
	ctx := context.Background()
	seen := sight{Driver: Driver, Hits: map[string][]int64{}}
	s, err := Open(ctx, path, churnOptions())
	if err != nil {
		return seen, err
	}
	defer s.Close()
	report, err := s.Check(ctx, nil)
	if err != nil {
		return seen, err
	}
	seen.Documents, seen.Problems = report.Documents, report.Problems
	text, q := newCollection(77, 16, 200, 12).query(8)
	for _, mode := range []Mode{Exact, Pruned, Lexical, Hybrid} {
		hits, err := s.Search(ctx, Query{Vectors: q, Text: text, K: 10, Mode: mode})
		if err != nil {
			return seen, err
		}
		for _, h := range hits {
			seen.Hits[mode.String()] = append(seen.Hits[mode.String()], h.Passage.ID)
		}
	}
	return seen, nil
}

// addOne changes one document and adds another.
func addOne(path string, seed uint64) error {
	ctx := context.Background()
	s, err := Open(ctx, path, churnOptions())
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Put(ctx, []Document{versioned("k1", int(seed)), versioned("new", int(seed))})
	return err
}

// TestDrivers writes a file with each driver and reads it with another. That of
// web pages takes part where TOLLER_JS_RUNNER names the program that runs it in
// Node, wasm/test/go-exec-sqlite.js with what npm installs.
func TestDrivers(t *testing.T) {
	const cgoDriver, pureDriver, jsDriver = "github.com/mattn/go-sqlite3", "github.com/ncruces/go-sqlite3", "@sqlite.org/sqlite-wasm"
	folder := t.TempDir()
	build := func(name string, environment []string, args ...string) string {
		binary := filepath.Join(folder, name)
		c := exec.Command("go", append(append([]string{"test", "-c", "-o", binary}, args...), ".")...)
		c.Env = append(os.Environ(), environment...)
		if out, err := c.CombinedOutput(); err != nil {
			if _, lookErr := exec.LookPath("cc"); lookErr != nil && name == "cgo" {
				t.Skipf("no C compiler for the cgo driver: %s", out)
			}
			t.Fatalf("%v: %s", err, out)
		}
		return binary
	}
	pure := build("pure", nil)
	cgo := build("cgo", []string{"CGO_ENABLED=1"}, "-tags", "sqlite_fts5")

	type exchange struct{ name, writer, reader, driver string }
	exchanges := []exchange{
		{"cgo writes", cgo, pure, pureDriver},
		{"pure writes", pure, cgo, cgoDriver},
	}
	if runner := os.Getenv("TOLLER_JS_RUNNER"); runner != "" {
		page := build("page", []string{"GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0"}, "-tags", "sqlite_js")
		script := filepath.Join(folder, "page.sh")
		if err := os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\nexec node %q %q\n", runner, page), 0o755); err != nil {
			t.Fatal(err)
		}
		exchanges = append(exchanges, exchange{"page writes", script, cgo, cgoDriver}, exchange{"page reads", pure, script, jsDriver})
	}
	for _, order := range exchanges {
		t.Run(order.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "index.toller")
			if err := command(t.Context(), order.writer, "write", path, 3).Run(); err != nil {
				t.Fatal(err)
			}
			read := func(binary string, documents int64) sight {
				out, err := command(t.Context(), binary, "read", path, 0).Output()
				if err != nil {
					t.Fatal(err)
				}
				var seen sight
				if err := json.Unmarshal(out, &seen); err != nil {
					t.Fatalf("%s: %v", out, err)
				}
				if len(seen.Problems) > 0 || seen.Documents != documents {
					t.Errorf("%+v", seen)
				}
				for _, mode := range []Mode{Exact, Pruned, Lexical, Hybrid} {
					if len(seen.Hits[mode.String()]) == 0 {
						t.Errorf("%s: no hits", mode)
					}
				}
				return seen
			}
			theirs, ours := read(order.reader, 397), read(order.writer, 397)
			if theirs.Driver != order.driver || ours.Driver == order.driver {
				t.Errorf("read with %s and %s", theirs.Driver, ours.Driver)
			}
			if !reflect.DeepEqual(theirs.Hits, ours.Hits) {
				t.Errorf("found %v, the writer finds %v", theirs.Hits, ours.Hits)
			}
			if err := command(t.Context(), order.reader, "add", path, 4).Run(); err != nil {
				t.Fatal(err)
			}
			read(order.writer, 398)
		})
	}

	// Files of version 1, migrated by one driver and then read by the other.
	f := readFormer(t)
	for name := range f.Files {
		for i, binary := range []string{cgo, pure} {
			path := copyFormer(t, name)
			record := filepath.Join(filepath.Dir(path), formerRecord)
			if err := os.WriteFile(record, testdata.Read(t, "indexes/v1/"+formerRecord), 0o644); err != nil {
				t.Fatal(err)
			}
			for j, binary := range []string{binary, []string{pure, cgo}[i]} {
				out, err := command(t.Context(), binary, "former", path, 0).Output()
				if want := []string{cgoDriver, pureDriver}[i^j]; err != nil || string(out) != want {
					t.Errorf("%s: %q, expected %q: %v", name, out, want, err)
				}
			}
		}
	}
}
