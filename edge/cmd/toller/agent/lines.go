package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// lineAhead is how much of a stream is read at once.
const lineAhead = 64 << 10

// lineReader passes the lines of a client on that are messages. Others it answers
// with an error, as JSON-RPC has it; the SDK would end the session. A batch, which
// protocol 2025-03-26 has and later ones haven't, becomes a line for each message.
//
// The SDK works on all that it has read at once, and at the end of the stream on
// nothing any more. So that a client may write all that it has to say and close the
// stream, what follows initialize, and the end, are held back until there is an answer
// to what came before.
type lineReader struct {
	in      io.ReadCloser
	lines   *bufio.Reader
	answers *lineWriter
	ready   []byte        // checked, and not yet read
	begins  bool          // the last message was initialize
	over    chan struct{} // closed at the end of the stream
}

// patience is how long the end of the stream is held back at most, and how long after
// it a session may take to end.
const patience = 2 * time.Second

func newLineReader(in io.ReadCloser, answers *lineWriter) *lineReader {
	return &lineReader{in: in, lines: bufio.NewReaderSize(in, lineAhead), answers: answers, over: make(chan struct{})}
}

func (r *lineReader) Close() error {
	r.answers.open.forget()
	return r.in.Close()
}

func (r *lineReader) Read(p []byte) (int, error) {
	for len(r.ready) == 0 {
		if r.begins {
			r.answers.open.wait(patience)
			r.begins = false
		}
		line, err := r.line()
		if errors.Is(err, errLongLine) {
			err = r.refuse(nil, jsonrpc.CodeInvalidRequest, err)
		}
		if err == nil {
			err = r.take(bytes.TrimSpace(line))
		}
		if err == io.EOF {
			r.end()
		}
		if err != nil {
			return 0, err
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// end holds the end of the stream back, the first time that it is read.
func (r *lineReader) end() {
	select {
	case <-r.over:
	default:
		r.answers.open.wait(patience)
		close(r.over)
	}
}

var errLongLine = fmt.Errorf("the message is longer than %d bytes", messageBytes)

// line reads the next line. Of one that is too long nothing is kept.
func (r *lineReader) line() ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.lines.ReadSlice('\n')
		if long = long || len(line)+len(part) > messageBytes; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || err == io.EOF):
			return nil, errLongLine
		case err == io.EOF && len(line) > 0:
			return line, nil
		}
		return line, err
	}
}

// take makes a line ready, or answers it.
func (r *lineReader) take(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	if !json.Valid(line) {
		return r.refuse(nil, jsonrpc.CodeParseError, errors.New("the line is not JSON: expected one JSON-RPC message a line"))
	}
	messages := []json.RawMessage{line}
	if line[0] == '[' {
		if err := json.Unmarshal(line, &messages); err != nil {
			return err // it is valid
		}
		if len(messages) == 0 {
			return r.refuse(nil, jsonrpc.CodeInvalidRequest, errors.New("the batch is empty"))
		}
	}
	for _, m := range messages {
		var compact bytes.Buffer
		if err := json.Compact(&compact, m); err != nil {
			return err // it is valid
		}
		message, err := jsonrpc.DecodeMessage(compact.Bytes())
		if err == nil {
			err = r.pass(message, compact.Bytes())
		}
		if err != nil {
			if err := r.refuse(m, jsonrpc.CodeInvalidRequest, err); err != nil {
				return err
			}
			continue
		}
		r.ready = append(append(r.ready, compact.Bytes()...), '\n')
	}
	return nil
}

// pass notes a request that is about to be passed on, unless its id is one under which
// the SDK wouldn't answer: it makes a whole number of 64 bits of every number.
func (r *lineReader) pass(message jsonrpc.Message, line []byte) error {
	request, ok := message.(*jsonrpc.Request)
	if !ok {
		return nil
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(line, &fields) // it has been decoded already
	if n, err := strconv.ParseFloat(string(fields["id"]), 64); err == nil && (n != math.Trunc(n) || math.Abs(n) >= 1<<53) {
		return errors.New("expected an id that is a string or a whole number of at most 53 bits")
	}
	switch request.Method {
	case "notifications/cancelled":
		var given struct {
			ID any `json:"requestId"`
		}
		_ = json.Unmarshal(request.Params, &given) // it may have none
		r.answers.open.remove(given.ID)
	case "subscriptions/listen": // the answer is the end of a stream
	default:
		r.answers.open.add(request.ID.Raw())
	}
	r.begins = request.Method == "initialize"
	return nil
}

// refuse answers a message with an error, under its id if it has one.
func (r *lineReader) refuse(message []byte, code int64, reason error) error {
	var request struct {
		ID json.RawMessage `json:"id"`
	}
	_ = json.Unmarshal(message, &request) // no object has no id
	if !bytes.ContainsAny(request.ID[:min(len(request.ID), 1)], `"-0123456789`) {
		request.ID = nil
	}
	answer, err := json.Marshal(struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   jsonrpc.Error   `json:"error"`
	}{"2.0", request.ID, jsonrpc.Error{Code: code, Message: reason.Error()}})
	if err == nil {
		_, err = r.answers.Write(append(answer, '\n'))
	}
	return err
}
