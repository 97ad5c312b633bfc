//go:build !race

package extract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// TestPDFMemory looks at the most memory that a process takes which reads a
// hostile PDF. The bound is on what it allocates; the program itself, and what it
// allocates between two looks of the watch, come on top.
func TestPDFMemory(t *testing.T) {
	const onTop = 48 << 20
	for name, data := range hostilePDFs() {
		task := pdfTask{Size: int64(len(data)), MaxText: 16 << 20, MaxPages: 10, Time: 300 * time.Millisecond, Memory: pdfMemory + int64(len(data))}
		cmd := exec.Command(must(os.Executable()))
		cmd.Env = append(os.Environ(), pdfVariable+"="+string(must(json.Marshal(task))))
		cmd.Stdin = bytes.NewReader(data)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- cmd.Wait() }()
		peak := 0
		for running := true; running; {
			select {
			case <-done:
				running = false
			case <-time.After(time.Millisecond):
				peak = max(peak, residentPeak(cmd.Process.Pid))
			}
		}
		t.Logf("%s: %d MB", name, peak>>20)
		if limit := int(task.Memory) + onTop; peak > limit {
			t.Errorf("%s: %d MB, the limit is %d", name, peak>>20, limit>>20)
		}
	}
}

var hwm = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// residentPeak is the most memory that a process has had so far.
func residentPeak(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	found := hwm.FindSubmatch(status)
	if found == nil {
		return 0
	}
	return must(strconv.Atoi(string(found[1]))) << 10
}
