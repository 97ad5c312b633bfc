package mirror

import (
	"encoding/binary"
	"io/fs"
	"os"
	"testing"
	"time"
)

// Mark is what stands in notes for the state of a file that has not been touched for
// a while.
func Mark(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return markText(stateAt(time.Now(), info).mark())
}

// FormerHash is a stamp as the first version made it: contents, records, size, time.
func FormerHash(hash [32]byte, info fs.FileInfo) [32]byte {
	binary.LittleEndian.PutUint64(hash[16:], uint64(info.Size()))
	binary.LittleEndian.PutUint64(hash[24:], uint64(info.ModTime().UnixNano()))
	return hash
}
