package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/files"
)

// watchPeak returns a function that tells, once a process has ended, the most memory
// that it had resident, in kB. What the system says of an ended process counts its
// parent's memory in, from before it became another program.
func watchPeak(pid int) func() int {
	most := make(chan int)
	go func() {
		peak := 0
		for {
			used, _ := strconv.Atoi(strings.TrimSuffix(field(fmt.Sprintf("/proc/%d/status", pid), "VmHWM"), " kB"))
			if used == 0 { // it has ended
				break
			}
			peak = max(peak, used)
			time.Sleep(time.Millisecond)
		}
		most <- peak
	}()
	return func() int { return <-most }
}

// opened watches the files of folders, and returns which were opened up to the call.
func opened(t *testing.T, folders ...string) func() []string {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	for _, folder := range folders {
		if _, err := syscall.InotifyAddWatch(fd, folder, syscall.IN_OPEN); err != nil {
			t.Fatal(err)
		}
	}
	return func() (names []string) {
		t.Helper()
		buf := make([]byte, 1<<16)
		for {
			n, err := syscall.Read(fd, buf)
			if err == syscall.EAGAIN {
				return names
			}
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < n; {
				event, size := buf[at:n], int(binary.NativeEndian.Uint32(buf[at+12:]))
				if mask := binary.NativeEndian.Uint32(event[4:]); mask&syscall.IN_ISDIR == 0 {
					names = append(names, string(bytes.TrimRight(event[16:16+size], "\x00")))
				}
				at += 16 + size
			}
		}
	}
}

// A run in which nothing has changed opens none of the files, whatever came of them,
// and one after a touch opens the one.
func TestIndexOpensNothing(t *testing.T) {
	folder := mixed(t)
	in := func(name string) string { return filepath.Join(folder, filepath.FromSlash(name)) }
	for name, text := range map[string]string{
		"picture.png": "\x89PNG\r\n\x1a\n\x00", "empty.txt": " \n", "cut.pdf": "%PDF-1.4 cut", "bad.jsonl": `{"text":7}` + "\n",
		"half.jsonl": `{"text":"good"}` + "\n" + `{"text":7}` + "\n", "utf16.txt": "\xff\xfeI\x00t\x00",
	} {
		age(t, write(t, in(name), text))
	}
	index := filepath.Join(t.TempDir(), "index.db")
	first, _ := indexJSON(t, index, folder)
	reads := opened(t, folder, in("animals"), in("code"))
	for range 3 {
		got, _ := indexJSON(t, index, folder)
		if names := reads(); len(names) > 0 {
			t.Errorf("opened %q", names)
		}
		if got.Files != first.Files || got.Unchanged != 8 || got.LeftOut.Empty != first.LeftOut.Empty || got.LeftOut.Unsupported != 1 {
			t.Errorf("found %+v, at first %+v", got, first)
		}
		for _, u := range first.Unreadable {
			if filepath.Base(u.Name) != "half.jsonl" && !slices.Contains(got.Unreadable, u) {
				t.Errorf("%+v isn't said again", u)
			}
		}
	}
	at := time.Now().Add(-30 * time.Minute)
	if err := os.Chtimes(in("animals/cats.txt"), at, at); err != nil {
		t.Fatal(err)
	}
	indexJSON(t, index, folder)
	if names := reads(); !slices.Equal(names, []string{"cats.txt"}) {
		t.Errorf("after a touch, opened %q", names)
	}
	indexJSON(t, index, folder)
	if names := reads(); len(names) > 0 {
		t.Errorf("opened %q", names)
	}
}

// indexInLittle is indexJSON in a process of its own, which has to do with little memory.
func indexInLittle(t *testing.T, index, folder string) (indexReport, result) {
	t.Helper()
	cmd := command(t, "index", "--json", "--index", index, folder)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start(t, cmd)
	peak := watchPeak(cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	const least, most = 20_000, 200 << 10 // kB
	if used := peak(); used < least || used > most {
		t.Errorf("took %d kB of memory, expected %d to %d", used, least, most)
	}
	r := result{exitOK, stdout.String(), stderr.String()}
	var got indexReport
	decode(t, r.stdout, &got)
	return got, r
}

// Files that are far too large are refused by name, and take no memory.
func TestIndexLargeFiles(t *testing.T) {
	folder := t.TempDir()
	for name, size := range map[string]int64{"text.txt": 1 << 30, "rows.csv": 9 << 30, "records.jsonl": 1 << 34} {
		path := write(t, filepath.Join(folder, name), "text\nIt is large\n")
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(folder, "small.txt"), "It is small")
	index := filepath.Join(t.TempDir(), "index.db")
	got, r := indexInLittle(t, index, folder)
	for _, name := range []string{"text.txt", "rows.csv", "records.jsonl"} {
		r.says(t, name+": has ", "bytes, the limit is")
		if !slices.ContainsFunc(got.Unreadable, func(u files.Unreadable) bool { return filepath.Base(u.Name) == name }) {
			t.Errorf("%s isn't named among %+v", name, got.Unreadable)
		}
	}
	if got.Documents != 1 || got.Seconds > 10 {
		t.Errorf("found %+v", got)
	}
	toller(t, "", "check", "--index", index).want(t, exitOK)
}

// A table that is larger than other files may be is read row by row, and a row that is
// too large by itself is named.
func TestIndexLargeTable(t *testing.T) {
	folder := t.TempDir()
	const many = 131 // of more than 1 MB
	rows := "text,title\n"
	for i := range many {
		rows += fmt.Sprintf("The crane %d,\"%d %s\"\n", i, i, strings.Repeat("river, \"\" and ship\n", 60_000))
	}
	path := age(t, write(t, filepath.Join(folder, "rows.csv"), rows))
	age(t, write(t, filepath.Join(folder, "small.txt"), "It is small"))
	index := filepath.Join(t.TempDir(), "index.db")
	got, _ := indexInLittle(t, index, folder)
	if got.Documents != many+1 || got.Added != 2 || len(got.Unreadable) > 0 {
		t.Errorf("found %+v", got)
	}
	age(t, write(t, path, rows+strings.Repeat("0", 65<<20)+",\nThe last crane,\n"))
	more, r := indexJSON(t, index, folder)
	r.says(t, fmt.Sprintf("rows.csv: row %d: begins in line %d and is longer than the limit for one document, %d bytes", many+2, 60_001*many+2, 64<<20))
	if more.Updated != 1 || more.Unchanged != 1 || more.Documents != many+2 {
		t.Errorf("with one more row, and one that is too long: %+v", more)
	}
	if same, _ := indexJSON(t, index, folder); same.Unchanged != 2 || same.LeftOut.Partial != 1 {
		t.Errorf("another round: %+v", same)
	}
	toller(t, "", "check", "--index", index).want(t, exitOK)
}

// What was stored before a kill is known under other names, too.
func TestIndexKilledAndMoved(t *testing.T) {
	const files = 700
	folder := manyFiles(t, files)
	index := filepath.Join(t.TempDir(), "index.db")
	cmd := startIndex(t, index, folder)
	cmd.Process.Kill()
	cmd.Wait()
	kept := documents(t, index)
	if kept == 0 || kept == files {
		t.Fatalf("%d documents: was it over before?", kept)
	}
	if err := os.Rename(folder, folder+" moved"); err != nil {
		t.Fatal(err)
	}
	got, _ := indexJSON(t, index, folder+" moved", filepath.Dir(folder))
	if got.Documents != files || got.Moved != int(kept) || got.Removed != int(kept) || got.Added != files {
		t.Errorf("after %d documents: %+v, %d moved", kept, got.counts(), got.Moved)
	}
	toller(t, "", "check", "--index", index).want(t, exitOK)
}
