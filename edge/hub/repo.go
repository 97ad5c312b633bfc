package hub

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
)

// A Repo is a model's repository on a hub, in one state of it.
type Repo struct {
	ID       string // "owner/name", or "name" for some old ones
	Revision string // a branch, a tag or a commit; "" is the branch main
}

const defaultRevision = "main"

// String is the id, with @revision unless that is the branch main.
func (r Repo) String() string {
	if r.revision() == defaultRevision {
		return r.ID
	}
	return r.ID + "@" + r.Revision
}

func (r Repo) revision() string {
	if r.Revision == "" {
		return defaultRevision
	}
	return r.Revision
}

// Source: huggingface_hub, utils/_validators.py.
var (
	repoID = regexp.MustCompile(`^([0-9A-Za-z_]([\w.-]*[0-9A-Za-z_])?/)?[0-9A-Za-z_]([\w.-]{0,94}[0-9A-Za-z_])?$`)
	commit = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// maxName bounds the names of revisions and owners in bytes.
const maxName = 200

// ParseRepo reads "owner/name" or "owner/name@revision".
func ParseRepo(text string) (Repo, error) {
	id, revision, given := strings.Cut(text, "@")
	r := Repo{ID: id, Revision: revision}
	if given && revision == "" {
		return r, fmt.Errorf("hub: %q: expected a branch, a tag or a commit after @, found nothing", text)
	}
	return r, r.check()
}

// check refuses what is no name of a repository, before it becomes part of a path.
func (r Repo) check() error {
	if len(r.ID) > 2*maxName || !repoID.MatchString(r.ID) || strings.Contains(r.ID, "--") || strings.Contains(r.ID, "..") || strings.HasSuffix(r.ID, ".git") {
		return fmt.Errorf("hub: expected a model's id such as \"mixedbread-ai/mxbai-edge-colbert-v0-17m\", found %q", r.ID)
	}
	if err := checkName(r.revision()); err != nil || len(r.revision()) > maxName {
		return fmt.Errorf("hub: %s: expected a branch, a tag or a commit, found %q", r.ID, r.Revision)
	}
	return nil
}

// checkName refuses names of files and revisions that might lead out of a folder,
// or that mean different things on different systems.
func checkName(name string) error {
	if name == "." || !fs.ValidPath(name) || strings.Contains(name, "\\") || !filepath.IsLocal(filepath.FromSlash(name)) ||
		strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%q is not a plain path inside a repository", name)
	}
	return nil
}
