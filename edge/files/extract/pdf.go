package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	pdfHeader    = "%PDF-"
	maxPDFPrefix = 1024 // bytes that may stand before the header

	// pdfMemory is what the process that reads a PDF may use beside the file.
	pdfMemory = 64 << 20
	// pdfGrace is how long after its time the process is ended from outside.
	pdfGrace = time.Second
)

// pdfTask is what the process that reads a PDF is told, as JSON in the
// environment variable pdfVariable.
type pdfTask struct {
	Size     int64 // of the file
	MaxText  int64
	MaxPages int
	Time     time.Duration
	Memory   int64
}

const (
	pdfVariable = "TOLLER_EXTRACT_PDF"
	// pdfWatch begins what the process leaves on its standard error when it
	// exceeds its bounds.
	pdfWatch = "toller: "
)

// pdfMessage is a line that the process writes: a page's text, and at the end
// either what the document says of itself or what went wrong.
type pdfMessage struct {
	Page   string `json:",omitempty"`
	Pages  int    `json:",omitempty"` // of the document; only in the last message
	Unread int    `json:",omitempty"` // of them: there were errors in them
	Title  string `json:",omitempty"`
	Author string `json:",omitempty"`
	Date   string `json:",omitempty"`
	Error  string `json:",omitempty"`
}

// readPDF has a PDF read by a process of its own.
func readPDF(in *input) error {
	if os.Getenv(pdfVariable) != "" {
		return errors.New("is a PDF in the process that reads PDFs")
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("starting a process to read it: %w", err)
	}
	task := pdfTask{in.size, in.options.MaxText, in.options.MaxPages, in.options.Time, in.size + pdfMemory}
	if end, ok := in.ctx.Deadline(); ok {
		task.Time = min(task.Time, time.Until(end))
	}
	said, err := json.Marshal(task)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(in.ctx, task.Time+pdfGrace)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), pdfVariable+"="+string(said))
	cmd.Stdin = io.NewSectionReader(in.r, 0, in.size)
	cmd.WaitDelay = pdfGrace
	var stderr limitedBuffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting a process to read it: %w", err)
	}
	d, err := pdfDocument(out, in.options.MaxText)
	if err != nil {
		cancel() // it may be stuck, or not done writing
	}
	waited := cmd.Wait()
	switch {
	case in.ctx.Err() != nil:
		return in.ctx.Err()
	case errors.Is(err, errNoEnd):
		if said, ok := strings.CutPrefix(firstLine(stderr.String()), pdfWatch); ok {
			return errors.New(said)
		}
		return fmt.Errorf("the process that reads it ended: %v: %s", waited, firstLine(stderr.String()))
	case err != nil:
		return err
	}
	in.emit(d)
	return nil
}

var errNoEnd = errors.New("ends too early")

// pdfDocument puts together what the process writes.
func pdfDocument(out io.Reader, limit int64) (Document, error) {
	// Text in JSON is at most six times as long, as \u0001.
	decoder := json.NewDecoder(io.LimitReader(out, 6*limit+1<<20))
	var text strings.Builder
	for {
		var m pdfMessage
		if err := decoder.Decode(&m); err != nil {
			return Document{}, fmt.Errorf("%w: %w", errNoEnd, err)
		}
		switch {
		case m.Error != "":
			return Document{}, errors.New(m.Error)
		case m.Pages > 0:
			d := Document{Title: m.Title, Text: text.String(), Metadata: map[string]any{"pages": m.Pages}}
			if m.Unread > 0 {
				d.Metadata["unread_pages"] = m.Unread
			}
			if m.Author != "" {
				d.Metadata["author"] = m.Author
			}
			if m.Date != "" {
				d.Metadata["created"] = m.Date
			}
			return d, nil
		case int64(text.Len()+len(m.Page)) > limit:
			return Document{}, tooMuch(limit)
		}
		text.WriteString(m.Page)
	}
}

// limitedBuffer keeps the first bytes that are written to it.
type limitedBuffer struct{ bytes.Buffer }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := 4096 - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
