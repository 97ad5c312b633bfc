//go:build !unix && !windows

package weights

import (
	"io"
	"os"
)

func mapContent(f *os.File, size int) ([]byte, error) {
	content := make([]byte, size)
	_, err := io.ReadFull(f, content)
	return content, err
}

func unmap([]byte) error { return nil }

func release([]byte) {}
