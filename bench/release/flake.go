package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed flake.nix.tmpl
var flakeTemplate string

// systems are the names that Nix has for platforms with an archive it can unpack.
var systems = []struct{ Nix, Go string }{
	{"aarch64-darwin", "darwin_arm64"},
	{"aarch64-linux", "linux_arm64"},
	{"armv6l-linux", "linux_arm"},
	{"armv7l-linux", "linux_arm"},
	{"riscv64-linux", "linux_riscv64"},
	{"x86_64-darwin", "darwin_amd64"},
	{"x86_64-linux", "linux_amd64"},
}

// writeFlake writes flake.nix for the archives of a release, and an archive of it,
// which nix run takes by its address.
func writeFlake(dist, release string) error {
	text, err := os.ReadFile(filepath.Join(dist, "metadata.json"))
	if err != nil {
		return err
	}
	var meta struct{ Tag, Version string }
	if err := json.Unmarshal(text, &meta); err != nil {
		return fmt.Errorf("metadata.json: %w", err)
	}
	published, err := readSums(release)
	if err != nil {
		return err
	}
	type archive struct{ System, Name, Hash string }
	flake := struct {
		Version, Release string
		Archives         []archive
	}{Version: meta.Version, Release: downloads + "/" + meta.Tag}
	for _, system := range systems {
		name := fmt.Sprintf("toller_%s_%s.tar.gz", meta.Version, system.Go)
		sum, there := published[name]
		if !there {
			return fmt.Errorf("%s is not in SHA256SUMS", name)
		}
		flake.Archives = append(flake.Archives, archive{system.Nix, name, "sha256-" + base64.StdEncoding.EncodeToString(sum)})
	}
	var b bytes.Buffer
	if err := template.Must(template.New("flake.nix").Parse(flakeTemplate)).Execute(&b, flake); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(release, "flake.nix"), b.Bytes(), 0o644); err != nil {
		return err
	}
	return writeFlakeArchive(filepath.Join(release, "toller_nix.tar.gz"), b.Bytes())
}

// downloads is where the files of a release with some tag are, in its folder.
const downloads = "https://github.com/toller-search/toller/releases/download"

func writeFlakeArchive(path string, flake []byte) error {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	tape := tar.NewWriter(zip)
	if err := tape.WriteHeader(&tar.Header{Name: "toller/flake.nix", Mode: 0o644, Size: int64(len(flake))}); err != nil {
		return err
	}
	if _, err := tape.Write(flake); err != nil {
		return err
	}
	if err := tape.Close(); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// readSums reads SHA256SUMS of a release.
func readSums(release string) (map[string][]byte, error) {
	path := filepath.Join(release, "SHA256SUMS")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]byte)
	for line := range strings.Lines(string(text)) {
		digits, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		sum, err := hex.DecodeString(digits)
		if err != nil || len(sum) != 32 || name == "" {
			return nil, fmt.Errorf("%s: expected a sum and a name, found %q", path, line)
		}
		all[name] = sum
	}
	return all, nil
}
