//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// firstInherited is the first file that systemd hands over: sd_listen_fds(3).
const firstInherited = 3

// inherited is the socket that systemd has opened for this process, or nil.
func inherited() (net.Listener, error) {
	pid, count := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, nil // nothing, or somebody else's
	}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name)
	}
	if count != "1" {
		return nil, fmt.Errorf("LISTEN_FDS: expected 1 socket, found %q", count)
	}
	syscall.CloseOnExec(firstInherited)
	file := os.NewFile(firstInherited, "LISTEN_FD_3")
	defer file.Close()
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("the socket of LISTEN_FDS: %w", err)
	}
	return listener, nil
}
