package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
)

// mount mounts a small file system in memory, if this process may.
func mount(t *testing.T, size string) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mounting is not permitted: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder
}

// TestDiskFull fills a file system: the write that finds no room says so,
// nothing that was acknowledged is lost, and with room again it goes on.
func TestDiskFull(t *testing.T) {
	folder := mount(t, "3m")
	path := filepath.Join(folder, "index.toller")
	s := open(t, path, churnOptions())
	model := map[string]int{}
	var failure error
	for version := 0; failure == nil && version < 1000; version++ {
		var documents []Document
		for i := range 10 {
			documents = append(documents, versioned(fmt.Sprint(version, "-", i), version))
		}
		if _, failure = s.Put(t.Context(), documents); failure == nil {
			for _, d := range documents {
				model[d.Key] = version
			}
		}
	}
	if !errors.Is(failure, ErrFull) {
		t.Fatalf("%d documents, then: %v", len(model), failure)
	}
	same := func(s *Store) {
		t.Helper()
		hashes, err := s.Hashes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := differences(model, hashes); d != "" {
			t.Error(d)
		}
		clean(t, s)
	}
	same(s)
	if err := s.Close(); err != nil {
		t.Log(err) // the log may not fit into the file
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, churnOptions())
	same(s)
	if _, err := s.Put(t.Context(), []Document{versioned("after", 1)}); err != nil {
		t.Error(err)
	}
}

// TestReadOnlyFolder opens a finished file on a file system that can't be
// written, as a bundle is.
func TestReadOnlyFolder(t *testing.T) {
	folder := mount(t, "32m")
	path := filepath.Join(folder, "index.toller")
	s := open(t, path, churnOptions())
	for version := range 20 {
		if _, err := s.Put(t.Context(), []Document{versioned(fmt.Sprint(version), version)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, churnOptions()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("opened for writing: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(folder, "new"), churnOptions()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("created: %v", err)
	}
	o := churnOptions()
	o.ReadOnly = true
	s = open(t, path, o)
	clean(t, s)
	text, q := newCollection(77, 16, 200, 12).query(8)
	for _, mode := range []Mode{Exact, Pruned, Hybrid} {
		if hits, err := s.Search(t.Context(), Query{Vectors: q, Text: text, K: 5, Mode: mode}); err != nil || len(hits) != 5 {
			t.Error(mode, len(hits), err)
		}
	}
	if _, err := s.Put(t.Context(), []Document{versioned("x", 1)}); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
}
