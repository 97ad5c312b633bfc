package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// shells are those that the command can complete for, and what they call the file.
var shells = map[string]string{"bash": "toller.bash", "zsh": "_toller", "fish": "toller.fish", "powershell": "toller.ps1"}

// extras makes what goes into packages beside the program and isn't in the
// repository: manual pages (in man, and compressed in man.gz, as Debian wants
// them), completions for shells, and THIRD_PARTY_LICENSES. It goes into the folder
// extras of the clone, where goreleaser finds it and git is told to overlook it:
// to Go, the commit is unchanged.
func extras(ctx context.Context, clone string) error {
	if err := os.WriteFile(filepath.Join(clone, ".git", "info", "exclude"), []byte("/extras/\n"), 0o644); err != nil {
		return err
	}
	folder := filepath.Join(clone, "extras")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	toller := filepath.Join(folder, "toller")
	build := command(ctx, clone, "go", "build", "-trimpath", "-buildvcs=true", "-o", toller, "./edge/cmd/toller")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	man, compressed, completions := filepath.Join(folder, "man"), filepath.Join(folder, "man.gz"), filepath.Join(folder, "completions")
	if err := command(ctx, clone, toller, "manual", man).Run(); err != nil {
		return fmt.Errorf("toller manual: %w", err)
	}
	for _, dir := range []string{compressed, completions} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	pages, err := os.ReadDir(man)
	if err != nil {
		return err
	}
	for _, page := range pages {
		if err := compress(filepath.Join(compressed, page.Name()+".gz"), filepath.Join(man, page.Name())); err != nil {
			return err
		}
	}
	for shell, name := range shells {
		text, err := output(ctx, toller, "completion", shell)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(completions, name), []byte(text+"\n"), 0o644); err != nil {
			return err
		}
	}
	text, err := licences(ctx, clone)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "THIRD_PARTY_LICENSES"), text, 0o644)
}

// compress writes a file with gzip, without its name and time.
func compress(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}
