//go:build js

package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"syscall/js"
)

// maxFileSize is more than a page's memory has room for.
const maxFileSize = 3 << 30

// files are those of a model that is being loaded, by name.
type files map[string]*file

type file struct {
	content []byte
	digest  hash.Hash // nil where nobody asks for it
}

// handleFiles adds the methods by which the files of a model come and, for
// another worker, go. Every call names the file: {name}.
func (s *Session) handleFiles() {
	s.files = files{}
	s.Handle("files.create", s.createFile)
	s.Handle("files.append", s.appendFile)
	s.Handle("files.finish", s.finishFile)
	s.Handle("files.read", s.readFile)
	s.Handle("files.release", s.releaseFiles)
}

// createFile begins a file of {size} bytes, 0 if nobody knows. With {digest}, its
// SHA-256 is computed on the way.
func (s *Session) createFile(_ context.Context, a js.Value) (any, error) {
	size := a.Get("size").Int()
	name := a.Get("name").String()
	if size < 0 || size > maxFileSize {
		return nil, fmt.Errorf("%s: expected 0 to %d bytes, found %d", name, maxFileSize, size)
	}
	f := &file{content: make([]byte, 0, size)}
	if a.Get("digest").Truthy() {
		f.digest = sha256.New()
	}
	s.files[name] = f
	return nil, nil
}

// appendFile adds {bytes}, a Uint8Array, to a file.
func (s *Session) appendFile(_ context.Context, a js.Value) (any, error) {
	f, err := s.file(a)
	if err != nil {
		return nil, err
	}
	bytes := a.Get("bytes")
	before, n := len(f.content), bytes.Length()
	f.content = slices.Grow(f.content, n)[:before+n]
	js.CopyBytesToGo(f.content[before:], bytes)
	if f.digest != nil {
		f.digest.Write(f.content[before:])
	}
	return nil, nil
}

// finishFile returns the {size} of a file that is complete and, where it was asked
// for, its {sha256}.
func (s *Session) finishFile(_ context.Context, a js.Value) (any, error) {
	f, err := s.file(a)
	if err != nil {
		return nil, err
	}
	result := map[string]any{"size": len(f.content)}
	if f.digest != nil {
		result["sha256"] = hex.EncodeToString(f.digest.Sum(nil))
	}
	return result, nil
}

// readFile returns a new Uint8Array of up to {length} bytes of a file from {offset}
// on.
func (s *Session) readFile(_ context.Context, a js.Value) (any, error) {
	f, err := s.file(a)
	if err != nil {
		return nil, err
	}
	offset, length := a.Get("offset").Int(), a.Get("length").Int()
	if offset < 0 || length < 0 || offset > len(f.content) {
		return nil, fmt.Errorf("%s: expected a range within %d bytes, found %d from %d on", a.Get("name").String(), len(f.content), length, offset)
	}
	return bytesToJS(f.content[offset:min(offset+length, len(f.content))]), nil
}

// releaseFiles lets go of the files. What an open model uses of them stays.
func (s *Session) releaseFiles(context.Context, js.Value) (any, error) {
	s.files = files{}
	return nil, nil
}

func (s *Session) file(a js.Value) (*file, error) {
	name := a.Get("name").String()
	f := s.files[name]
	if f == nil {
		return nil, fmt.Errorf("there is no file %q", name)
	}
	return f, nil
}

// only returns the content of the only file.
func (f files) only() ([]byte, error) {
	if len(f) != 1 {
		return nil, errors.New("a packed model is one file")
	}
	for _, file := range f {
		return file.content, nil
	}
	return nil, nil
}

// contents returns what the files hold, by name.
func (f files) contents() map[string][]byte {
	all := make(map[string][]byte, len(f))
	for name, file := range f {
		all[name] = file.content
	}
	return all
}
