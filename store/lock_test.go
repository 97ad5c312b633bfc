package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/toller-search/toller/store/codec"
)

// TestLocked lets one store write for long, and another wait for it.
func TestLocked(t *testing.T) {
	o := testOptions(4, codec.FP16)
	first := create(t, o)
	o.Wait = 200 * time.Millisecond
	second := open(t, first.path, o)
	if _, err := first.Add(t.Context(), []Document{{Key: "before"}}); err != nil {
		t.Fatal(err)
	}

	writing, finish := make(chan bool), make(chan bool)
	ended := make(chan error)
	go func() {
		ended <- first.write(t.Context(), "write for long", func(*transaction) error {
			close(writing)
			<-finish
			return nil
		})
	}()
	<-writing
	start := time.Now()
	if _, err := second.Add(t.Context(), []Document{{Key: "a"}}); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	if took := time.Since(start); took < o.Wait || took > 5*time.Second {
		t.Errorf("gave up after %v", took)
	}
	// Reading goes on.
	if _, err := second.Get(t.Context(), "before"); err != nil {
		t.Error(err)
	}
	// Waiting ends with the context.
	second.wait = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start = time.Now()
	if _, err := second.Add(ctx, []Document{{Key: "a"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("stopped waiting after %v", took)
	}
	close(finish)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := second.Add(t.Context(), []Document{{Key: "a"}}); err != nil {
		t.Error(err)
	}
}

// TestCancel ends trainings and searches early. What was written stays, and
// the next write carries the training on.
func TestCancel(t *testing.T) {
	o := testOptions(16, codec.Residual4)
	s := create(t, o)
	c := newCollection(8, 16, 200, 10)
	var documents []Document
	for i := range 150 {
		documents = append(documents, c.document(fmt.Sprint(i), 1, 12))
	}
	s.trainAt = 1 << 40
	if _, err := s.Add(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Train(ctx, func(stage string, done, total int) {
		if stage == "lists" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	clean(t, s)
	if _, err := s.Search(ctx, Query{Vectors: make([]float32, 16), K: 1}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if stat, err := s.Stat(t.Context()); err != nil || !stat.Training || stat.Trained {
		t.Errorf("%+v, %v", stat, err)
	}
	if _, err := s.Put(t.Context(), documents[:1]); err != nil {
		t.Fatal(err)
	}
	if stat, err := s.Stat(t.Context()); err != nil || stat.Training || !stat.Trained || stat.Trouble != nil {
		t.Errorf("%+v, %v", stat, err)
	}
	compareExact(t, s, c)
	clean(t, s)
}
