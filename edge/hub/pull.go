package hub

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/toller-search/toller/infer/weights"
)

// Progress is how far a pull has come, in bytes of all files; those that were
// there before count as done.
type Progress struct {
	File        string // that is being fetched
	Done, Total int64
}

// PullOptions are the choices of [Hub.Pull].
type PullOptions struct {
	// Check is given the files that aren't weights, by name, before any weights are
	// fetched. Its error ends the pull. [github.com/toller-search/toller/edge.CheckFiles]
	// refuses what wouldn't open.
	Check func(name string, files map[string][]byte) error

	// Progress is called as bytes arrive, by one goroutine.
	Progress func(Progress)
}

// Pull fetches what the cache lacks of a checkpoint, and returns where it is. What an
// interrupted call has fetched isn't fetched again. Several processes may pull at
// once. The cache is asked alone when the hub is [Hub.Offline].
//
// The errors to tell apart are ErrNotFound, ErrGated, ErrBusy, ErrContent, ErrFull
// and ErrOffline.
func (h *Hub) Pull(ctx context.Context, repo Repo, o PullOptions) (*Snapshot, error) {
	if err := repo.check(); err != nil {
		return nil, err
	}
	if h.Offline {
		s, err := h.Find(repo)
		if err != nil {
			return nil, fmt.Errorf("%w, and the hub isn't asked: %w (HF_HUB_OFFLINE)", err, ErrOffline)
		}
		return s, nil
	}
	client, err := h.client()
	if err != nil {
		return nil, err
	}
	return h.pull(ctx, client, repo, o)
}

// pull is one call of Pull.
type pull struct {
	PullOptions
	client   *client
	repo     Repo
	cache    string
	folder   string // of the repository
	listing  *listing
	state    Progress
	texts    map[string][]byte // of the files that aren't weights
	snapshot string            // folder of the commit
	most     int64             // bytes in all
}

func (h *Hub) pull(ctx context.Context, c *client, repo Repo, o PullOptions) (*Snapshot, error) {
	p := &pull{PullOptions: o, client: c, repo: repo, cache: h.Cache, folder: h.folder(repo.ID), texts: map[string][]byte{}, most: h.MaxBytes}
	if p.most <= 0 {
		p.most = defaultMaxBytes
	}
	var err error
	if p.listing, err = c.list(ctx, repo); err != nil {
		return nil, err
	}
	p.snapshot = h.snapshotPath(repo.ID, p.listing.commit)
	files, err := weights.ListFiles(repo.ID, slices.Collect(maps.Keys(p.listing.files)), func(name string) ([]byte, error) {
		return p.text(ctx, name)
	})
	if err != nil {
		return nil, err
	}
	if err := p.measure(files); err != nil {
		return nil, err
	}
	for _, name := range files.Configuration {
		if _, err := p.text(ctx, name); err != nil {
			return nil, err
		}
	}
	if o.Check != nil {
		if err := o.Check(repo.String(), p.texts); err != nil {
			return nil, err
		}
	}
	for _, name := range files.Weights {
		if err := p.get(ctx, name, p.most); err != nil {
			return nil, err
		}
	}
	for _, name := range files.Absent {
		// It saves Python a request, and nothing else.
		_ = p.markAbsent(name)
	}
	if err := p.writeRef(h.refPath(repo)); err != nil {
		return nil, fmt.Errorf("hub: %s: %w", repo, err)
	}
	s := &Snapshot{Repo: repo, Commit: p.listing.commit, Path: p.snapshot}
	return s, s.read()
}

// measure adds up what will be there, and refuses too much.
func (p *pull) measure(files weights.Files) error {
	for _, name := range slices.Concat(files.Configuration, files.Weights) {
		if err := p.expect(name, p.listing.files[name].size); err != nil {
			return err
		}
	}
	return nil
}

// expect counts the size of a file, if it is known.
func (p *pull) expect(name string, size int64) error {
	if size > p.most || p.state.Total+max(0, size) > p.most {
		return fmt.Errorf("hub: %s: expected no more than %d bytes, found %d with %s", p.repo.ID, p.most, p.state.Total+size, name)
	}
	p.state.Total += max(0, size)
	return nil
}

// add counts bytes as done.
func (p *pull) add(bytes int64) {
	p.state.Done += bytes
	if p.Progress != nil {
		p.Progress(p.state)
	}
}

// text fetches a file that isn't weights and returns its content.
func (p *pull) text(ctx context.Context, name string) ([]byte, error) {
	if text, ok := p.texts[name]; ok {
		return text, nil
	}
	if err := p.get(ctx, name, maxConfiguration); err != nil {
		return nil, err
	}
	text, err := readCached(p.pointer(name), maxConfiguration)
	if err != nil {
		return nil, fmt.Errorf("hub: %s: %w", p.repo.ID, err)
	}
	p.texts[name] = text
	return text, nil
}

// pointer is where a file of the commit is, or will be.
func (p *pull) pointer(name string) string {
	return filepath.Join(p.snapshot, filepath.FromSlash(name))
}

// get fetches a file of the commit, of no more than most bytes, unless it is there.
func (p *pull) get(ctx context.Context, name string, most int64) error {
	p.state.File = name
	listed := p.listing.files[name].size
	pointer := p.pointer(name)
	if info, err := os.Stat(pointer); err == nil && info.Mode().IsRegular() {
		if listed < 0 || listed == info.Size() {
			p.add(info.Size())
			return nil
		}
	}
	f, err := p.describe(ctx, name)
	if err != nil {
		return err
	}
	if f.size > most {
		return fmt.Errorf("hub: %s: %s: expected no more than %d bytes, found %d", p.repo.ID, name, most, f.size)
	}
	if listed < 0 {
		if err := p.expect(name, f.size); err != nil {
			return err
		}
	}
	fresh, err := p.fetch(ctx, f)
	if err != nil {
		return err
	}
	if err := point(pointer, p.blobPath(f.etag), fresh); err != nil {
		return p.failed(f, f.size, err)
	}
	return nil
}

// markAbsent notes that the commit has no such file.
func (p *pull) markAbsent(name string) error {
	path := filepath.Join(p.folder, ".no_exist", p.listing.commit, filepath.FromSlash(name))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	return f.Close()
}

// writeRef notes which commit the revision is.
func (p *pull) writeRef(path string) error {
	if p.repo.revision() == p.listing.commit {
		return nil
	}
	if found, err := readRef(path); err == nil && found == p.listing.commit {
		return nil // the cache may be one that can't be written
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	temporary := temporaryName(path)
	if err := os.WriteFile(temporary, []byte(p.listing.commit), 0o666); err != nil {
		os.Remove(temporary)
		return err
	}
	return os.Rename(temporary, path)
}
