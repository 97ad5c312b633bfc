//go:build unix

package files

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func TestReadSpecialFiles(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	write(t, in("a.txt"), "calcium slows bone loss")
	write(t, in("folder/b.txt"), "bone")
	if err := syscall.Mkfifo(in("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"dangling": "nowhere",
		"loop1":    "loop2",
		"loop2":    "loop1",
		"up":       ".",
		"other":    "a.txt",
	} {
		if err := os.Symlink(target, in(name)); err != nil {
			t.Fatal(err)
		}
	}
	c := read(t, Options{}, folder)
	want := []string{in("a.txt") + " calcium slows bone loss", in("folder/b.txt") + " bone", in("other") + " calcium slows bone loss"}
	if got := c.named(); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	if want := (LeftOut{Special: 1, Linked: 1}); c.LeftOut != want {
		t.Errorf("left out %+v, want %+v", c.LeftOut, want)
	}
	if c.Inputs != 6 || c.BadInputs != 3 {
		t.Errorf("%d of %d inputs", c.BadInputs, c.Inputs)
	}
	c.says(t, in("dangling")+": no such file")
	c.says(t, in("loop1")+": too many levels")
	c.says(t, in("loop2")+": too many levels")
}

// A pipe given by name is a stream of lines.
func TestReadNamedPipe(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		if f, err := os.OpenFile(fifo, os.O_WRONLY, 0); err == nil {
			io.WriteString(f, "red\nblue\n")
			f.Close()
		}
	}()
	if got, want := read(t, Options{}, fifo).named(), []string{fifo + ":1 red", fifo + ":2 blue"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// A folder that can't be read is reported once, and the rest is read.
func TestReadLockedFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Log("root reads every folder; toller's own tests run as somebody else")
		return
	}
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a.txt"), "red")
	locked := filepath.Dir(write(t, filepath.Join(folder, "locked", "b.txt"), "blue"))
	os.Chmod(locked, 0)
	defer os.Chmod(locked, 0o755)
	c := read(t, Options{}, folder)
	if c.says(t, locked+": permission denied"); len(c.Documents) != 1 || c.Inputs != 2 || c.BadInputs != 1 {
		t.Errorf("found %+v", c)
	}
}
