// Command release builds everything that a release of toller's command consists
// of, from the commit that is checked out:
//
//	go run ./bench/release --out DIR [--twice]
//	go run ./bench/release --check DIR
//
// DIR then has, for each platform, an archive and the list of what is linked
// into it (CycloneDX), Debian packages, a Homebrew formula, a Scoop manifest, a
// Nix flake, a Dockerfile, and SHA256SUMS of what one downloads. A commit with a
// tag such as v1.2.3 gives that release, another one a snapshot with a version of
// its own.
//
// --check looks at all of that and starts what can start here: see check.go.
//
// The same commit gives the same bytes: --twice builds in two folders and fails
// where two files differ. What is not committed isn't built.
//
// goreleaser.yaml says what is built. goreleaser and cyclonedx-gomod, at fixed
// versions, do the work; go installs them for the run.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

var tools = []string{
	"github.com/goreleaser/goreleaser/v2@v2.15.1",
	"github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0",
}

//go:embed goreleaser.yaml
var configuration string

//go:embed Dockerfile
var dockerfile []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(os.Stderr, "release: %v\n", err)
		}
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	out := flags.String("out", "", "`folder` for the release, which must not exist yet")
	twice := flags.Bool("twice", false, "build again in another folder, and fail unless all files are the same")
	built := flags.String("check", "", "check the release in this `folder` instead of building one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *built != "" && *out == "" && !*twice && flags.NArg() == 0 {
		return check(ctx, *built)
	}
	if *out == "" || *built != "" || flags.NArg() > 0 {
		return errors.New("expected --out DIR [--twice], or --check DIR")
	}
	if _, err := os.Stat(*out); err == nil {
		return fmt.Errorf("%s exists already", *out)
	}
	work, err := os.MkdirTemp("", "toller-release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()

	bin := filepath.Join(work, "bin")
	for _, tool := range tools {
		install := command(ctx, work, "go", "install", tool)
		install.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=-mod=mod")
		if err := install.Run(); err != nil {
			return fmt.Errorf("go install %s: %w", tool, err)
		}
	}
	top, err := output(ctx, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	commit, err := output(ctx, "git", "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	first, err := build(ctx, top, commit, filepath.Join(work, "first"), bin)
	if err != nil {
		return err
	}
	if *twice {
		second, err := build(ctx, top, commit, filepath.Join(work, "somewhere", "second"), bin)
		if err != nil {
			return err
		}
		if err := same(first, second); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "release: both builds are the same, byte for byte")
	}
	return os.CopyFS(*out, os.DirFS(first))
}

// build clones the repository into a folder, builds the release of the commit
// there and returns the folder that has it.
func build(ctx context.Context, repository, commit, folder, bin string) (release string, err error) {
	clone := filepath.Join(folder, "toller")
	if err := command(ctx, ".", "git", "clone", "--quiet", "--no-hardlinks", repository, clone).Run(); err != nil {
		return "", fmt.Errorf("git clone: %w", err)
	}
	if err := command(ctx, clone, "git", "checkout", "--quiet", "--detach", commit).Run(); err != nil {
		return "", fmt.Errorf("git checkout %s: %w", commit, err)
	}
	dist, config := filepath.Join(folder, "dist"), filepath.Join(folder, "goreleaser.yaml")
	if err := os.WriteFile(config, []byte(configuration+"\ndist: "+dist+"\n"), 0o644); err != nil {
		return "", err
	}
	if err := extras(ctx, clone); err != nil {
		return "", err
	}
	args := []string{"release", "--config", config, "--clean", "--skip=publish,announce,validate"}
	if command(ctx, clone, "git", "describe", "--exact-match", "--tags").Run() != nil {
		args = append(args, "--snapshot")
	}
	make := command(ctx, clone, filepath.Join(bin, "goreleaser"), args...)
	make.Env = append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if err := make.Run(); err != nil {
		return "", fmt.Errorf("goreleaser: %w", err)
	}
	release = filepath.Join(folder, "release")
	if err := os.Mkdir(release, 0o755); err != nil {
		return "", err
	}
	if err := collect(dist, release); err != nil {
		return "", err
	}
	if err := writeFlake(dist, release); err != nil {
		return "", err
	}
	return release, os.WriteFile(filepath.Join(release, "Dockerfile"), dockerfile, 0o644)
}

// collect copies from what goreleaser leaves behind all that others are to have.
func collect(dist, release string) error {
	found := false
	err := filepath.WalkDir(dist, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := entry.Name()
		switch {
		case strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".zip"), strings.HasSuffix(name, ".deb"),
			strings.HasSuffix(name, ".cdx.json"), name == "SHA256SUMS", name == "toller.rb", name == "toller.json":
			found = true
			return copyFile(filepath.Join(release, name), path)
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("goreleaser left nothing in %s", dist)
	}
	return err
}

func copyFile(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// same is an error that names the files that only one of two folders has, or
// that differ.
func same(first, second string) error {
	a, err := sums(first)
	if err != nil {
		return err
	}
	b, err := sums(second)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if other, there := b[name]; !there {
			errs = append(errs, fmt.Errorf("%s: only the first build has it", name))
		} else if !bytes.Equal(other, a[name]) {
			errs = append(errs, fmt.Errorf("%s: the builds differ, sha256 %x and %x", name, a[name], other))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, there := a[name]; !there {
			errs = append(errs, fmt.Errorf("%s: only the second build has it", name))
		}
	}
	return errors.Join(errs...)
}

// sums are the SHA-256 of a folder's files, by name.
func sums(folder string) (map[string][]byte, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]byte)
	for _, entry := range entries {
		f, err := os.Open(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return nil, err
		}
		all[entry.Name()] = h.Sum(nil)
	}
	return all, nil
}

// output is what a command prints.
func output(ctx context.Context, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// command is a command whose output is shown on standard error.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Stdout, c.Stderr = dir, os.Stderr, os.Stderr
	return c
}
