package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestManual looks for each command and flag in the pages, as they are written and,
// where there is a man, as it shows them.
func TestManual(t *testing.T) {
	folder := t.TempDir()
	toller(t, "", "manual", folder).want(t, exitOK)
	root := newRoot()
	for _, cmd := range root.Commands() {
		path := filepath.Join(folder, "toller-"+cmd.Name()+".1")
		if !cmd.IsAvailableCommand() || cmd.Name() == "help" {
			if _, err := os.Stat(path); err == nil {
				t.Errorf("%s describes a hidden command", path)
			}
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, want := range []string{".TH \"TOLLER\\-", ".SH SYNOPSIS\ntoller " + cmd.Name(), ".SH \"OPTIONS OF ALL COMMANDS\"", "\\-\\-threads", ".BR toller (1)"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s has no %q", path, want)
			}
		}
	}
	first := filepath.Join(folder, "toller.1")
	text, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "toller\\-manual") || !strings.Contains(string(text), ".BR toller\\-rank (1)") {
		t.Errorf("commands of %s", text)
	}
	man, err := exec.LookPath("man")
	if err != nil {
		t.Log("no man here: not shown")
		return
	}
	shown := exec.Command(man, "--warnings", "-E", "ascii", "-l", filepath.Join(folder, "toller-rank.1"))
	shown.Env = append(os.Environ(), "MANWIDTH=80", "MANPAGER=cat", "PAGER=cat", "MANROFFOPT=-c", "LC_ALL=C")
	plain, err := shown.CombinedOutput()
	if err != nil || strings.Contains(string(plain), "warning:") {
		t.Fatalf("%v: %s", err, plain)
	}
	for _, want := range []string{"toller rank QUERY [PATH...] [flags]", "--no-ignore", `"_id"`} {
		if !strings.Contains(string(plain), want) {
			t.Errorf("man shows no %q in %s", want, plain)
		}
	}
}

func TestManualUsage(t *testing.T) {
	toller(t, "", "manual").want(t, exitUsage)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	toller(t, "", "manual", file).want(t, exitFailure)
}
