package hub

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
)

// point has the name in a snapshot lead to a blob: by a relative link, or where
// links can't be made by being the file itself. As in huggingface_hub, a fresh blob,
// which no other snapshot can need, is moved there, another one copied.
func point(pointer, blob string, fresh bool) error {
	if err := os.MkdirAll(filepath.Dir(pointer), 0o777); err != nil {
		return err
	}
	temporary := temporaryName(pointer)
	target, err := filepath.Rel(filepath.Dir(pointer), blob)
	if err != nil {
		return err
	}
	if isTrue(os.Getenv("HF_HUB_DISABLE_SYMLINKS")) || os.Symlink(target, temporary) != nil {
		if fresh {
			err = os.Rename(blob, temporary)
		} else {
			err = copyFile(temporary, blob)
		}
	}
	if err == nil {
		err = os.Rename(temporary, pointer)
	}
	if err != nil {
		os.Remove(temporary)
		return err
	}
	return syncFolder(filepath.Dir(pointer))
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, source)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// temporaryName is a name beside path that nobody else has.
func temporaryName(path string) string {
	return fmt.Sprintf("%s.%08x.tmp", path, rand.Uint32())
}

// syncFolder has the names in a folder on the disk, where a folder can be asked for that.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" || runtime.GOOS == "wasip1" || runtime.GOOS == "plan9" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
