package extract

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"strings"
)

// readGZIP reads what is packed in a file: as a file of its own, whose name is that of
// the file without the last ending.
func readGZIP(in *input) error {
	z, err := gzip.NewReader(io.NewSectionReader(in.r, 0, in.size))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for {
		n, err := io.CopyN(&out, z, 1<<20)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("unpacking, after %d bytes: %w", int64(out.Len())+n, err)
		}
		if err := in.ctx.Err(); err != nil {
			return err
		}
		if int64(out.Len()) > in.options.MaxText {
			return tooMuch(in.options.MaxText)
		}
		if int64(out.Len()) > ratioFrom && int64(out.Len())/maxRatio > in.size {
			return Refuse(ErrTooLarge, "unpacks to more than %d times its size", maxRatio)
		}
	}
	name := strings.TrimSuffix(in.name, path.Ext(in.name))
	for d, err := range in.inner(name, bytes.NewReader(out.Bytes()), int64(out.Len())) {
		if in.stopped = !in.yield(d, err); in.stopped {
			break
		}
	}
	return nil
}
