package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// pdfiumLicences are those of a library that a module embeds without them.
//
//go:embed licences/pdfium.txt
var pdfiumLicences []byte

// licencePlatforms are those that between them link every module: an instruction
// set with kernels and one without, and each system.
var licencePlatforms = []string{"linux/amd64", "linux/riscv64", "darwin/arm64", "windows/amd64"}

// licences is the text that whoever passes the command on has to pass on with it:
// the licences of Go, and of each module that is linked on some platform.
func licences(ctx context.Context, clone string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("toller is under the Apache License 2.0: see LICENSE. MODEL.md is about the model inside.\n" +
		"What else is linked into the program has these licences.\n")
	root, err := output(ctx, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	// folders are those with packages that are linked, by module.
	folders := map[string][]string{"Go": {root}}
	tops := map[string]string{"Go": root}
	for _, platform := range licencePlatforms {
		list := command(ctx, clone, "go", "list", "-deps", "-f",
			"{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}", "./edge/cmd/toller")
		goos, goarch, _ := strings.Cut(platform, "/")
		list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
		list.Stdout = nil
		text, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", platform, err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Split(strings.TrimSpace(line), "\t")
			if len(fields) != 3 {
				continue // a package of Go's or of toller's
			}
			tops[fields[0]] = fields[1]
			folders[fields[0]] = append(folders[fields[0]], fields[2])
		}
	}
	modules := make([]string, 0, len(tops))
	for module := range tops {
		modules = append(modules, module)
	}
	slices.SortFunc(modules, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	for _, module := range modules {
		files, err := licenceFiles(tops[module], folders[module])
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s: %s has no licence", module, tops[module])
		}
		for _, file := range files {
			heading := module
			if in, err := filepath.Rel(tops[module], file); err == nil && filepath.Dir(in) != "." {
				heading += ", " + filepath.ToSlash(filepath.Dir(in))
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			if !utf8.Valid(text) {
				return nil, fmt.Errorf("%s is not in UTF-8", file)
			}
			fmt.Fprintf(&b, "\n==== %s: %s ====\n\n%s\n", heading, filepath.Base(file), bytes.TrimSpace(text))
		}
		if strings.HasPrefix(module, "github.com/klippa-app/go-pdfium ") {
			fmt.Fprintf(&b, "\n==== %s, pdfium.wasm ====\n\n%s\n", module, bytes.TrimSpace(pdfiumLicences))
		}
	}
	return b.Bytes(), nil
}

// licenceFiles are the files with licences and notices in the folders of packages,
// and in those above them up to a module's top.
func licenceFiles(top string, folders []string) ([]string, error) {
	seen := make(map[string]bool)
	var files []string
	for _, folder := range folders {
		for ; !seen[folder]; folder = filepath.Dir(folder) {
			seen[folder] = true
			entries, err := os.ReadDir(folder)
			if err != nil {
				return nil, err
			}
			for _, entry := range entries {
				if !entry.IsDir() && isLicence(entry.Name()) {
					files = append(files, filepath.Join(folder, entry.Name()))
				}
			}
			if folder == top {
				break
			}
		}
	}
	slices.Sort(files)
	return files, nil
}

// isLicence tells by a file's name. Go code such as license.go is none.
func isLicence(name string) bool {
	name = strings.ToUpper(name)
	if strings.HasSuffix(name, ".GO") {
		return false
	}
	for _, start := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE"} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}
