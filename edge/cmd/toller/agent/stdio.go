package agent

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// messageBytes is how long a message of a client may be.
const messageBytes = 4 << 20

// ServeStdio serves one client that writes a message a line into in and reads them
// from out, until it closes in, which is no error, or ctx ends.
func (s *Server) ServeStdio(ctx context.Context, in io.ReadCloser, out io.Writer) error {
	answers := &lineWriter{out: out, open: newUnanswered()}
	messages := newLineReader(in, answers)
	session, err := s.mcp.Connect(ctx, &mcp.IOTransport{
		Reader: messages,
		Writer: answers,
		// The lines are checked, and shorter, but a decoder may have read ahead.
		MaxLineLength: 2*messageBytes + lineAhead,
	}, nil)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = session.Close() }) // what it says is that ctx has ended
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- session.Wait() }()
	select {
	case err = <-ended:
	case <-messages.over:
		select {
		case err = <-ended:
		case <-time.After(patience): // the client doesn't take what is written
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// lineWriter writes the lines of several goroutines, each whole.
type lineWriter struct {
	mu   sync.Mutex
	out  io.Writer
	open *unanswered
}

func (w *lineWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.out.Write(line)
	w.open.answered(line)
	return n, err
}

// Close leaves the stream open, which is the caller's.
func (w *lineWriter) Close() error { return nil }
