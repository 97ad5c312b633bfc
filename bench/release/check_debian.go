package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
)

// debianArchitectures are what Debian calls the processors in the packages' names.
var debianArchitectures = map[string]string{"amd64": "amd64", "arm": "armhf", "arm64": "arm64", "riscv64": "riscv64"}

// ownState is what dpkg itself writes whatever it does.
var ownState = []string{
	"var/lib/dpkg/status", "var/lib/dpkg/status-old", "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend", "var/lib/dpkg/available",
	"var/lib/dpkg/triggers/Lock", "var/lib/dpkg/triggers/Unincorp", "var/log/dpkg.log", "var/cache/ldconfig/aux-cache",
}

// checkPackages reads each package, and installs this machine's in a Debian that
// debootstrap makes, runs it there and removes it again.
func (c *checker) checkPackages(ctx context.Context) error {
	for _, goarch := range slices.Sorted(maps.Keys(debianArchitectures)) {
		deb := c.deb(goarch)
		said, err := output(ctx, "dpkg-deb", "--field", deb, "Architecture")
		if err != nil {
			return err
		}
		if said != debianArchitectures[goarch] {
			return fmt.Errorf("%s is for %q, expected %q", filepath.Base(deb), said, debianArchitectures[goarch])
		}
	}
	// The packages differ in the program alone, of which lintian sees little.
	if err := command(ctx, ".", "lintian", "--allow-root", "--fail-on", "error,warning", c.deb(runtime.GOARCH)).Run(); err != nil {
		return fmt.Errorf("lintian: %w", err)
	}
	root := filepath.Join(c.work, "debian")
	bootstrap := command(ctx, ".", "debootstrap", "--variant=minbase", "--arch="+runtime.GOARCH, "bookworm", root)
	bootstrap.Stdout = nil
	if err := bootstrap.Run(); err != nil {
		return fmt.Errorf("debootstrap: %w", err)
	}
	before, err := listing(root)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(firstCommand[2])
	if err != nil {
		return err
	}
	inside := func(name string, args ...string) *exec.Cmd {
		return command(ctx, ".", "chroot", append([]string{root, "env", "LC_ALL=C", "HOME=/root", name}, args...)...)
	}
	deb, err := os.ReadFile(c.deb(runtime.GOARCH))
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"tmp/toller.deb": deb, "tmp/abstracts.jsonl": text} {
		if err := os.WriteFile(filepath.Join(root, name), data, 0o644); err != nil {
			return err
		}
	}
	if err := inside("dpkg", "--install", "/tmp/toller.deb").Run(); err != nil {
		return fmt.Errorf("dpkg --install: %w", err)
	}
	version := inside("toller", "--version")
	version.Stdout = nil
	said, err := version.Output()
	if err != nil {
		return fmt.Errorf("toller --version: %w", err)
	}
	if !c.isVersion(firstVersion(said)) {
		return fmt.Errorf("toller --version says %q, expected version %s", said, c.version)
	}
	ranking := inside("toller", "rank", firstCommand[1], "/tmp/abstracts.jsonl", "-k", "5")
	ranking.Stdout = nil
	said, err = ranking.Output()
	if err != nil {
		return fmt.Errorf("toller rank: %w", err)
	}
	if hits := bytes.Count(said, []byte("\n")); hits != 5 {
		return fmt.Errorf("toller rank found %d documents, expected 5: %q", hits, said)
	}
	if err := inside("dpkg", "--verify", "toller").Run(); err != nil {
		return fmt.Errorf("dpkg --verify: %w", err)
	}
	for _, action := range []string{"--remove", "--purge"} {
		if err := inside("dpkg", action, "toller").Run(); err != nil {
			return fmt.Errorf("dpkg %s: %w", action, err)
		}
	}
	for _, name := range []string{"tmp/toller.deb", "tmp/abstracts.jsonl"} {
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			return err
		}
	}
	after, err := listing(root)
	if err != nil {
		return err
	}
	return leftBehind(before, after)
}

func (c *checker) deb(goarch string) string {
	return filepath.Join(c.release, "toller_"+c.version+"_"+goarch+".deb")
}

// firstVersion is the second word of what toller --version prints.
func firstVersion(said []byte) string {
	words := bufio.NewScanner(bytes.NewReader(said))
	words.Split(bufio.ScanWords)
	words.Scan()
	words.Scan()
	return words.Text()
}

// leftBehind names the files in which a system differs from what it was.
func leftBehind(before, after map[string]string) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] != after[name] {
			errs = append(errs, fmt.Errorf("/%s is new or changed after toller was removed", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, there := after[name]; !there {
			errs = append(errs, fmt.Errorf("/%s is gone with toller", name))
		}
	}
	return errors.Join(errs...)
}

// listing are the files of a system with what they are: sums of files, and modes.
func listing(root string) (map[string]string, error) {
	all := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || slices.Contains(ownState, name) {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		all[name] = info.Mode().String()
		if !info.Mode().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		all[name] += fmt.Sprintf(" %x", sha256.Sum256(data))
		return err
	})
	return all, err
}
