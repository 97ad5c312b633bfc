package mirror

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

func TestStampRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		s := stamp{records: rng.Uint32(), fileState: fileState{size: rng.Int64(), modified: rng.Int64() - rng.Int64()}}
		for i := range s.content {
			s.content[i] = byte(rng.Uint32())
		}
		if got := parseStamp(s.hash()); got != s {
			t.Fatalf("%+v comes back as %+v", s, got)
		}
	}
}

func TestStateAt(t *testing.T) {
	now := time.Now()
	for age, settled := range map[time.Duration]bool{-time.Hour: false, 0: false, settling - 1: false, settling: true, time.Hour: true} {
		if got := stateAt(now, 7, now.Add(-age)); (got.modified != unsettled) != settled || got.size != 7 {
			t.Errorf("a file %v old: %+v", age, got)
		}
	}
}

func TestStoredFiles(t *testing.T) {
	state := fileState{size: 3, modified: 5}
	file := stamp{fileState: state}.hash()
	record := stamp{records: 2, fileState: state}.hash()
	stored := storedFiles(map[string][32]byte{
		"/a": file, "/b#1": file, // a file whose name looks like a record's key
		"/r#1": record, "/r#2": record, "/half#1": record, "/o#x": file,
		"foreign": {1, 2, 3, 255, 254, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9},
	})
	for name, current := range map[string]bool{"/a": true, "/b#1": true, "/r": true, "/half": false, "/o#x": true, "/none": false} {
		if got := stored[name].current(state); got != current {
			t.Errorf("%s is current: %t", name, got)
		}
	}
	if stored["/r"].current(fileState{size: 4, modified: 5}) || stored["/r"].current(fileState{3, unsettled}) {
		t.Error("a file of another state is current")
	}
	if !stored["/a"].holds("/a", [12]byte{}, false) || stored["/a"].holds("/a", [12]byte{1}, false) || stored["/r"].holds("/r#1", [12]byte{}, false) {
		t.Error("contents are mixed up")
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
