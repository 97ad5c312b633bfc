//go:build unix

package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manyFiles makes a folder of n files of a few words each.
func manyFiles(t *testing.T, n int) string {
	t.Helper()
	words := strings.Fields(fewLines(t, 20))
	folder := filepath.Join(t.TempDir(), "many")
	for i := range n {
		text := strings.Join(words[i%(len(words)-20):][:20], " ")
		age(t, write(t, filepath.Join(folder, fmt.Sprint(i%10), fmt.Sprintf("%04d.txt", i)), text))
	}
	return folder
}

// documents is how many documents an index has, 0 if there is none yet.
func documents(t *testing.T, index string) int64 {
	t.Helper()
	r := toller(t, "", "status", "--index", index, "--json")
	if r.code != exitOK {
		return 0
	}
	var status indexStatus
	decode(t, r.stdout, &status)
	return status.Documents
}

// startIndex starts to index a folder and waits until the index has something
// in it.
func startIndex(t *testing.T, index, folder string) *exec.Cmd {
	t.Helper()
	cmd := command(t, "index", "--index", index, folder, "--threads", "1")
	start(t, cmd)
	before := documents(t, index)
	for documents(t, index) <= before {
		time.Sleep(20 * time.Millisecond)
	}
	return cmd
}

// Whatever ends a run, what was stored before stays, and the next one goes on.
func TestIndexInterrupted(t *testing.T) {
	const files = 2500
	folder := manyFiles(t, files)
	index := filepath.Join(t.TempDir(), "index.db")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	kept := int64(0)
	for i, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGKILL, syscall.SIGTERM} {
		cmd := startIndex(t, index, folder)
		time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
		cmd.Process.Signal(sig)
		cmd.Wait()
		code := cmd.ProcessState.ExitCode()
		if want := map[syscall.Signal]int{syscall.SIGKILL: -1, syscall.SIGINT: exitInterrupted, syscall.SIGTERM: exitTerminated}[sig]; code != want {
			t.Fatalf("signal %v: exit code %d, want %d: was it over before?", sig, code, want)
		}
		toller(t, "", "check", "--index", index).want(t, exitOK)
		now := documents(t, index)
		if t.Logf("%v: %d documents", sig, now); now <= kept || now >= files {
			t.Fatalf("run %d: %d documents after %d", i, now, kept)
		}
		kept = now
	}
	got, _ := indexJSON(t, index, folder)
	if got.Documents != files || got.Unchanged != int(kept) || got.Added != files-int(kept) {
		t.Errorf("the last run, after %d: %+v", kept, got.counts())
	}
	toller(t, "", "check", "--index", index).want(t, exitOK)
}

// A second process that writes waits or says why it can't.
func TestIndexTwice(t *testing.T) {
	folder := manyFiles(t, 600)
	index := filepath.Join(t.TempDir(), "index.db")
	first := startIndex(t, index, folder)
	second, _ := indexJSON(t, index, folder)
	if err := first.Wait(); err != nil {
		t.Error(err)
	}
	if second.Documents < 600 && documents(t, index) != 600 {
		t.Errorf("two runs at a time: %+v", second)
	}
	toller(t, "", "check", "--index", index).want(t, exitOK)
}

// Permissions don't stop root: there, the child runs as somebody else.
func TestIndexWithoutPermission(t *testing.T) {
	folder, err := os.MkdirTemp("", "toller")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	os.Chmod(folder, 0o755)
	in := func(name string) string { return filepath.Join(folder, "notes", name) }
	for _, name := range []string{"a.txt", "closed.txt", "locked/b.txt", "gone.txt"} {
		age(t, write(t, in(name), "It is "+name))
	}
	state := filepath.Join(folder, "state")
	os.Mkdir(state, 0o777)
	os.Chmod(state, 0o777)
	index := filepath.Join(state, "index.db")
	binary := executableByAll(t, command(t).Path)
	run := func(args ...string) result {
		cmd := command(t, append(args, "--index", index, "--json")...)
		if os.Getuid() == 0 {
			const nobody = 65534
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			cmd.Path = binary
		}
		return finish(t, cmd)
	}
	run("index", in("")).want(t, exitOK)
	os.Chmod(in("closed.txt"), 0)
	os.Chmod(in("locked"), 0)
	defer os.Chmod(in("locked"), 0o755)
	os.Remove(in("gone.txt"))

	r := run("index", in("")).want(t, exitOK)
	r.says(t, "locked: permission denied")
	var got indexReport
	decode(t, r.stdout, &got)
	if got.Removed != 1 || got.Documents != 3 {
		t.Errorf("what can't be read should stay: %+v", got)
	}
	// A file that changed, and can't be read.
	now := time.Now()
	os.Chtimes(in("closed.txt"), now, now)
	r = run("index", in("")).want(t, exitOK)
	r.says(t, "closed.txt: permission denied", "1 of 2 files could not be read")
	os.Chmod(state, 0o555)
	defer os.Chmod(state, 0o777)
	age(t, write(t, in("new.txt"), "It is new"))
	if r := run("index", in("")); r.code != exitFailure {
		t.Errorf("a folder that can't be written: exit code %d", r.code)
	}
	run("search", "it").want(t, exitOK)
}

func TestIndexOddFiles(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "tree")
	in := func(name string) string { return filepath.Join(folder, name) }
	age(t, write(t, in("a.txt"), "It is a"))
	age(t, write(t, in("sub/b.txt"), "It is b"))
	if err := syscall.Mkfifo(in("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"dangling": "nowhere", "loop": "loop", "up": ".", "other.txt": "a.txt"} {
		if err := os.Symlink(target, in(name)); err != nil {
			t.Fatal(err)
		}
	}
	index := filepath.Join(t.TempDir(), "index.db")
	_, r := indexJSON(t, index, folder)
	wantKeys(t, index, folder, "a.txt", "sub/b.txt")
	r.says(t, "dangling: no such file", "loop: too many levels", "1 name left out: links to files that are read already")
	if err := os.WriteFile(in("bad\xff.txt"), []byte("It is bad"), 0o644); err == nil { // not every file system takes it
		_, r := indexJSON(t, index, folder)
		r.says(t, "has a name that is not valid UTF-8")
	}
	wantKeys(t, index, folder, "a.txt", "sub/b.txt")
}

// watching starts toller index --watch and returns its reports.
func watching(t *testing.T, index string, paths ...string) (*exec.Cmd, func() indexReport) {
	t.Helper()
	cmd := command(t, append([]string{"index", "--json", "--watch", "--index", index}, paths...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	lines := bufio.NewReader(stdout)
	return cmd, func() (r indexReport) {
		t.Helper()
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		decode(t, line, &r)
		return r
	}
}

func TestIndexWatch(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "notes")
	in := func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) }
	write(t, in("a.txt"), "It is a")
	os.Mkdir(in("empty"), 0o755)
	single := write(t, filepath.Join(filepath.Dir(folder), "single.txt"), "It is single")
	index := filepath.Join(folder, "index.db") // its own changes are none
	cmd, next := watching(t, index, folder, single)
	if got := next(); got.Added != 2 || got.Documents != 2 {
		t.Fatalf("first: %+v", got)
	}
	steps := []struct {
		name      string
		change    func()
		documents int64
	}{
		{"new file", func() { write(t, in("b.txt"), "It is b") }, 3},
		{"new file in a folder that was empty", func() { write(t, in("empty/c.txt"), "It is c") }, 4},
		{"new folders", func() { write(t, in("x/y/d.txt"), "It is d") }, 5},
		{"file in a new folder", func() { write(t, in("x/y/e.txt"), "It is e") }, 6},
		{"edited", func() { write(t, in("b.txt"), "It is another thing") }, 6},
		{"replaced", func() {
			write(t, single+"~", "It is single no more")
			os.Rename(single+"~", single)
		}, 6},
		{"deleted", func() { os.Remove(in("a.txt")) }, 5},
		{"folder deleted", func() { os.RemoveAll(in("x")) }, 3},
		{"folder moved", func() { os.Rename(in("empty"), in("full")) }, 3},
		{"file in the moved folder", func() { write(t, in("full/f.txt"), "It is f") }, 4},
		{"ignored", func() { write(t, in(".gitignore"), "full/\n") }, 2},
	}
	for _, step := range steps {
		step.change()
		// What takes several steps may take several rounds.
		for got := next(); got.Documents != step.documents || got.Added+got.Updated+got.Removed == 0; got = next() {
			t.Logf("%s: %+v", step.name, got.counts())
		}
	}
	if got := searchJSON(t, index, "another", "--mode", "lexical"); len(got.Hits) != 1 {
		t.Errorf("searching while it watches: %+v", got.Hits)
	}
	if code, took := interrupted(t, cmd, os.Interrupt); code != exitInterrupted || took > time.Second {
		t.Errorf("exit code %d after %v", code, took)
	}
	toller(t, "", "check", "--index", index).want(t, exitOK)
}
