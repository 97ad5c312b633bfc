package hub

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/toller-search/toller/edge/internal/standin"
)

// smallDisk has the process mount a file system of so many bytes over the cache.
const smallDisk = "TOLLER_TEST_SMALL_DISK"

func prepare(h *Hub) error {
	size := os.Getenv(smallDisk)
	if size == "" {
		return nil
	}
	if err := syscall.Mount("none", h.Cache, "tmpfs", 0, "size="+size); err != nil {
		return fmt.Errorf("mounting: %w", err)
	}
	return nil
}

// TestFullDisk pulls onto a disk without enough room, in a process with mounts of
// its own.
func TestFullDisk(t *testing.T) {
	h, s, _, c := start(t)
	c[weightsName] = append(c[weightsName], make([]byte, 300<<10)...)
	s.Add(testID, c)
	cmd := puller(t, h)
	cmd.Env = append(cmd.Env, smallDisk+"=256k")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	} else {
		cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS // nothing of it is seen outside
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 2 {
		t.Skipf("not run: this process may not mount: %v: %s", err, out)
	}
	if err == nil {
		t.Fatal("expected an error, found none")
	}
	for _, part := range []string{testID, weightsName, "the disk is full", fmt.Sprintf("of %d bytes", len(c[weightsName])), h.Cache} {
		if !strings.Contains(string(out), part) {
			t.Errorf("expected an error that says %q, found %s", part, out)
		}
	}
	if !strings.Contains(string(out), "it lacks ") || strings.Contains(string(out), "it lacks 0") || strings.Contains(string(out), standin.Hash(c[weightsName])) {
		t.Errorf("found %s", out)
	}
}
