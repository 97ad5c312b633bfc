package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// quiet is how long nothing must have changed before a round begins: what
	// is being saved is written in several steps.
	quiet = 300 * time.Millisecond
	// longest is how long a round may be put off by changes that don't end.
	longest = 5 * time.Second
)

// follower waits for changes below paths.
type follower struct {
	*fsnotify.Watcher
	roots   []string        // absolute
	own     map[string]bool // files whose changes don't count
	refused error           // why a folder could not be followed
	deaf    int             // how many folders
}

func newFollower(paths []string, own map[string]bool) (*follower, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("following changes: %w", err)
	}
	w := &follower{Watcher: watcher, own: own}
	for _, path := range paths {
		root, err := filepath.Abs(path)
		if err != nil {
			return nil, errors.Join(err, watcher.Close())
		}
		w.roots = append(w.roots, root)
		// The folder around it outlives a file that an editor replaces, and a
		// folder that is moved away and comes back.
		w.enter(filepath.Dir(root))
	}
	return w, nil
}

// enter follows the files of a folder from now on.
func (w *follower) enter(folder string) {
	full, err := filepath.Abs(folder)
	if err == nil {
		err = w.Add(full)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.deaf, w.refused = w.deaf+1, err
	}
}

// wait returns when something has changed and nothing has since for a while.
func (w *follower) wait(ctx context.Context) error {
	for {
		changed, err := w.next(ctx, nil)
		if err != nil {
			return err
		}
		if changed {
			break
		}
	}
	for limit := time.After(longest); ; {
		pause := time.NewTimer(quiet)
		_, err := w.next(ctx, pause.C)
		over := !pause.Stop()
		switch {
		case err != nil:
			return err
		case over:
			return nil
		}
		select {
		case <-limit:
			return nil
		default:
		}
	}
}

// next waits for one event, or for pause, and reports whether it is a change
// that counts.
func (w *follower) next(ctx context.Context, pause <-chan time.Time) (bool, error) {
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case event := <-w.Events:
		return w.counts(event), nil
	case err := <-w.Errors:
		if errors.Is(err, fsnotify.ErrEventOverflow) {
			return true, nil // what was lost may have been anything
		}
		return false, fmt.Errorf("following changes: %w", err)
	case <-pause:
		return false, nil
	}
}

func (w *follower) counts(e fsnotify.Event) bool {
	return e.Op != fsnotify.Chmod && !w.own[e.Name] && within(e.Name, w.roots)
}

// Watch brings the index up to date with paths, as [Mirror.Update] does, and
// again whenever something changes below them, until ctx ends, whose error it
// returns. each, if it isn't nil, is given the report of the first round and of
// those that changed anything, found something new that can't be read, or keep other
// folders than the one before; its error ends the watch.
//
// Where the system can't follow a folder, as beyond its limit of watched folders,
// Report.Unfollowed says so; what changes there is noticed when something else does.
func (m *Mirror) Watch(ctx context.Context, paths []string, each func(*Report) error) error {
	w, err := newFollower(paths, m.own)
	if err != nil {
		return err
	}
	defer w.Close()
	m.entered = w.enter
	defer func() { m.entered = nil }()
	var kept []Kept
	for first := true; ; first = false {
		report, err := m.Update(ctx, paths...)
		if err != nil {
			return err
		}
		report.Unfollowed, report.WhyUnfollowed = w.deaf, w.refused
		w.deaf = 0
		told := first || report.Changed() || report.New+report.Unfollowed > 0 || !slices.Equal(report.Kept, kept)
		kept = report.Kept
		if each != nil && told {
			if err := each(report); err != nil {
				return err
			}
		}
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
}
