package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// check is an error unless the release in a folder is whole and does what it is
// for, as far as a Linux machine can tell:
//
//   - SHA256SUMS has all that one downloads, and their sums;
//   - formula, manifest and flake name archives that are there, by their sums;
//   - each archive has the program, its licences, manual and completions, and each
//     program was built for its platform from a commit without changes;
//   - the programs for Linux start, here or under QEMU, tell their version and
//     rank as the one for this machine does;
//   - the Debian package installs into a fresh Debian, runs and leaves nothing
//     behind, and lintian finds nothing; ruby reads the formula; Nix builds the
//     flake, with a stand-in for nixpkgs.
//
// It runs in the repository as root, and needs debootstrap, lintian, nix, ruby and
// qemu-user-static.
func check(ctx context.Context, release string) (err error) {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("--check runs on linux, found %s", runtime.GOOS)
	}
	release, err = filepath.Abs(release)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "toller-check-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeAll(work)) }()
	c := &checker{release: release, work: work, programs: make(map[string]string)}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"sums", c.checkSums},
		{"formula, manifest and flake", c.checkReferences},
		{"archives", c.checkArchives},
		{"programs", c.checkPrograms},
		{"formula read by ruby", c.checkFormula},
		{"flake built by nix", c.checkFlake},
		{"Debian packages", c.checkPackages},
	} {
		fmt.Fprintf(os.Stderr, "release: %s\n", step.name)
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

type checker struct {
	release, work string
	published     map[string][]byte // SHA256SUMS
	version       string            // as in names of files
	programs      map[string]string // unpacked, by platform as in names of archives
}

// inRepositories are the files that aren't downloaded one by one, and have no sum.
var inRepositories = []string{"Dockerfile", "SHA256SUMS", "flake.nix", "toller.json", "toller.rb", "toller_nix.tar.gz"}

func (c *checker) checkSums(context.Context) error {
	var err error
	if c.published, err = readSums(c.release); err != nil {
		return err
	}
	found, err := sums(c.release)
	if err != nil {
		return err
	}
	for _, name := range inRepositories {
		if found[name] == nil {
			return fmt.Errorf("%s is missing", name)
		}
		delete(found, name)
	}
	for name, sum := range c.published {
		if !bytes.Equal(found[name], sum) {
			return fmt.Errorf("%s has sha256 %x, expected %x", name, found[name], sum)
		}
	}
	for name := range found {
		if c.published[name] == nil {
			return fmt.Errorf("%s is not in SHA256SUMS", name)
		}
	}
	return nil
}

var (
	inFormula = regexp.MustCompile(`url "([^"]*)"\s*sha256 "([0-9a-f]{64})"`)
	inFlake   = regexp.MustCompile(`name = "([^"]*)"; hash = "sha256-([A-Za-z0-9+/=]{44})"`)
)

// checkReferences compares what package managers are told with the archives.
func (c *checker) checkReferences(context.Context) error {
	text, err := os.ReadFile(filepath.Join(c.release, "toller.rb"))
	if err != nil {
		return err
	}
	var errs []error
	refer := func(file, url, sum string) {
		name := url[strings.LastIndex(url, "/")+1:]
		if want := fmt.Sprintf("%x", c.published[name]); want != sum {
			errs = append(errs, fmt.Errorf("%s has sha256 %s for %s, expected %q", file, sum, name, want))
		}
	}
	formula := inFormula.FindAllStringSubmatch(string(text), -1)
	for _, found := range formula {
		refer("toller.rb", found[1], found[2])
	}
	if len(formula) != 5 { // two of macOS, three of Linux
		errs = append(errs, fmt.Errorf("toller.rb has %d archives, expected 5", len(formula)))
	}
	if text, err = os.ReadFile(filepath.Join(c.release, "toller.json")); err != nil {
		return err
	}
	var manifest struct {
		Version      string
		Architecture map[string]struct{ URL, Hash string }
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return fmt.Errorf("toller.json: %w", err)
	}
	for _, found := range manifest.Architecture {
		refer("toller.json", found.URL, found.Hash)
	}
	if len(manifest.Architecture) != 2 {
		errs = append(errs, fmt.Errorf("toller.json has %d archives, expected 2", len(manifest.Architecture)))
	}
	c.version = manifest.Version
	if text, err = os.ReadFile(filepath.Join(c.release, "flake.nix")); err != nil {
		return err
	}
	flake := inFlake.FindAllStringSubmatch(string(text), -1)
	for _, found := range flake {
		sum, err := base64.StdEncoding.DecodeString(found[2])
		if err != nil {
			return fmt.Errorf("flake.nix: %w", err)
		}
		refer("flake.nix", found[1], fmt.Sprintf("%x", sum))
	}
	if len(flake) != len(systems) {
		errs = append(errs, fmt.Errorf("flake.nix has %d archives, expected %d", len(flake), len(systems)))
	}
	return errors.Join(errs...)
}

// platforms are those of the archives.
var platforms = []string{
	"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm", "linux_arm64", "linux_riscv64", "windows_amd64", "windows_arm64",
}

// beside is what an archive has beside the program.
var beside = []string{
	"LICENSE", "README.md", "MODEL.md", "THIRD_PARTY_LICENSES", "man/toller.1", "man/toller-rank.1",
	"completions/toller.bash", "completions/_toller", "completions/toller.fish", "completions/toller.ps1",
}

// checkArchives unpacks each archive and reads how its program was built.
func (c *checker) checkArchives(context.Context) error {
	for _, platform := range platforms {
		folder := filepath.Join(c.work, platform)
		base, program, unpack := "toller_"+c.version+"_"+platform, "toller", unpackTar
		archive := base + ".tar.gz"
		if strings.HasPrefix(platform, "windows") {
			archive, program, unpack = base+".zip", "toller.exe", unpackZip
		}
		if err := unpack(filepath.Join(c.release, archive), folder); err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		for _, name := range beside {
			if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
				return fmt.Errorf("%s: %s is missing or empty", archive, name)
			}
		}
		c.programs[platform] = filepath.Join(folder, program)
		info, err := buildinfo.ReadFile(c.programs[platform])
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		settings := make(map[string]string)
		for _, setting := range info.Settings {
			settings[setting.Key] = setting.Value
		}
		goos, goarch, _ := strings.Cut(platform, "_")
		for key, want := range map[string]string{"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0", "-trimpath": "true", "vcs.modified": "false"} {
			if settings[key] != want {
				return fmt.Errorf("%s: the program has %s=%q, expected %q", archive, key, settings[key], want)
			}
		}
		if !c.isVersion(info.Main.Version) {
			return fmt.Errorf("%s: the program is of version %s, expected %s", archive, info.Main.Version, c.version)
		}
		if _, err := os.Stat(filepath.Join(c.release, base+".cdx.json")); err != nil {
			return err
		}
		listed, err := os.ReadFile(filepath.Join(folder, "THIRD_PARTY_LICENSES"))
		if err != nil {
			return err
		}
		for _, module := range info.Deps {
			if !bytes.Contains(listed, []byte("==== "+module.Path+" "+module.Version)) {
				return fmt.Errorf("%s: THIRD_PARTY_LICENSES has nothing of %s %s", archive, module.Path, module.Version)
			}
		}
	}
	return nil
}

// isVersion tells whether a program of the version that Go gives it belongs to
// files of c.version: v1.2.3 to 1.2.3, and a snapshot of a commit to 1.2.3-COMMIT.
func (c *checker) isVersion(built string) bool {
	if built == "v"+c.version {
		return true
	}
	_, commit, snapshot := strings.Cut(c.version, "-")
	return snapshot && !strings.Contains(built, "+") && strings.Contains(built, "-"+commit)
}

// emulators run programs of other processors, by GOARCH, as the oldest that the
// program is for.
var emulators = map[string][]string{
	"amd64":   {"qemu-x86_64-static"},
	"arm":     {"qemu-arm-static", "-cpu", "arm1176"},
	"arm64":   {"qemu-aarch64-static", "-cpu", "cortex-a53"},
	"riscv64": {"qemu-riscv64-static"},
}

// firstCommand is what the README has to try first.
var firstCommand = []string{"rank", "does vitamin D deficiency lead to preterm birth?", "testdata/abstracts.jsonl", "-k", "5"}

// shortCommand is the same for an emulator, in which all 200 abstracts take an
// hour: the first four, of each the beginning.
func shortCommand(abstracts string) []string {
	return []string{"rank", firstCommand[1], abstracts, "-k", "5", "--max-tokens", "32", "--no-passage"}
}

func (c *checker) checkPrograms(ctx context.Context) error {
	here := c.programs["linux_"+runtime.GOARCH]
	if here == "" {
		return fmt.Errorf("the release has nothing for linux/%s", runtime.GOARCH)
	}
	all, err := rank(ctx, []string{here}, firstCommand)
	if err != nil {
		return err
	}
	if len(all) != 5 || !strings.Contains(strings.ToLower(all[0].Title), "vitamin d") {
		return fmt.Errorf("README's first command found %v", all)
	}
	first, err := c.firstAbstracts(4)
	if err != nil {
		return err
	}
	want, err := rank(ctx, []string{here}, shortCommand(first))
	if err != nil {
		return err
	}
	for _, platform := range []string{"linux_amd64", "linux_arm64", "linux_arm", "linux_riscv64"} {
		program := []string{c.programs[platform]}
		_, goarch, _ := strings.Cut(platform, "_")
		if goarch != runtime.GOARCH {
			program = slices.Concat(emulators[goarch], program)
		}
		said, err := output(ctx, program[0], slices.Concat(program[1:], []string{"--version"})...)
		if err != nil {
			return err
		}
		var name, version, compiler, target string
		fmt.Sscan(said, &name, &version, &compiler, &target)
		if name != "toller" || !c.isVersion(version) || target != "linux/"+goarch+")" {
			return fmt.Errorf("%s says %q, expected version %s", platform, said, c.version)
		}
		found, err := rank(ctx, program, shortCommand(first))
		if err != nil {
			return err
		}
		if err := sameRanking(found, want); err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		fmt.Fprintf(os.Stderr, "release: %s: %s\n", platform, said)
	}
	return nil
}

// firstAbstracts writes a file with the first n of testdata/abstracts.jsonl.
func (c *checker) firstAbstracts(n int) (path string, err error) {
	text, err := os.ReadFile(firstCommand[2])
	if err != nil {
		return "", err
	}
	lines := bytes.SplitAfterN(text, []byte("\n"), n+1)
	path = filepath.Join(c.work, "abstracts.jsonl")
	return path, os.WriteFile(path, bytes.Join(lines[:n], nil), 0o644)
}

// hit is a document of a ranking.
type hit struct {
	ID, Title string
	Score     float64
}

// rank runs a program with a command and returns the hits it found.
func rank(ctx context.Context, program, args []string) ([]hit, error) {
	text, err := output(ctx, program[0], slices.Concat(program[1:], args, []string{"--json"})...)
	if err != nil {
		return nil, err
	}
	var ranking struct{ Hits []hit }
	if err := json.Unmarshal([]byte(text), &ranking); err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return ranking.Hits, nil
}

// sameRanking allows scores to differ by what rounding of float32 does in two
// orders of summation, as the whole library does.
func sameRanking(found, want []hit) error {
	if len(found) != len(want) {
		return fmt.Errorf("%d hits, expected %d", len(found), len(want))
	}
	for i := range want {
		if found[i].ID != want[i].ID || math.Abs(found[i].Score-want[i].Score) > 1e-4 {
			return fmt.Errorf("hit %d is %s with %.6f, expected %s with %.6f", i+1, found[i].ID, found[i].Score, want[i].ID, want[i].Score)
		}
	}
	return nil
}

func (c *checker) checkFormula(ctx context.Context) error {
	_, err := output(ctx, "ruby", "-wc", filepath.Join(c.release, "toller.rb"))
	return err
}

// removeAll removes a folder, read-only folders in it too: Nix makes such.
func removeAll(folder string) error {
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(path, 0o755)
		}
		return err
	})
	return errors.Join(err, os.RemoveAll(folder))
}
