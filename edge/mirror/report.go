package mirror

import (
	"slices"
	"time"

	"github.com/toller-search/toller/edge/files"
)

// Report is what a round found and did.
type Report struct {
	Paths    int // that were given
	BadPaths int // of them, those of which nothing could be read

	Files     int // found under the paths
	Added     int // of them
	Updated   int
	Unchanged int
	Removed   int // vanished since they were indexed, or left out now

	Moved  int // of Added and Updated, those that had another name and are not encoded anew
	Reread int // of Files, those that had not changed but were read by other rules
	Linked int // further names of these files, by which they are not read again

	// Kept has the folders whose files are not there and stay in the index all the
	// same; see Options.Prune.
	Kept []Kept

	Failed      int            // files of which nothing could be read
	Partial     int            // files of which not everything could be read
	Empty       int            // files without any text
	Unsupported map[string]int // files of which no text can be made, by the end of their names
	Unreadable  []files.Unreadable
	New         int // of Unreadable, what no earlier round reported

	// Skipped is what of the paths is not in the index, or not all of it, in the order
	// of the paths: what this round found, and what earlier ones found of files that
	// didn't change since.
	Skipped []Skipped
	// Files and folders that are left out by a rule: names that begin with a dot, what
	// .gitignore files name, and what patterns exclude or don't include.
	Hidden, Ignored, Excluded int
	// Unmatched are the patterns of Options.List that matched nothing.
	Unmatched []string
	// NotIncluded are the folders of which the include patterns leave no file at all.
	// What the index has of these stays.
	NotIncluded []string

	// Unfollowed is how many folders' changes a watch can't follow, and
	// WhyUnfollowed why.
	Unfollowed    int
	WhyUnfollowed error

	Duration time.Duration
}

// Changed reports whether the round did anything to the index.
func (r *Report) Changed() bool { return r.Added+r.Updated+r.Removed > 0 }

// keptWhole counts the empty paths that files are kept of.
func (r *Report) keptWhole(empty []string) int {
	n := 0
	for _, k := range r.Kept {
		if slices.Contains(empty, k.Folder) {
			n++
		}
	}
	return n
}
