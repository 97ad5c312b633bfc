package mirror

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math"
	"strings"
	"time"
)

// stamp is what an index keeps, as the hash of an entry, to tell whether the
// file that it came from has changed: size and time at a glance, the contents
// where these differ.
type stamp struct {
	content [12]byte // start of the SHA-256 of the file, or of what became a record of it
	records uint32   // entries made of the file's records; 0: the file is one entry
	fileState
}

// fileState is what can be known of a file without reading it.
type fileState struct {
	size     int64
	modified int64 // in nanoseconds of Unix time, or unsettled
}

// unsettled stands for a time of modification so close to the time of reading
// that a later change might not move it.
const unsettled = math.MinInt64

// settling is how coarse the times of files may be: FAT has steps of two
// seconds.
const settling = 2 * time.Second

// stateAt is the state of a file that was listed at the time now.
func stateAt(now time.Time, size int64, modified time.Time) fileState {
	if now.Sub(modified) < settling {
		return fileState{size, unsettled}
	}
	return fileState{size, modified.UnixNano()}
}

// hash is the stamp as the index keeps it.
func (s stamp) hash() (h [32]byte) {
	copy(h[:12], s.content[:])
	binary.LittleEndian.PutUint32(h[12:], s.records)
	binary.LittleEndian.PutUint64(h[16:], uint64(s.size))
	binary.LittleEndian.PutUint64(h[24:], uint64(s.modified))
	return h
}

func parseStamp(h [32]byte) stamp {
	s := stamp{records: binary.LittleEndian.Uint32(h[12:]), fileState: fileState{
		size:     int64(binary.LittleEndian.Uint64(h[16:])),
		modified: int64(binary.LittleEndian.Uint64(h[24:])),
	}}
	copy(s.content[:], h[:12])
	return s
}

// digest is the part of a stamp that tells contents apart.
func digest(r io.Reader) (d [12]byte, err error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return d, err
	}
	copy(d[:], h.Sum(nil))
	return d, nil
}

// digestParts is the digest of parts whose borders count.
func digestParts(parts ...[]byte) (d [12]byte) {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	copy(d[:], h.Sum(nil))
	return d
}

// fileOf is the file that the entry with this key and stamp came from.
func fileOf(key string, s stamp) string {
	if s.records == 0 {
		return key
	}
	return key[:max(0, strings.LastIndexByte(key, '#'))]
}

// storedFile is what an index has of a file: stamps by key.
type storedFile map[string]stamp

// storedFiles sorts the entries of an index by the files that they came from.
func storedFiles(hashes map[string][32]byte) map[string]storedFile {
	files := make(map[string]storedFile, len(hashes))
	for key, hash := range hashes {
		s := parseStamp(hash)
		file := fileOf(key, s)
		if files[file] == nil {
			files[file] = storedFile{}
		}
		files[file][key] = s
	}
	return files
}

// current reports whether all of a file in this state is in the index. A file
// whose records an interrupted run stored in part isn't.
func (f storedFile) current(now fileState) bool {
	for _, s := range f {
		if s.fileState != now || s.records > 0 && int(s.records) != len(f) {
			return false
		}
	}
	return len(f) > 0 && now.modified != unsettled
}

// holds reports whether the entry with this key has these contents.
func (f storedFile) holds(key string, content [12]byte, record bool) bool {
	s, ok := f[key]
	return ok && s.content == content && (s.records > 0) == record
}
