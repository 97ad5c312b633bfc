package mirror

import (
	"encoding/binary"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

func TestStampRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		s := stamp{records: rng.Uint32(), device: uint16(rng.Uint32())}
		for _, part := range [][]byte{s.content[:], s.state[:], s.rules.reading[:], s.rules.cutting[:]} {
			for i := range part {
				part[i] = byte(rng.Uint32())
			}
		}
		if got := parseStamp(s.hash()); got != s {
			t.Fatalf("%+v comes back as %+v", s, got)
		}
	}
}

// A stamp of former versions, with size and time in place of the rest, is one of a
// file that must be read again, and tells its contents.
func TestStampFormer(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		var h [32]byte
		binary.LittleEndian.PutUint32(h[12:], 3)
		binary.LittleEndian.PutUint64(h[16:], rng.Uint64N(1<<40))
		binary.LittleEndian.PutUint64(h[24:], rng.Uint64())
		h[0] = byte(rng.Uint32())
		want := stamp{records: 3}
		want.content[0] = h[0]
		if got := parseStamp(h); got != want || !got.rules.unknown() {
			t.Fatalf("found %+v, want %+v", got, want)
		}
	}
}

// info is a file of 7 bytes that was modified then.
type info struct {
	fs.FileInfo
	modified time.Time
	size     int64
}

func (i info) ModTime() time.Time { return i.modified }
func (i info) Size() int64        { return i.size }
func (info) Sys() any             { return nil }

func TestStateAt(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for age, racy := range map[time.Duration]bool{
		-time.Hour: true, 0: true, fineStep - 1: true, fineStep: false, time.Hour + 1: false,
		// On a full second: as coarse as it may be.
		time.Second + 6: true, coarseStep + 6: false, -time.Second + 6: true, time.Hour + 6: false,
	} {
		s := stateAt(now, info{modified: now.Add(-age), size: 7})
		if s.racy != racy || s.size != 7 || (s.mark() == [7]byte{}) != racy {
			t.Errorf("a file %v old: %+v", age, s)
		}
	}
}

// Each part of what is known of a file counts.
func TestMark(t *testing.T) {
	marks := map[[7]byte]bool{}
	for _, s := range []fileState{{}, {size: 1}, {modified: 1}, {changed: 1}, {inode: 1}} {
		marks[s.mark()] = true
	}
	if len(marks) != 5 || marks[[7]byte{}] {
		t.Errorf("marks %v", marks)
	}
	if (fileState{device: 1}).mark() != (fileState{}).mark() {
		t.Error("numbers of devices change when a disk comes back")
	}
}

func TestStoredFiles(t *testing.T) {
	o := ruleSet{cutting: [3]byte{1}, plain: [3]byte{2}, fields: [3]byte{3}}
	state := fileState{size: 3, modified: 5}.mark()
	file := stamp{state: state, rules: o.of("text", false)}.hash()
	record := stamp{state: state, records: 2, rules: o.of("csv", true)}.hash()
	stored := storedFiles(map[string][32]byte{
		"/a": file, "/b#1": file, // a file whose name looks like a record's key
		"/r#1": record, "/r#2": record, "/half#1": record, "/o#x": file,
		"foreign": {1, 2, 3, 255, 254, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9},
	})
	for name, current := range map[string]bool{"/a": true, "/b#1": true, "/r": true, "/half": false, "/o#x": true, "/none": false} {
		if got := stored[name].current(state, o); got != current {
			t.Errorf("%s is current: %t", name, got)
		}
	}
	for what, got := range map[string]bool{
		"another state":              stored["/r"].current(fileState{size: 4, modified: 5}.mark(), o),
		"a racy state":               stored["/r"].current([7]byte{}, o),
		"another field, of records":  stored["/r"].current(state, ruleSet{o.cutting, o.plain, [3]byte{4}}),
		"another way of reading":     stored["/a"].current(state, ruleSet{o.cutting, [3]byte{4}, [3]byte{5}}),
		"another way of cutting":     stored["/a"].current(state, ruleSet{[3]byte{4}, o.plain, o.fields}),
		"no field, but other rules":  stored["/r"].otherRules(state, o),
		"another state and no rules": stored["/r"].otherRules(fileState{size: 4}.mark(), ruleSet{}),
	} {
		if got {
			t.Error(what)
		}
	}
	if !stored["/a"].current(state, ruleSet{o.cutting, o.plain, [3]byte{4}}) {
		t.Error("a text doesn't depend on the field")
	}
	if _, ok := stored["/a"].whole(); !ok {
		t.Error("a file is none")
	}
	if _, ok := stored["/r"].whole(); ok {
		t.Error("a record is a file")
	}
}

func TestWithin(t *testing.T) {
	for _, test := range []struct {
		path, folder string
		want         bool
	}{
		{"/a/b", "/a", true}, {"/a", "/a", true}, {"/ab", "/a", false}, {"/a/b", "/", true}, {"/a", "/a/b", false}, {"x", "/", false},
	} {
		if got := within(filepath.FromSlash(test.path), []string{filepath.FromSlash(test.folder)}); got != test.want {
			t.Errorf("%s within %s: %t", test.path, test.folder, got)
		}
	}
}
