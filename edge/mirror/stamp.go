package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"slices"
	"strings"
)

// stamp is what an index keeps, as the hash of an entry, to tell without reading it
// whether the file that it came from has changed, and by its contents when it was
// read.
type stamp struct {
	content [12]byte // start of the SHA-256 of the file, or of what became a record of it
	records uint32   // entries made of the file's records; 0: the file is one entry
	state   [7]byte  // see fileState.mark; zero: to be read again
	rules   rules    // by which the file was read
	device  uint16   // see fileState.device
}

// stampVersion tells a stamp from those that were made before there was one: they
// have the file's size here, of which this byte was 0.
const stampVersion = 1

// hash is the stamp as the index keeps it.
func (s stamp) hash() (h [32]byte) {
	copy(h[:12], s.content[:])
	binary.LittleEndian.PutUint32(h[12:], s.records)
	copy(h[16:23], s.state[:])
	h[23] = stampVersion
	copy(h[24:27], s.rules.reading[:])
	copy(h[27:30], s.rules.cutting[:])
	binary.LittleEndian.PutUint16(h[30:], s.device)
	return h
}

// parseStamp undoes hash. Of a stamp without a version there is left what it says
// of contents and records: its file is read again.
func parseStamp(h [32]byte) stamp {
	s := stamp{records: binary.LittleEndian.Uint32(h[12:])}
	copy(s.content[:], h[:12])
	if h[23] != stampVersion {
		return s
	}
	copy(s.state[:], h[16:23])
	copy(s.rules.reading[:], h[24:27])
	copy(s.rules.cutting[:], h[27:30])
	s.device = binary.LittleEndian.Uint16(h[30:])
	return s
}

// digest is the part of a stamp that tells contents apart.
func digest(ctx context.Context, r io.Reader) (d [12]byte, err error) {
	h := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return d, err
		}
		switch _, err := io.CopyN(h, r, 4<<20); err {
		case nil:
		case io.EOF:
			copy(d[:], h.Sum(nil))
			return d, nil
		default:
			return d, err
		}
	}
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

// storedFile is what an index has of a file.
type storedFile []storedEntry

type storedEntry struct {
	key string
	stamp
}

// storedFiles sorts the entries of an index by the files that they came from.
func storedFiles(hashes map[string][32]byte) map[string]storedFile {
	files := make(map[string]storedFile, len(hashes))
	alone := make([]storedEntry, 0, len(hashes)) // most files are one entry
	for key, hash := range hashes {
		e := storedEntry{key, parseStamp(hash)}
		file := fileOf(key, e.stamp)
		if there, ok := files[file]; ok {
			files[file] = append(there, e)
			continue
		}
		alone = append(alone, e)
		files[file] = alone[len(alone)-1 : len(alone) : len(alone)]
	}
	return files
}

// current reports whether all of a file in this state is in the index, read by
// these rules. A file whose records an interrupted run stored in part isn't.
func (f storedFile) current(state [7]byte, o ruleSet) bool {
	for _, e := range f {
		if e.state != state || !o.hold(e.rules) || e.records > 0 && int(e.records) != len(f) {
			return false
		}
	}
	return len(f) > 0 && state != [7]byte{}
}

// otherRules reports whether a file in this state was read by other rules than now.
func (f storedFile) otherRules(state [7]byte, o ruleSet) bool {
	return state != [7]byte{} && slices.ContainsFunc(f, func(e storedEntry) bool { return e.state == state && !o.hold(e.rules) })
}

// whole is the entry that a file is.
func (f storedFile) whole() (storedEntry, bool) {
	i := slices.IndexFunc(f, func(e storedEntry) bool { return e.records == 0 })
	if i < 0 {
		return storedEntry{}, false
	}
	return f[i], true
}

// without is f without the entry with this key.
func (f storedFile) without(key string) storedFile {
	return slices.DeleteFunc(slices.Clone(f), func(e storedEntry) bool { return e.key == key })
}

// device is the one on which the file lay; 0 if that isn't known.
func (f storedFile) device() uint16 {
	if len(f) == 0 {
		return 0
	}
	return f[0].device
}
