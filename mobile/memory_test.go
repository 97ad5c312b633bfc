package mobile

import (
	"path/filepath"
	"sync"
	"testing"
)

// TestTrim trims, and changes the preset, while calls run, and gets the same from them.
func TestTrim(t *testing.T) {
	defer func() {
		if err := SetMemory(MemoryApp); err != nil {
			t.Error(err)
		}
	}()
	packed, err := filepath.Abs("../edge/builtin/toller-small.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	x := openIndex(t, m)
	entries := NewEntries()
	for i, text := range animals {
		if err := entries.Add(NewEntry(string(rune('a'+i)), text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.Put(entries, nil, nil); err != nil {
		t.Fatal(err)
	}
	search := func() (Result, error) {
		found, err := x.Search("What is the capital of France?", nil, nil)
		if err != nil {
			return Result{}, err
		}
		r, err := found.At(0)
		if err != nil {
			return Result{}, err
		}
		return Result{Key: r.Key, Score: r.Score, Snippet: r.Snippet}, nil
	}
	want, err := search()
	if err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() {
			for range 10 {
				if got, err := search(); err != nil || got != want {
					t.Errorf("expected %+v, found %+v, %v", want, got, err)
				}
			}
		})
	}
	calls.Go(func() {
		for i := range 10 {
			if err := SetMemory([]string{MemoryApp, MemoryExtension}[i%2]); err != nil {
				t.Error(err)
			}
			if err := Trim(); err != nil {
				t.Error(err)
			}
		}
	})
	calls.Wait()
	if len(activity.open) != 2 {
		t.Errorf("expected a model and an index to be open, found %d", len(activity.open))
	}
}
