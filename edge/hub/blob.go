package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// remote is a file on the hub.
type remote struct {
	name string
	etag string // what its blob is called
	size int64
}

// describe asks the hub what a file of a commit is, and compares that with the
// listing.
func (p *pull) describe(ctx context.Context, name string) (remote, error) {
	f := remote{name: name, size: -1}
	a, err := p.client.ask(ctx, p.repo, http.MethodHead, p.address(name))
	if err != nil {
		return f, fmt.Errorf("hub: %s: %s: %w", p.repo.ID, name, err)
	}
	a.Body.Close()
	wrong := func(what string, expected, found any) (remote, error) {
		return f, fmt.Errorf("hub: %s: %s: %w: %s: expected %v, found %v", p.repo.ID, name, ErrContent, what, expected, found)
	}
	if found := a.header.Get("X-Repo-Commit"); found != "" && found != p.listing.commit {
		return wrong("X-Repo-Commit", p.listing.commit, strconv.Quote(clean(found)))
	}
	// A linked file, whose content is elsewhere, has its own tag and size beside those of the answer.
	tag, size := a.header.Get("X-Linked-Etag"), a.header.Get("X-Linked-Size")
	if tag == "" {
		tag = a.header.Get("Etag")
	}
	f.etag = strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)
	if !blobName.MatchString(f.etag) {
		return wrong("ETag", "a SHA-256 or a git SHA-1", strconv.Quote(clean(tag)))
	}
	if size == "" && a.StatusCode == http.StatusOK {
		size = a.header.Get("Content-Length")
	}
	if size != "" {
		if f.size, err = strconv.ParseInt(size, 10, 64); err != nil || f.size < 0 {
			return wrong("size", "a number of bytes", strconv.Quote(clean(size)))
		}
	}
	known := p.listing.files[name]
	if known.etag != "" && known.etag != f.etag {
		return wrong("ETag", known.etag+" as listed", f.etag)
	}
	switch {
	case f.size < 0:
		f.size = known.size
	case known.size >= 0 && known.size != f.size:
		return wrong("size", fmt.Sprintf("%d as listed", known.size), f.size)
	}
	if f.size < 0 {
		return f, fmt.Errorf("hub: %s: %s: expected its size from the hub, found none", p.repo.ID, name)
	}
	return f, nil
}

// address is where a file of the commit is had.
func (p *pull) address(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return fmt.Sprintf("%s/%s/resolve/%s/%s", p.client.endpoint, p.repo.ID, p.listing.commit, strings.Join(parts, "/"))
}

// blobPath is where the content of that tag is, or will be.
func (p *pull) blobPath(etag string) string { return filepath.Join(p.folder, "blobs", etag) }

// fetch sees to it that a file's content is in the cache, and reports whether it
// has only now come.
func (p *pull) fetch(ctx context.Context, f remote) (fresh bool, err error) {
	path := p.blobPath(f.etag)
	if hasSize(path, f.size) {
		p.add(f.size)
		return false, nil
	}
	held, release, err := lock(ctx, filepath.Join(p.cache, ".locks", filepath.Base(p.folder), f.etag+".lock"))
	if err != nil {
		return false, p.failed(f, 0, err)
	}
	defer release()
	if hasSize(path, f.size) { // while the lock was waited for
		p.add(f.size)
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return false, p.failed(f, 0, err)
	}
	incomplete := path + ".incomplete"
	if !held {
		// Somebody else may be writing that.
		incomplete = fmt.Sprintf("%s.%08x.incomplete", path, rand.Uint32())
	}
	again, err := p.write(ctx, f, incomplete)
	if again {
		// What an earlier call left there may have been of something else.
		_, err = p.write(ctx, f, incomplete)
	}
	if err == nil {
		err = os.Rename(incomplete, path)
	}
	if err != nil && !held {
		os.Remove(incomplete)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	return err == nil, err
}

// hasSize reports whether there is a whole file of that many bytes.
func hasSize(path string, size int64) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() == size
}

// write makes path the content of a file, beginning with what is there. After a wrong
// hash it removes that; again reports whether part of it was there before.
func (p *pull) write(ctx context.Context, f remote, path string) (again bool, err error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		if err := os.Remove(path); err != nil {
			return false, p.failed(f, 0, err)
		}
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return false, p.failed(f, 0, err)
	}
	defer func() {
		if failed := file.Close(); err == nil && failed != nil {
			err = p.failed(f, f.size, failed)
		}
	}()
	have, err := file.Seek(0, io.SeekEnd)
	if err == nil && have > f.size {
		have, err = 0, restart(file)
	}
	if err != nil {
		return false, p.failed(f, 0, err)
	}
	resumed := have > 0
	p.add(have)
	err = p.client.retry(ctx, func() (bool, error) {
		before := have
		err := p.receive(ctx, f, file, &have)
		return have > before, err
	})
	if err != nil {
		return false, p.failed(f, have, err)
	}
	if err := file.Sync(); err != nil {
		return false, p.failed(f, have, err)
	}
	found, err := digest(ctx, file, f)
	if err != nil {
		return false, p.failed(f, have, err)
	}
	if found != f.etag {
		p.add(-have)
		os.Remove(path)
		return resumed, p.failed(f, have, fmt.Errorf("%w: expected hash %s, found %s", ErrContent, f.etag, found))
	}
	return false, nil
}

func restart(file *os.File) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return file.Truncate(0)
}

// receive asks for what is missing of a file and writes it. have is how much of it
// is there.
func (p *pull) receive(ctx context.Context, f remote, file *os.File, have *int64) error {
	if *have == f.size {
		return nil
	}
	header := http.Header{}
	if *have > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", *have))
	}
	a, err := p.client.send(ctx, http.MethodGet, p.address(f.name), header)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	begin := func() error { // all of it comes, or must
		p.add(-*have)
		*have = 0
		return restart(file)
	}
	switch {
	case a.StatusCode == http.StatusPartialContent && *have > 0:
		if found := a.Header.Get("Content-Range"); !strings.HasPrefix(found, fmt.Sprintf("bytes %d-", *have)) {
			return &final{fmt.Errorf("%w: expected bytes from %d, found Content-Range %q", ErrContent, *have, clean(found))}
		}
	case a.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		if err := begin(); err != nil {
			return &final{err}
		}
		return &transient{error: errors.New("the hub has no such range")}
	case a.StatusCode == http.StatusOK:
		if *have > 0 {
			if err := begin(); err != nil {
				return &final{err}
			}
		}
	default:
		return p.client.refused(a, p.repo)
	}
	if coding := a.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return &final{fmt.Errorf("%w: expected it as it is, found it encoded as %q", ErrContent, clean(coding))}
	}
	counted := &counter{file: file, pull: p, have: have, most: f.size}
	_, err = io.CopyBuffer(counted, struct{ io.Reader }{a.Body}, make([]byte, 256<<10))
	switch {
	case counted.err != nil:
		return &final{counted.err}
	case err != nil:
		return passing(plain(err, p.client.endpoint))
	case *have < f.size:
		return &transient{error: fmt.Errorf("%w: it ends after %d of %d bytes", ErrContent, *have, f.size)}
	}
	return nil
}

// counter writes to a file and counts.
type counter struct {
	file *os.File
	pull *pull
	have *int64
	most int64
	err  error // the file's, not the sender's
}

func (c *counter) Write(data []byte) (int, error) {
	if *c.have+int64(len(data)) > c.most {
		c.err = fmt.Errorf("%w: expected %d bytes, found more", ErrContent, c.most)
		return 0, c.err
	}
	n, err := c.file.Write(data)
	*c.have += int64(n)
	c.pull.add(int64(n))
	c.err = err
	return n, err
}

// digest is what the content's name should be.
func digest(ctx context.Context, file *os.File, f remote) (string, error) {
	h := hash.Hash(sha256.New())
	if len(f.etag) == 2*sha1.Size {
		h = sha1.New()
		fmt.Fprintf(h, "blob %d\x00", f.size)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	buffer := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := file.Read(buffer)
		h.Write(buffer[:n])
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// failed names the file, and how much is missing where the disk is full.
func (p *pull) failed(f remote, have int64, err error) error {
	switch {
	case isFull(err) && have == f.size:
		return fmt.Errorf("hub: %s: %s: %w: nothing more goes into %s", p.repo.ID, f.name, ErrFull, p.cache)
	case isFull(err):
		return fmt.Errorf("hub: %s: %s: %w: it lacks %d of %d bytes, at %s; what is there is kept, and another pull goes on from it",
			p.repo.ID, f.name, ErrFull, f.size-have, f.size, p.cache)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("hub: %s: %s: writing the cache, which HF_HUB_CACHE can name another folder for: %w", p.repo.ID, f.name, err)
	}
	return fmt.Errorf("hub: %s: %s: %w", p.repo.ID, f.name, err)
}
