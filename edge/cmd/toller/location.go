package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
)

// location says which index a command works with.
type location struct{ index string }

func (l *location) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.index, "index", "", "index file (default $TOLLER_INDEX, else toller/index.db\nin the user's data folder)")
}

// path is the index file that the flag and the environment ask for.
func (l *location) path() string {
	switch {
	case l.index != "":
		return l.index
	case os.Getenv("TOLLER_INDEX") != "":
		return os.Getenv("TOLLER_INDEX")
	}
	return filepath.Join(xdg.DataHome, "toller", "index.db")
}

// existing is the path of an index that there must be.
func (l *location) existing() (string, error) {
	path := l.path()
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no index at %s; 'toller index PATH' makes one", path)
	}
	return path, err
}

// openIndex opens an existing index without a model: for everything that
// encodes nothing.
func (l *location) openIndex(ctx context.Context, opts ...index.Option) (*index.Index, error) {
	path, err := l.existing()
	if err != nil {
		return nil, err
	}
	return index.Open(ctx, path, nil, opts...)
}

// openNamed opens an index that must be there, for reading with a model, from
// NAME=FILE, or FILE for its name without ending. No name has a slash: a path with
// one before "=" is a FILE.
func openNamed(ctx context.Context, argument string, model *edge.Model) (name string, x *index.Index, err error) {
	name, path, given := strings.Cut(argument, "=")
	if !given || strings.ContainsAny(name, `/\`) {
		path = argument
		name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	if path == "" {
		return "", nil, usage("--index is %q, expected NAME=FILE or FILE", argument)
	}
	if path, err = (&location{index: path}).existing(); err != nil {
		return "", nil, err
	}
	x, err = openIndexFor(ctx, path, model, index.ReadOnly())
	return name, x, err
}
