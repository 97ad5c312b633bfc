package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rivo/uniseg"
	"golang.org/x/sys/unix"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

// startOnTerminal starts toller with a new pseudo-terminal of so many columns
// as its standard input, output and error. What it shows is read from the file
// returned, which ends with an error when the command has.
func startOnTerminal(t *testing.T, columns uint16, cmd *exec.Cmd) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	control, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	err = control.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
		if err == nil {
			err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: columns})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	start(t, cmd)
	terminal.Close()
	return master
}

// onTerminal runs toller on a terminal to its end.
func onTerminal(t *testing.T, columns uint16, cmd *exec.Cmd) (shown string, code int) {
	t.Helper()
	return untilEnd(cmd, startOnTerminal(t, columns, cmd))
}

func untilEnd(cmd *exec.Cmd, terminal *os.File) (shown string, code int) {
	all, _ := io.ReadAll(terminal)
	cmd.Wait()
	return strings.ReplaceAll(string(all), "\r\n", "\n"), cmd.ProcessState.ExitCode()
}

// TestMCPOnTerminal says to who starts it by hand what it waits for.
func TestMCPOnTerminal(t *testing.T) {
	cmd := command(t, "mcp", "--index", "notes="+indexed(t, mixed(t)))
	line, err := bufio.NewReader(startOnTerminal(t, 80, cmd)).ReadString('\n')
	if err != nil || !strings.Contains(line, "waiting for an agent's messages") {
		t.Errorf("%v: found %q", err, line)
	}
}

var sequence = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestTerminal(t *testing.T) {
	const wide = "日本語のとても長い文章で、列の幅を数えるのが難しいもの。骨量の減少について。 Bone loss 🙂🙂 in older women."
	folder := mixed(t)
	write(t, folder+"/骨量減少についての長い名前のファイル.md", "# 骨量減少について\n\n"+strings.Repeat(wide, 20))
	index := indexed(t, folder)
	commands := map[string][]string{
		"search":     {"search", question, "--index", index},
		"heat map":   {"search", question, "--index", index, "--explain"},
		"status":     {"status", "--index", index},
		"rank":       {"rank", question, fewAbstracts(t), "-k", "5", "--no-progress"},
		"rank wide":  {"rank", question, write(t, t.TempDir()+"/骨量減少についての長い名前のファイル.txt", strings.Repeat(wide, 20))},
		"explain":    {"explain", question, "--text", strings.Repeat(wide, 5)},
		"info":       {"info"},
		"rank error": {"rank", question},
	}
	for name, args := range commands {
		for _, columns := range []uint16{60, 80, 140} {
			t.Run(fmt.Sprintf("%s/%d", name, columns), func(t *testing.T) {
				shown, code := onTerminal(t, columns, command(t, args...))
				if name == "rank error" {
					if code != exitUsage || !strings.Contains(shown, "nothing to read") {
						t.Errorf("exit code %d: %s", code, shown)
					}
					return
				}
				if code != exitOK {
					t.Fatalf("exit code %d: %s", code, shown)
				}
				if !strings.Contains(shown, "\x1b[") {
					t.Error("no color")
				}
				plain := sequence.ReplaceAllString(shown, "")
				if strings.Contains(plain, "\x1b") {
					t.Errorf("an escape sequence that is no color: %q", plain)
				}
				for _, line := range strings.Split(plain, "\n") {
					if w := uniseg.StringWidth(line); !strings.HasPrefix(line, "toller:") && w > int(columns) {
						t.Errorf("%d columns: %s", w, line)
					}
				}
			})
		}
	}
}

func TestTerminalWithoutColor(t *testing.T) {
	for _, setting := range []string{"NO_COLOR=1", "TERM=dumb"} {
		cmd := command(t, "rank", question, fewAbstracts(t))
		cmd.Env = append(cmd.Env, setting)
		if shown, _ := onTerminal(t, 80, cmd); strings.Contains(shown, "\x1b") {
			t.Errorf("%s: escape sequences", setting)
		}
	}
}

// The bar shows after a second, on a terminal only, and leaves nothing behind.
func TestProgressBar(t *testing.T) {
	cmd := command(t, "rank", question, manyAbstracts(t), "--threads", "1")
	started := time.Now()
	master := startOnTerminal(t, 80, cmd)
	var shown string
	part := make([]byte, 4096)
	for !strings.Contains(shown, "ranking") {
		n, err := master.Read(part)
		if err != nil {
			t.Fatalf("no bar: %q", shown)
		}
		if shown += string(part[:n]); time.Since(started) < terminal.Patience {
			t.Fatalf("after %v: %q", time.Since(started), shown)
		}
	}
	cmd.Process.Signal(os.Interrupt)
	rest, code := untilEnd(cmd, master)
	if shown += rest; code != exitInterrupted || !strings.Contains(shown, "/10000)") {
		t.Errorf("exit code %d: %q", code, shown)
	}
	if last := shown[strings.LastIndex(strings.TrimRight(shown, "\r"), "\r")+1:]; strings.TrimSpace(last) != "" {
		t.Errorf("left on the line: %q", last)
	}
}

// Errors of the file system beyond opening a file.
func TestRankReadErrors(t *testing.T) {
	// The first page of a process's own memory is never mapped.
	got, r := rankJSON(t, "red", "red", "/proc/self/mem", "-")
	if len(got.Hits) != 1 {
		t.Errorf("found %+v", got.Hits)
	}
	r.says(t, "/proc/self/mem: input/output error", "1 of 2 inputs could not be read")
	// Files of /proc claim to be empty and are not.
	if got, _ := rankJSON(t, "", "linux", "/proc/version"); len(got.Hits) != 1 {
		t.Errorf("found %+v", got.Hits)
	}
	// A device without end.
	r = toller(t, "", "rank", "red", "/dev/zero").want(t, exitFailure)
	r.says(t, "/dev/zero: is a binary file")
}

func TestFullDisk(t *testing.T) {
	cmd := command(t, "rank", question, fewAbstracts(t))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = full, &stderr
	cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitFailure || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

// The bar of toller index counts documents, and leaves nothing behind.
func TestIndexProgressBar(t *testing.T) {
	folder := t.TempDir()
	write(t, folder+"/abstracts.jsonl", strings.Repeat(fewLines(t, 200), 5))
	cmd := command(t, "index", "--threads", "1", "--index", t.TempDir()+"/index.db", folder)
	terminal := startOnTerminal(t, 80, cmd)
	var shown string
	part := make([]byte, 4096)
	for !strings.Contains(shown, "passages") || !strings.Contains(shown, "/1000)") {
		n, err := terminal.Read(part)
		if err != nil {
			t.Fatalf("no bar: %q", shown)
		}
		shown += string(part[:n])
	}
	cmd.Process.Signal(os.Interrupt)
	rest, code := untilEnd(cmd, terminal)
	if shown += rest; code != exitInterrupted {
		t.Errorf("exit code %d: %q", code, shown)
	}
}

// A disk without room: what is stored stays.
func TestIndexFullDisk(t *testing.T) {
	small := t.TempDir()
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Logf("without a small disk: %v", err) // it takes root
		return
	}
	defer unix.Unmount(small, 0)
	folder := t.TempDir()
	write(t, folder+"/a.txt", "It is a")
	index := small + "/index.db"
	indexJSON(t, index, folder)
	write(t, folder+"/abstracts.jsonl", fewLines(t, 200))
	r := toller(t, "", "index", "--index", index, folder).want(t, exitFailure)
	r.says(t, index, "no room left")
	toller(t, "", "check", "--index", index).want(t, exitOK)
	if got := keys(t, index, folder); len(got) < 1 {
		t.Errorf("the index has %q", got)
	}
}
