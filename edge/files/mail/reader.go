package mail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/toller-search/toller/edge/files/extract"
)

// Reader returns a reader of mail for [extract.Options].
func Reader() extract.Reader {
	return extract.Reader{Format: "mail", Endings: []string{".eml", ".mbox", ".mbx"}, Read: read}
}

func read(ctx context.Context, in *extract.Input) error {
	file := bufio.NewReaderSize(io.NewSectionReader(in, 0, in.Size()), 64<<10)
	begin, _ := file.Peek(len(separator))
	if string(begin) == separator || strings.ToLower(path.Ext(in.Name())) != ".eml" {
		return readMailbox(ctx, in, file)
	}
	d, err := readMessage(ctx, in, file)
	if err != nil {
		return err
	}
	in.Emit(d)
	return nil
}

// separator begins the line before each message of a mailbox.
const separator = "From "

// readMailbox reads the messages of a mailbox one by one.
func readMailbox(ctx context.Context, in *extract.Input, file *bufio.Reader) error {
	var message bytes.Buffer
	n, long := 0, false
	emit := func() bool {
		if n == 0 {
			return true
		}
		d := extract.Document{Part: fmt.Sprintf("message %d", n), Record: n}
		if long {
			return in.Bad(d, extract.Refuse(extract.ErrTooLarge, "has more than %d bytes, the limit", in.Options().MaxText))
		}
		read, err := readMessage(ctx, in, &message)
		if err != nil {
			return in.Bad(d, err)
		}
		read.Part, read.Record = d.Part, d.Record
		return in.Emit(read)
	}
	blank, start := true, true
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, err := file.ReadSlice('\n')
		switch {
		case start && blank && bytes.HasPrefix(line, []byte(separator)):
			if !emit() {
				return nil
			}
			n++
			message.Reset()
			long = false
		case n == 0 && len(bytes.TrimSpace(line)) > 0:
			return errors.New(`is no mailbox: its first line doesn't begin with "From "`)
		default:
			if unquoted := bytes.TrimLeft(line, ">"); start && len(unquoted) < len(line) && bytes.HasPrefix(unquoted, []byte(separator)) {
				line = line[1:]
			}
			if long = long || int64(message.Len()+len(line)) > in.Options().MaxText; !long {
				message.Write(line)
			}
		}
		blank = start && len(bytes.TrimSpace(line)) == 0 && err != bufio.ErrBufferFull
		start = err != bufio.ErrBufferFull
		switch {
		case err == io.EOF:
			emit()
			return nil
		case err != nil && err != bufio.ErrBufferFull:
			return err
		}
	}
}
