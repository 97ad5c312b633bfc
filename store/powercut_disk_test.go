//go:build !cgo || !sqlite_fts5

package store

import (
	"database/sql/driver"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
	ncruces "github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// A machine is SQLite's files in one folder, on a disk that keeps what was
// synced and loses some of the rest when the power fails. Running, its files
// are real ones with the operating system's locks and shared memory; beside
// them it remembers what the disk has for certain and what was written since.
//
// As SQLite does by default (powersafe overwrite), it takes for granted that a
// write that is cut off changes no byte outside its range. A file's name is on
// the disk at the file's first sync; without one a new name may be lost, and a
// deleted file be there again.
type machine struct {
	folder string

	mu      sync.Mutex
	r       *rand.Rand
	left    int                // operations that change something until the power fails
	off     bool               // it has failed: nothing works any more
	files   map[string]*onDisk // by name, while it runs
	certain map[string]*onDisk // names that are on the disk
}

// onDisk is a file's synced contents, and what was done to it since.
type onDisk struct {
	synced []byte
	since  []change
}

// change writes data at an offset, or without data makes the file so long.
type change struct {
	at   int64
	data []byte
}

// newMachine is one whose disk has these files.
func newMachine(t *testing.T, r *rand.Rand, files map[string][]byte) *machine {
	t.Helper()
	m := &machine{folder: t.TempDir(), r: r, left: -1, files: map[string]*onDisk{}}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(m.folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		m.files[name] = &onDisk{synced: data}
	}
	m.certain = maps.Clone(m.files)
	return m
}

func (m *machine) path() string { return filepath.Join(m.folder, "index.toller") }

// on has the store's connections use the machine's files, until the function
// that it returns is called.
func (m *machine) on() (restore func()) {
	const name = "powercut"
	vfs.Register(name, m)
	before := sqliteDriver
	sqliteDriver = viaVFS{name}
	return func() {
		sqliteDriver = before
		vfs.Unregister(name)
	}
}

// viaVFS opens connections to files with a VFS of that name.
type viaVFS struct{ name string }

func (d viaVFS) Open(name string) (driver.Conn, error) {
	if strings.Contains(name, "?") { // not one in memory
		name += "&vfs=" + d.name
	}
	return (&ncruces.SQLite{}).Open(name)
}

// cut is what the disk may have of each file after a power cut now.
func (m *machine) cut() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off = true
	names := slices.Collect(maps.Keys(m.files))
	for name := range m.certain {
		if m.files[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	left := map[string][]byte{}
	for _, name := range names {
		file := m.files[name]
		if before := m.certain[name]; before != file && m.r.IntN(2) == 0 {
			file = before
		}
		if file != nil {
			left[name] = file.cut(m.r)
		}
	}
	return left
}

// cut is the synced contents and some of what was done since: nothing,
// everything, the beginning, or any part.
func (f *onDisk) cut(r *rand.Rand) []byte {
	data := slices.Clone(f.synced)
	switch r.IntN(4) {
	case 0:
	case 1:
		for _, c := range f.since {
			data = c.apply(data)
		}
	case 2:
		if len(f.since) == 0 {
			break
		}
		last := r.IntN(len(f.since))
		for _, c := range f.since[:last] {
			data = c.apply(data)
		}
		data = f.since[last].tear(data, r)
	case 3:
		for _, c := range f.since {
			switch r.IntN(4) {
			case 0:
			case 1:
				data = c.tear(data, r)
			default:
				data = c.apply(data)
			}
		}
	}
	return data
}

func (c change) apply(data []byte) []byte {
	end := c.at + int64(len(c.data))
	if c.data == nil || end > int64(len(data)) {
		if more := end - int64(len(data)); more > 0 {
			data = append(data, make([]byte, more)...)
		}
		data = data[:end]
	}
	copy(data[c.at:], c.data)
	return data
}

// tear applies some of the change: the first bytes, or any of its sectors, and
// in a sector that was being written there may be anything.
func (c change) tear(data []byte, r *rand.Rand) []byte {
	const sector = 512
	switch {
	case len(c.data) == 0:
		return data
	case r.IntN(2) == 0:
		return change{c.at, c.data[:r.IntN(len(c.data))+1]}.apply(data)
	}
	for at := 0; at < len(c.data); at += sector {
		part := change{c.at + int64(at), c.data[at:min(at+sector, len(c.data))]}
		switch r.IntN(5) {
		case 0, 1:
			data = part.apply(data)
		case 2:
			part.data = slices.Clone(part.data)
			for i := range part.data {
				part.data[i] = byte(r.Uint32())
			}
			data = part.apply(data)
		}
	}
	return data
}

// step counts an operation that changes something. It says whether the power
// fails during it or has failed before.
func (m *machine) step() bool {
	if m.off {
		return true
	}
	m.left--
	m.off = m.left == 0
	return m.off
}

func (m *machine) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	disk := vfs.Find("").(vfs.VFSFilename)
	if name == nil || flags&(vfs.OPEN_MAIN_DB|vfs.OPEN_MAIN_JOURNAL|vfs.OPEN_WAL) == 0 {
		return disk.OpenFilename(name, flags) // temporary
	}
	if m.off {
		return nil, flags, sqlite3.IOERR
	}
	base := filepath.Base(name.String())
	if m.files[base] == nil && flags&vfs.OPEN_CREATE != 0 && m.step() {
		return nil, flags, sqlite3.IOERR
	}
	file, flags, err := disk.OpenFilename(name, flags)
	if err != nil {
		return nil, flags, err
	}
	if m.files[base] == nil {
		m.files[base] = &onDisk{}
	}
	return &machineFile{File: file, m: m, name: base, disk: m.files[base]}, flags, nil
}

func (m *machine) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return m.OpenFilename(nil, flags) // only files without a name come here
}

func (m *machine) Delete(name string, syncDir bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	base := filepath.Base(name)
	if m.files[base] == nil {
		return sqlite3.IOERR_DELETE_NOENT
	}
	if m.off {
		return sqlite3.IOERR
	}
	delete(m.files, base)
	if m.step() {
		return sqlite3.IOERR
	}
	if syncDir {
		delete(m.certain, base)
	}
	return vfs.Find("").Delete(name, false)
}

func (m *machine) Access(name string, flags vfs.AccessFlag) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.off {
		return false, sqlite3.IOERR
	}
	return vfs.Find("").Access(name, flags)
}

func (m *machine) FullPathname(name string) (string, error) { return vfs.Find("").FullPathname(name) }

// machineFile is one connection's handle on a file.
type machineFile struct {
	vfs.File
	m    *machine
	name string
	disk *onDisk
}

// change does something to the file, and remembers that it isn't synced.
func (f *machineFile) change(c change, do func() error) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	before := f.m.off
	off := f.m.step()
	if !before {
		f.disk.since = append(f.disk.since, c)
	}
	if off {
		return sqlite3.IOERR
	}
	return do()
}

func (f *machineFile) WriteAt(p []byte, at int64) (n int, err error) {
	err = f.change(change{at, slices.Clone(p)}, func() (err error) {
		n, err = f.File.WriteAt(p, at)
		return err
	})
	return n, err
}

func (f *machineFile) Truncate(size int64) error {
	return f.change(change{at: size}, func() error { return f.File.Truncate(size) })
}

// SizeHint makes the file longer, as the operating system's files do.
func (f *machineFile) SizeHint(size int64) error {
	if now, err := f.File.Size(); err != nil || size <= now {
		return err
	}
	return f.change(change{at: size}, func() error { return vfsutil.WrapSizeHint(f.File, size) })
}

func (f *machineFile) Sync(vfs.SyncFlag) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.m.step() {
		return sqlite3.IOERR
	}
	for _, c := range f.disk.since {
		f.disk.synced = c.apply(f.disk.synced)
	}
	f.disk.since = nil
	if f.m.files[f.name] == f.disk {
		f.m.certain[f.name] = f.disk
	}
	return nil
}

func (f *machineFile) ReadAt(p []byte, at int64) (int, error) {
	f.m.mu.Lock()
	off := f.m.off
	f.m.mu.Unlock()
	if off {
		return 0, sqlite3.IOERR
	}
	return f.File.ReadAt(p, at)
}

// What the operating system's file has beyond vfs.File.
func (f *machineFile) LockState() vfs.LockLevel       { return vfsutil.WrapLockState(f.File) }
func (f *machineFile) PersistWAL() bool               { return vfsutil.WrapPersistWAL(f.File) }
func (f *machineFile) SetPersistWAL(keep bool)        { vfsutil.WrapSetPersistWAL(f.File, keep) }
func (f *machineFile) PowersafeOverwrite() bool       { return vfsutil.WrapPowersafeOverwrite(f.File) }
func (f *machineFile) SetPowersafeOverwrite(psw bool) { vfsutil.WrapSetPowersafeOverwrite(f.File, psw) }
func (f *machineFile) HasMoved() (bool, error)        { return vfsutil.WrapHasMoved(f.File) }
func (f *machineFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

func (f *machineFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return f.File.DeviceCharacteristics() &^ vfs.IOCAP_BATCH_ATOMIC
}

// failAfter has the power fail during the n-th operation from now on that
// changes something.
func (m *machine) failAfter(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = n
}

// failed says whether the power has failed.
func (m *machine) failed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.off
}
