// Command pages checks that shared libraries, or those in an .aar, can be loaded where the
// system has pages of 16 kB: every segment that is loaded must be aligned to that.
//
//	go run ./pages toller-core.aar
package main

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const pageSize = 16 << 10

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: pages FILE…")
		os.Exit(2)
	}
	for _, path := range os.Args[1:] {
		if err := check(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(1)
		}
	}
}

func check(path string) error {
	if !strings.HasSuffix(path, ".aar") {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return checkLibrary(path, f)
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer archive.Close()
	libraries := 0
	for _, entry := range archive.File {
		if !strings.HasSuffix(entry.Name, ".so") {
			continue
		}
		libraries++
		r, err := entry.Open()
		if err != nil {
			return err
		}
		content, err := io.ReadAll(r)
		r.Close()
		if err == nil {
			err = checkLibrary(entry.Name, bytes.NewReader(content))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", entry.Name, err)
		}
	}
	if libraries == 0 {
		return errors.New("expected shared libraries, found none")
	}
	return nil
}

func checkLibrary(name string, r io.ReaderAt) error {
	f, err := elf.NewFile(r)
	if err != nil {
		return err
	}
	defer f.Close()
	segments := 0
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		segments++
		// Of 32 bits there are no devices with large pages.
		if f.Class == elf.ELFCLASS64 && p.Align < pageSize {
			return fmt.Errorf("segment %d: expected p_align of %d or more, found %d", segments-1, pageSize, p.Align)
		}
	}
	if segments == 0 {
		return errors.New("expected segments to load, found none")
	}
	fmt.Printf("%s: %s, %d segments aligned\n", name, f.Machine, segments)
	return nil
}
