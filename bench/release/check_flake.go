package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checkFlake has Nix evaluate the flake for every system, and build it for this one
// from the archive at hand: the address of a release that isn't published yet is
// replaced by the folder. The stand-in for nixpkgs in testdata has what the flake
// calls, in the smallest form that unpacks and installs.
func (c *checker) checkFlake(ctx context.Context) error {
	flake := filepath.Join(c.work, "flake")
	if err := unpackTar(filepath.Join(c.release, "toller_nix.tar.gz"), flake); err != nil {
		return err
	}
	flake = filepath.Join(flake, "toller")
	path := filepath.Join(flake, "flake.nix")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	address := downloads + "/"
	start := strings.Index(string(text), address)
	if start < 0 {
		return fmt.Errorf("flake.nix has no address in %s", address)
	}
	end := start + strings.IndexByte(string(text[start:]), '"')
	local := string(text[:start]) + "file://" + c.release + string(text[end:])
	if err := os.WriteFile(path, []byte(local), 0o644); err != nil {
		return err
	}
	nixpkgs, err := filepath.Abs("bench/release/testdata/nixpkgs")
	if err != nil {
		return err
	}
	nix := func(args ...string) (string, error) {
		run := command(ctx, flake, "nix", append([]string{
			"--extra-experimental-features", "nix-command flakes", "--option", "sandbox", "false",
			"--option", "build-users-group", "", "--option", "substituters", "",
		}, args...)...)
		run.Stdout = nil
		state := filepath.Join(c.work, "nix")
		run.Env = append(os.Environ(), "HOME="+c.work, "XDG_CACHE_HOME="+filepath.Join(state, "cache"), "NIX_CONF_DIR="+state,
			"NIX_STORE_DIR="+filepath.Join(state, "store"), "NIX_STATE_DIR="+filepath.Join(state, "var"), "NIX_LOG_DIR="+filepath.Join(state, "log"))
		said, err := run.Output()
		if err != nil {
			return "", fmt.Errorf("nix %s: %w", args[0], err)
		}
		return strings.TrimSpace(string(said)), nil
	}
	standIn := []string{"--override-input", "nixpkgs", "path:" + nixpkgs, "--no-write-lock-file"}
	for _, system := range systems {
		drv, err := nix(append([]string{"eval", "--raw", "path:.#packages." + system.Nix + ".default.drvPath"}, standIn...)...)
		if err != nil {
			return err
		}
		if !strings.Contains(drv, "toller-"+c.version) {
			return fmt.Errorf("nix eval for %s gives %s, expected toller-%s", system.Nix, drv, c.version)
		}
	}
	result := filepath.Join(c.work, "result")
	if _, err := nix(append([]string{"build", "--out-link", result, "path:.#default"}, standIn...)...); err != nil {
		return err
	}
	for _, name := range []string{"share/man/man1/toller.1", "share/doc/toller/THIRD_PARTY_LICENSES", "share/bash-completion/completions/toller"} {
		if _, err := os.Stat(filepath.Join(result, name)); err != nil {
			return err
		}
	}
	said, err := output(ctx, filepath.Join(result, "bin", "toller"), "--version")
	if err != nil {
		return err
	}
	if !c.isVersion(firstVersion([]byte(said))) {
		return fmt.Errorf("the program says %q, expected version %s", said, c.version)
	}
	return nil
}
