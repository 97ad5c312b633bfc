package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/hub"
	"github.com/toller-search/toller/edge/index"
)

// builtinName stands for the embedded model where a path is expected.
const builtinName = "builtin"

// open opens the model that the flags and the environment ask for.
func (o *options) open() (*edge.Model, error) {
	name := o.model
	if name == "" {
		name = os.Getenv("TOLLER_MODEL")
	}
	if name == "" || name == builtinName {
		return builtin.Open(edge.WithThreads(o.threads))
	}
	m, err := locateModel(name)
	if err != nil {
		return nil, err
	}
	return m.open(edge.WithThreads(o.threads))
}

// located is where a checkpoint lies.
type located struct {
	path string
	id   string // on the hub; "" for a path that was given as such
}

// locateModel finds a checkpoint by its path, or else by its id among what has been
// pulled. Nothing is fetched.
func locateModel(name string) (located, error) {
	path := located{path: name}
	if _, err := os.Stat(name); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	repo, err := hub.ParseRepo(name)
	if err != nil {
		return path, nil // what opens it says that it isn't there
	}
	h, err := hub.CachedFromEnvironment()
	if err != nil {
		return located{}, err
	}
	s, err := h.Find(repo)
	switch {
	case err == nil:
		return located{path: s.Path, id: repo.String()}, nil
	case errors.Is(err, hub.ErrAbsent) && !isID(repo.ID):
		return path, nil
	case errors.Is(err, hub.ErrAbsent):
		return located{}, fmt.Errorf("there is no file or folder %s, and no model of that id in %s; '%s' fetches it", name, h.Cache, howToPull(repo.String()))
	case errors.Is(err, hub.ErrPartial):
		return located{}, fmt.Errorf("%w; '%s' fetches what is missing", err, howToPull(repo.String()))
	}
	return located{}, err
}

// isID reports whether a name is an id on the hub and not just any word.
func isID(name string) bool { return strings.Count(name, "/") == 1 }

// howToPull is the command that fetches a model.
func howToPull(id string) string { return "toller pull " + id }

func (m located) open(opts ...edge.Option) (*edge.Model, error) {
	if m.id != "" {
		opts = append(opts, edge.WithName(m.id))
	}
	model, err := edge.Open(m.path, opts...)
	if m.id != "" && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; if it isn't complete, '%s' fetches what is missing", err, howToPull(m.id))
	}
	return model, err
}

// openIndexFor opens an index, or makes it, with a model. Where the index is another
// model's, the error says how that is had.
func openIndexFor(ctx context.Context, path string, model *edge.Model, opts ...index.Option) (*index.Index, error) {
	x, err := index.Open(ctx, path, model, opts...)
	if !errors.Is(err, index.ErrModel) {
		return x, err
	}
	name, unknown := indexModel(ctx, path)
	if unknown != nil {
		return nil, err
	}
	if advice := modelAdvice(name, model.Info().Name); advice != "" {
		return nil, fmt.Errorf("%w; %s", err, advice)
	}
	return nil, err
}

// indexModel is the name of the model that an index was made with.
func indexModel(ctx context.Context, path string) (string, error) {
	x, err := index.Open(ctx, path, nil, index.ReadOnly())
	if err != nil {
		return "", err
	}
	stat, err := x.Stat(ctx)
	return stat.Model.Name, errors.Join(err, x.Close())
}

// modelAdvice says how the model of that name is had, "" where there is nothing to say:
// names aren't unique, and the one that was opened may have the same.
func modelAdvice(name, opened string) string {
	if name == opened {
		return ""
	}
	if name == builtin.Name {
		return "that is the embedded model: --model " + builtinName
	}
	repo, err := hub.ParseRepo(name)
	if err != nil || !isID(repo.ID) {
		return ""
	}
	advice := "try --model " + name
	h, err := hub.CachedFromEnvironment()
	if err != nil {
		return advice
	}
	if _, err := h.Find(repo); errors.Is(err, hub.ErrAbsent) || errors.Is(err, hub.ErrPartial) {
		return fmt.Sprintf("'%s' fetches it, then %s", howToPull(name), advice)
	}
	return advice
}
