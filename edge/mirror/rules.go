package mirror

import (
	"crypto/sha256"
	"fmt"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/index"
)

// rules are digests of what decides, beside a file, what an index has of it: how
// text was made of it, and how that was cut into passages.
type rules struct{ reading, cutting [3]byte }

// unknown reports rules of a stamp that has none.
func (r rules) unknown() bool { return r == rules{} }

// readingVersion grows when this program reads files in another way than before, so
// that they are read again.
const readingVersion = 1

// recordsVersion is the same for files that have records, and for those of which nothing
// or not all could be read.
const recordsVersion = 2

// ruleSet is what holds now.
type ruleSet struct {
	cutting [3]byte
	plain   [3]byte // reading files that no text field matters for
	fields  [3]byte // reading those that have records
}

func newRuleSet(x *index.Index, o extract.Options) ruleSet {
	var readers []string
	for _, r := range o.Readers {
		readers = append(readers, r.Format)
	}
	if o.TextField == "" {
		o.TextField = "text"
	}
	plain := fmt.Sprintf("%d %d %d %d %q %q", readingVersion, o.MaxFile, o.MaxText, o.MaxPages, o.Format, readers)
	return ruleSet{
		cutting: shortDigest(x.PassageRule()),
		plain:   shortDigest(plain),
		fields:  shortDigest(fmt.Sprintf("%s %q %d", plain, o.TextField, recordsVersion)),
	}
}

// shortDigest is never zero.
func shortDigest(s string) (d [3]byte) {
	sum := sha256.Sum256([]byte(s))
	copy(d[:], sum[:])
	if d == [3]byte{} {
		d[0] = 1
	}
	return d
}

// of are the rules by which documents of a format are read; records tells that they
// are parts of a file.
func (o ruleSet) of(format string, records bool) rules {
	if records || format == "csv" || format == "jsonl" {
		return rules{o.fields, o.cutting}
	}
	return rules{o.plain, o.cutting}
}

// reads reports whether a file that was read by these rules would be read in the same
// way now.
func (o ruleSet) reads(r rules) bool { return r.reading == o.plain || r.reading == o.fields }

// cuts reports whether a text would be cut into the same passages now. Those that
// stamps of former versions know nothing of are kept.
func (o ruleSet) cuts(r rules) bool { return r.cutting == o.cutting || r.unknown() }

// hold reports whether nothing about a file has to be done anew.
func (o ruleSet) hold(r rules) bool { return o.reads(r) && r.cutting == o.cutting }
