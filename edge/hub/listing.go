package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
)

// Bounds on what a hub says of a repository.
const (
	maxListing = 32 << 20 // bytes
	maxListed  = 100_000  // files
)

// listing is a commit of a repository.
type listing struct {
	commit string
	files  map[string]listed
}

// listed is a file of a commit, as far as the hub's listing tells.
type listed struct {
	etag string // "" if it doesn't say
	size int64  // -1 if it doesn't say
}

// list asks what is in a revision.
func (c *client) list(ctx context.Context, repo Repo) (*listing, error) {
	address := fmt.Sprintf("%s/api/models/%s/revision/%s?blobs=true", c.endpoint, repo.ID, url.PathEscape(repo.revision()))
	var text []byte
	err := c.retry(ctx, func() (bool, error) {
		a, err := c.ask(ctx, repo, http.MethodGet, address)
		if err != nil {
			return false, err
		}
		defer a.Body.Close()
		if text, err = io.ReadAll(io.LimitReader(a.Body, maxListing+1)); err != nil {
			return false, passing(plain(err, c.endpoint))
		}
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("hub: %s: %w", repo.ID, err)
	}
	if len(text) > maxListing {
		return nil, fmt.Errorf("hub: %s: its list of files has more than the %d bytes allowed", repo.ID, maxListing)
	}
	l, err := parseListing(text)
	if err != nil {
		return nil, fmt.Errorf("hub: %s: its list of files from %s: %w", repo.ID, c.endpoint.Host, err)
	}
	return l, nil
}

// A blob's name is the SHA-256 of its content, or the SHA-1 of its git object.
var blobName = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

func parseListing(text []byte) (*listing, error) {
	var answer struct {
		SHA      string `json:"sha"`
		Siblings []struct {
			Name string `json:"rfilename"`
			Size *int64 `json:"size"`
			Blob string `json:"blobId"`
			LFS  *struct {
				SHA256 string `json:"sha256"`
				Size   *int64 `json:"size"`
			} `json:"lfs"`
		} `json:"siblings"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	if !commit.MatchString(answer.SHA) {
		return nil, fmt.Errorf("sha: expected a commit of 40 hexadecimal digits, found %.50q", answer.SHA)
	}
	if len(answer.Siblings) > maxListed {
		return nil, fmt.Errorf("siblings: %d files, more than the %d allowed", len(answer.Siblings), maxListed)
	}
	l := &listing{commit: answer.SHA, files: make(map[string]listed, len(answer.Siblings))}
	for _, s := range answer.Siblings {
		if err := checkName(s.Name); err != nil {
			return nil, fmt.Errorf("siblings: rfilename: %w", err)
		}
		f := listed{etag: s.Blob, size: -1}
		if s.Size != nil {
			f.size = *s.Size
		}
		if s.LFS != nil {
			f.etag = s.LFS.SHA256
			if s.LFS.Size != nil {
				f.size = *s.LFS.Size
			}
		}
		if f.etag != "" && !blobName.MatchString(f.etag) {
			return nil, fmt.Errorf("siblings: %q: expected a hash, found %.100q", s.Name, f.etag)
		}
		if f.size < -1 {
			return nil, fmt.Errorf("siblings: %q: size: expected 0 or more, found %d", s.Name, f.size)
		}
		l.files[s.Name] = f
	}
	return l, nil
}
