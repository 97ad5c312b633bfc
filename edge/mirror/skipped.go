package mirror

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/walk"
	"github.com/toller-search/toller/edge/index"
)

// Why is the kind of reason for which a file is not in an index, or not all of it.
type Why string

const (
	Unreadable  Why = "unreadable"          // can't be opened or read, or is damaged
	TooLarge    Why = "too large"           // exceeds a limit of size
	Unsupported Why = "unsupported"         // is of a kind of which no text can be made
	Encrypted   Why = "encrypted"           // opens only with a password or licence
	Scanned     Why = "scanned"             // has pages that are pictures of text
	Generated   Why = "generated"           // is code, or has lines of it, that a program wrote for another
	Empty       Why = "empty"               // has no text
	Partial     Why = "partial"             // is there, but for some records or parts
	Linked      Why = "linked folder"       // is a link to a folder
	Outside     Why = "linked from outside" // is a link to a file outside the path
	Special     Why = "special"             // is a pipe, socket or device
)

// Skipped is a file or folder that is not in an index, or not all of it. What is left
// out by a rule, because it is hidden, ignored or excluded, is none: that is counted.
type Skipped struct {
	Path   string `json:"path"` // absolute
	Why    Why    `json:"why"`
	Reason string `json:"reason"` // in words
}

// skippedNote is what the notes of an index about skipped files are called by, before
// their paths. A note is a Skipped in JSON.
const skippedNote = "skipped:"

const maxReason = 2000 // bytes

// SkippedFiles returns what was skipped when the files of an index were last read, in
// the order of the paths.
func SkippedFiles(ctx context.Context, x *index.Index) ([]Skipped, error) {
	stored, err := storedSkipped(ctx, x)
	if err != nil {
		return nil, err
	}
	return sorted(stored), nil
}

func storedSkipped(ctx context.Context, x *index.Index) (map[string]Skipped, error) {
	notes, err := x.Notes(ctx, skippedNote)
	if err != nil {
		return nil, err
	}
	all := make(map[string]Skipped, len(notes))
	for name, text := range notes {
		s := Skipped{}
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return nil, fmt.Errorf("mirror: %s: note %q: expected a skipped file in JSON: %w", x.Path(), name, err)
		}
		all[s.Path] = s
	}
	return all, nil
}

func sorted(all map[string]Skipped) []Skipped {
	return slices.SortedFunc(maps.Values(all), func(a, b Skipped) int { return cmp.Compare(a.Path, b.Path) })
}

// newSkipped says of a path why it is skipped.
func newSkipped(path string, why Why, reason string) Skipped {
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "…"
	}
	return Skipped{strings.ToValidUTF8(path, "\uFFFD"), why, reason}
}

// at is what is said of a file when it has another name; nothing stays nothing.
func (s Skipped) at(path string) Skipped {
	if s != (Skipped{}) {
		s.Path = path
	}
	return s
}

// whyNot tells the kind of an error.
func whyNot(err error) Why {
	for _, class := range []struct {
		err error
		why Why
	}{{extract.ErrUnsupported, Unsupported}, {extract.ErrEncrypted, Encrypted}, {extract.ErrTooLarge, TooLarge}, {extract.ErrScanned, Scanned}, {extract.ErrGenerated, Generated}, {extract.ErrEmpty, Empty}} {
		if errors.Is(err, class.err) {
			return class.why
		}
	}
	return Unreadable
}

// skipped says why a file that was read is skipped; the zero Skipped if it isn't.
func (f *readFile) skipped() Skipped {
	var why Why
	switch {
	case f.unsupported:
		why = Unsupported
	case f.failed:
		why = whyNot(errors.Join(f.missing...))
	case f.empty:
		return newSkipped(f.key, Empty, extract.ErrEmpty.Error())
	case len(f.missing) == 0:
		return Skipped{}
	case f.class != nil:
		why = whyNot(f.class)
	default:
		why = Partial
	}
	const most = 5 // parts that are named
	var reasons []string
	for i, err := range f.missing {
		if i == most {
			reasons = append(reasons, fmt.Sprintf("and %d more", len(f.missing)-most))
			break
		}
		reasons = append(reasons, files.NewUnreadable(f.path, err).Error)
	}
	if f.unsupported {
		reasons = []string{f.kind}
	}
	return newSkipped(f.key, why, strings.Join(reasons, "; "))
}

// rejects is what is known of skipped files while a round runs.
type rejects struct {
	index *index.Index
	all   map[string]Skipped // that the index says, by path
}

// change writes what has become of paths; the zero Skipped stands for a file that is
// skipped no more.
func (r *rejects) change(ctx context.Context, changed map[string]Skipped) error {
	notes := map[string]string{}
	for path, s := range changed {
		if path = strings.ToValidUTF8(path, "\uFFFD"); r.all[path] == s {
			continue
		}
		text := []byte{}
		if s != (Skipped{}) {
			text, _ = json.Marshal(s) // strings alone
			r.all[path] = s
		} else {
			delete(r.all, path)
		}
		notes[skippedNote+path] = string(text)
	}
	return r.index.SetNotes(ctx, notes)
}

// begin writes what the listing of a tree says, and forgets what was skipped and has
// vanished from there.
func (r *rejects) begin(ctx context.Context, t *tree) error {
	if len(r.all)+len(t.skipped) == 0 {
		return nil
	}
	there := make(map[string]bool, len(t.files))
	for _, f := range t.files {
		there[f.key] = true
	}
	changed := map[string]Skipped{}
	for path := range r.all {
		if within(path, t.folders) && !there[path] && !within(path, t.blocked) && !within(path, t.empty) {
			changed[path] = Skipped{}
		}
	}
	for _, s := range t.skipped {
		changed[s.Path] = s
	}
	return r.change(ctx, changed)
}

// below returns what is skipped of the files and folders of a tree.
func (r *rejects) below(t *tree) []Skipped {
	roots := slices.Clone(t.folders)
	for _, f := range t.files {
		if f.named {
			roots = append(roots, f.key)
		}
	}
	found := map[string]Skipped{}
	for path, s := range r.all {
		if within(path, roots) {
			found[path] = s
		}
	}
	return sorted(found)
}

// skip notes what the listing of a folder left out.
func (t *tree) skip(path string, why walk.Reason, r *Report) {
	switch why {
	case walk.Hidden:
		r.Hidden++
	case walk.Ignored:
		r.Ignored++
	case walk.Excluded, walk.NotIncluded:
		r.Excluded++
	case walk.Linked:
		t.skipped = append(t.skipped, newSkipped(absolute(path), Linked, "is a link to a folder, which is not followed"))
	case walk.LinkedOutside:
		t.skipped = append(t.skipped, newSkipped(absolute(path), Outside, "is a link to a file outside the folder, which is not followed"))
	case walk.Special:
		t.skipped = append(t.skipped, newSkipped(absolute(path), Special, "is a pipe, socket or device"))
	}
}
