package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestIsVersion(t *testing.T) {
	for _, test := range []struct {
		version, built string
		want           bool
	}{
		{"1.2.3", "v1.2.3", true},
		{"1.2.3", "v1.2.4", false},
		{"1.2.3", "v1.2.3+dirty", false},
		{"1.2.3", "(devel)", false},
		{"0.0.0-6f8a804", "v0.0.0-20261129014100-6f8a804b1c2d", true},
		{"0.0.0-6f8a804", "v0.0.0-20261129014100-6f8a804b1c2d+dirty", false},
		{"0.0.0-6f8a804", "v0.0.0-20261129014100-7f8a804b1c2d", false},
		{"0.0.0-6f8a804", "(devel)", false},
	} {
		if c := (&checker{version: test.version}); c.isVersion(test.built) != test.want {
			t.Errorf("%s built as %s: expected %v", test.version, test.built, test.want)
		}
	}
}

func TestSameRanking(t *testing.T) {
	want := []hit{{ID: "a", Score: 9}, {ID: "b", Score: 8}}
	if err := sameRanking([]hit{{ID: "a", Score: 9.00005}, {ID: "b", Score: 8}}, want); err != nil {
		t.Error(err)
	}
	for _, found := range [][]hit{nil, want[:1], {want[1], want[0]}, {{ID: "a", Score: 9.001}, want[1]}} {
		if sameRanking(found, want) == nil {
			t.Errorf("%v passes for %v", found, want)
		}
	}
}

func TestLeftBehind(t *testing.T) {
	before, after := t.TempDir(), t.TempDir()
	for _, root := range []string{before, after} {
		write(t, filepath.Join(root, "etc", "passwd"), "root")
		write(t, filepath.Join(root, "var", "lib", "dpkg", "status"), root) // dpkg's own
	}
	compare := func() error {
		t.Helper()
		a, err := listing(before)
		if err != nil {
			t.Fatal(err)
		}
		b, err := listing(after)
		if err != nil {
			t.Fatal(err)
		}
		return leftBehind(a, b)
	}
	if err := compare(); err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(before, "lost"), "")
	write(t, filepath.Join(after, "etc", "passwd"), "toor")
	write(t, filepath.Join(after, "usr", "toller"), "")
	err := compare()
	for _, want := range []string{"/lost is gone", "/etc/passwd is new or changed", "/usr/toller is new", "/usr is new"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

// TestCheckSums has a release with a file too few, too many, and damaged.
func TestCheckSums(t *testing.T) {
	release := t.TempDir()
	for _, name := range inRepositories {
		write(t, filepath.Join(release, name), name)
	}
	sum := sha256.Sum256([]byte("archive"))
	write(t, filepath.Join(release, "SHA256SUMS"), fmt.Sprintf("%x  a.tar.gz\n", sum))
	c := &checker{release: release}
	found := func() error { return c.checkSums(context.Background()) }
	if err := found(); err == nil || !strings.Contains(err.Error(), "a.tar.gz") {
		t.Errorf("a missing file: %v", err)
	}
	write(t, filepath.Join(release, "a.tar.gz"), "archive")
	if err := found(); err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(release, "b.deb"), "")
	if err := found(); err == nil || !strings.Contains(err.Error(), "b.deb is not in") {
		t.Errorf("a file without a sum: %v", err)
	}
	write(t, filepath.Join(release, "a.tar.gz"), "archives")
	if err := found(); err == nil || !strings.Contains(err.Error(), "expected "+fmt.Sprintf("%x", sum)) {
		t.Errorf("a damaged file: %v", err)
	}
	write(t, filepath.Join(release, "SHA256SUMS"), "abc  a.tar.gz\n")
	if err := found(); err == nil || !strings.Contains(err.Error(), "expected a sum and a name") {
		t.Errorf("broken sums: %v", err)
	}
}

func TestFlake(t *testing.T) {
	dist, release := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dist, "metadata.json"), `{"tag": "v1.2.3", "version": "1.2.3"}`)
	write(t, filepath.Join(release, "SHA256SUMS"), "")
	if err := writeFlake(dist, release); err == nil || !strings.Contains(err.Error(), "toller_1.2.3_darwin_arm64.tar.gz is not in") {
		t.Errorf("without archives: %v", err)
	}
	var sums strings.Builder
	for _, system := range systems {
		name := "toller_1.2.3_" + system.Go + ".tar.gz"
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(name)), name)
	}
	write(t, filepath.Join(release, "SHA256SUMS"), sums.String())
	if err := writeFlake(dist, release); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(release, "flake.nix"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `release = "`+downloads+`/v1.2.3"`) {
		t.Errorf("no address of the release in %s", text)
	}
	folder := filepath.Join(t.TempDir(), "unpacked")
	if err := unpackTar(filepath.Join(release, "toller_nix.tar.gz"), folder); err != nil {
		t.Fatal(err)
	}
	if packed, err := os.ReadFile(filepath.Join(folder, "toller", "flake.nix")); err != nil || string(packed) != string(text) {
		t.Errorf("the archive has another flake: %v", err)
	}
	// What the flake says is what check reads.
	if found := inFlake.FindAllStringSubmatch(string(text), -1); len(found) != len(systems) {
		t.Errorf("found %d archives, expected %d", len(found), len(systems))
	}
}

func TestUnpackRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.tar.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zip := gzip.NewWriter(f)
	tape := tar.NewWriter(zip)
	if err := tape.WriteHeader(&tar.Header{Name: "../outside", Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	for _, close := range []func() error{tape.Close, zip.Close, f.Close} {
		if err := close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := unpackTar(path, t.TempDir()); err == nil || !strings.Contains(err.Error(), "lies outside") {
		t.Errorf("found %v", err)
	}
}

func TestLicenceFiles(t *testing.T) {
	top := t.TempDir()
	for _, name := range []string{"LICENSE", "license.go", "README.md", "deep/COPYING.txt", "deep/down/a.go", "other/LICENSE"} {
		write(t, filepath.Join(top, filepath.FromSlash(name)), name)
	}
	found, err := licenceFiles(top, []string{filepath.Join(top, "deep", "down")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(top, "LICENSE"), filepath.Join(top, "deep", "COPYING.txt")}
	if strings.Join(found, " ") != strings.Join(want, " ") {
		t.Errorf("found %v, expected %v", found, want)
	}
}

// TestFirstCommand has what check runs stand in the README, first of its commands.
func TestFirstCommand(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	args := slices.Clone(firstCommand)
	args[1] = `"` + args[1] + `"`
	_, command, _ := strings.Cut(string(text), "edge/cmd/toller ")
	if want := strings.Join(args, " "); !strings.HasPrefix(command, want+"\n") {
		t.Errorf("README.md has first %.100q, expected %q", command, want)
	}
}
