package mirror

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"

	"github.com/toller-search/toller/edge/index"
)

// glance is what an index keeps, as a note, of a file that it has no documents of, or
// not those that the file has now: why, so that the file needn't be read again to say
// so.
type glance struct {
	State   string   `json:"state"` // fileState.mark
	Reading string   `json:"reading"`
	Outcome outcome  `json:"outcome"`
	Why     []string `json:"why,omitempty"`
}

type outcome string

const (
	failed      outcome = "failed"      // nothing could be read
	partial     outcome = "partial"     // not everything could be read
	unsupported outcome = "unsupported" // it is of a kind that has no text
	empty       outcome = "empty"       // there is no text in it
)

// glancePrefix is what the names of these notes begin with, before the file's.
const glancePrefix = "glance:"

const maxWhy = 1000 // bytes of one reason

// readGlances returns the glances of an index by file.
func readGlances(ctx context.Context, x *index.Index) (map[string]glance, error) {
	notes, err := x.Notes(ctx, glancePrefix)
	if err != nil {
		return nil, err
	}
	glances := make(map[string]glance, len(notes))
	for name, text := range notes {
		var g glance
		// One that can't be read is of another version, and has the file looked at anew.
		_ = json.Unmarshal([]byte(text), &g)
		glances[strings.TrimPrefix(name, glancePrefix)] = g
	}
	return glances, nil
}

// newGlance is what to keep of a file; ok is false if there is nothing. Who names a
// file is told of it what isn't worth a word in a folder: these are read each time.
func newGlance(f *readFile, o ruleSet) (g glance, ok bool) {
	reading := o.fields
	switch {
	case f.named || f.state.racy:
		return g, false
	case f.failed:
		// What the system says of a file may change without the file.
		for _, err := range f.missing {
			if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
				return g, false
			}
		}
		g.Outcome = failed
	case f.unsupported:
		g.Outcome, reading = unsupported, o.plain
	case f.empty:
		g.Outcome = empty
	case f.partial:
		g.Outcome = partial
	default:
		return g, false
	}
	g.State, g.Reading = markText(f.state.mark()), hex.EncodeToString(reading[:])
	for _, err := range f.missing {
		g.Why = append(g.Why, strings.ToValidUTF8(err.Error()[:min(maxWhy, len(err.Error()))], ""))
	}
	return g, true
}

// current reports whether a file in this state would be read with the same outcome.
func (g glance) current(s fileState, o ruleSet) bool { return g.of(s) && g.by(o) }

// otherRules reports whether a file in this state was read by other rules than now.
func (g glance) otherRules(s fileState, o ruleSet) bool { return g.of(s) && !g.by(o) }

func (g glance) of(s fileState) bool { return !s.racy && g.State == markText(s.mark()) }

func (g glance) by(o ruleSet) bool {
	return g.Reading == hex.EncodeToString(o.fields[:]) || g.Reading == hex.EncodeToString(o.plain[:])
}

func markText(m [7]byte) string { return hex.EncodeToString(m[:]) }

// note is the text that an index keeps.
func (g glance) note() string {
	text, _ := json.Marshal(g) // has only strings, which never fail
	return string(text)
}

// forgetGlances has files below names looked at anew when they are found again.
func forgetGlances(ctx context.Context, x *index.Index, names []string) error {
	glances, err := readGlances(ctx, x)
	if err != nil {
		return err
	}
	var paths []string
	for _, name := range names {
		paths = append(paths, absolute(name))
	}
	notes := map[string]string{}
	for file := range glances {
		if within(file, paths) {
			notes[glancePrefix+file] = ""
		}
	}
	return x.SetNotes(ctx, notes)
}
