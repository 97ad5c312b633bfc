package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// unpackTar unpacks the files of a .tar.gz into a folder.
func unpackTar(archive, folder string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for tape := tar.NewReader(zipped); ; {
		header, err := tape.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := unpackFile(folder, header.Name, header.FileInfo().Mode(), tape); err != nil {
			return err
		}
	}
}

// unpackZip unpacks the files of a .zip into a folder.
func unpackZip(archive, folder string) error {
	zipped, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer zipped.Close()
	for _, file := range zipped.File {
		if file.FileInfo().IsDir() {
			continue
		}
		r, err := file.Open()
		if err != nil {
			return err
		}
		err = unpackFile(folder, file.Name, file.Mode(), r)
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func unpackFile(folder, name string, mode os.FileMode, from io.Reader) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%q lies outside", name)
	}
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode.Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
