package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer/simd"
)

// A child is a runtime in a process of its own, which answers a line with a
// line. runners/onnx.cjs describes the protocol.
type child struct {
	title  string
	head   *heads.Head // what the process leaves out; nil for nothing
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	answer *bufio.Scanner
	stderr tail
}

// grace is how long a child may take to end after its input has ended.
const grace = 5 * time.Second

// maxAnswer bounds the memory of an answer, in bytes: a vector in decimals.
const maxAnswer = 1 << 20

// start runs the program in folder dir and waits until it is ready.
func (c *child) start(ctx context.Context, dir, program string, arguments []string) error {
	c.cmd = exec.Command(program, arguments...)
	c.cmd.Dir = dir
	c.cmd.Stderr = &c.stderr
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	c.answer = bufio.NewScanner(stdout)
	c.answer.Buffer(nil, maxAnswer)
	if err := c.cmd.Start(); err != nil {
		return err
	}
	line, err := c.ask(ctx, "")
	if err == nil && !strings.HasPrefix(line, "ready") {
		err = fmt.Errorf("expected a line that starts with ready, found %q", line)
	}
	if err != nil {
		return errors.Join(err, c.close())
	}
	return nil
}

// ask writes a request, unless it is empty, and reads a line. A child that
// isn't done when ctx is gets killed.
func (c *child) ask(ctx context.Context, request string) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.cmd.Process.Kill() })
	defer stop()
	var err error
	if request != "" {
		_, err = io.WriteString(c.stdin, request)
	}
	if err == nil && c.answer.Scan() {
		return c.answer.Text(), nil
	}
	if ctx.Err() != nil {
		return "", fmt.Errorf("no answer: %w", ctx.Err())
	}
	// What it has to say about its end is complete when it has ended.
	return "", errors.Join(errors.New("it ended without an answer"), err, c.answer.Err(), c.close())
}

func (c *child) run(ctx context.Context, least time.Duration, documents [][]int32) (time.Duration, []float32, error) {
	line, err := c.ask(ctx, request(least, documents))
	if err != nil {
		return 0, nil, err
	}
	milliseconds, vector, err := readAnswer(line)
	if err != nil {
		return 0, nil, err
	}
	if c.head != nil {
		if len(vector) != c.head.In() {
			return 0, nil, fmt.Errorf("expected a state of %d numbers, found %d", c.head.In(), len(vector))
		}
		projected := make([]float32, c.head.Out())
		c.head.Apply(projected, vector, 1)
		vector = projected
	}
	simd.L2Normalize(vector, len(vector))
	return time.Duration(milliseconds * float64(time.Millisecond)), vector, nil
}

// close ends the process. It may be called again.
func (c *child) close() error {
	if c.cmd.ProcessState != nil {
		return nil
	}
	_ = c.stdin.Close() // the child may have ended before
	kill := time.AfterFunc(grace, func() { _ = c.cmd.Process.Kill() })
	defer kill.Stop()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", c.title, err, c.stderr.String())
	}
	return nil
}

// request writes documents in the form that runners/onnx.cjs describes.
func request(least time.Duration, documents [][]int32) string {
	line := strconv.AppendFloat(nil, least.Seconds()*1e3, 'f', -1, 64)
	for i, document := range documents {
		if i > 0 {
			line = append(line, ';')
		}
		for j, id := range document {
			if i == 0 || j > 0 {
				line = append(line, ' ')
			}
			line = strconv.AppendInt(line, int64(id), 10)
		}
	}
	return string(append(line, '\n'))
}

// readAnswer reads milliseconds and a vector, separated by spaces.
func readAnswer(line string) (milliseconds float64, vector []float32, err error) {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return 0, nil, fmt.Errorf("expected a time and a vector, found %q", line)
	}
	if milliseconds, err = strconv.ParseFloat(fields[0], 64); err != nil || !(milliseconds > 0) {
		return 0, nil, fmt.Errorf("expected a positive time, found %q", fields[0])
	}
	for _, field := range fields[1:] {
		v, err := strconv.ParseFloat(field, 32)
		if err != nil {
			return 0, nil, fmt.Errorf("expected a number in the vector, found %q", field)
		}
		vector = append(vector, float32(v))
	}
	return milliseconds, vector, nil
}

// A tail keeps the end of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 500
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(0, len(t.kept)-most):]
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.kept)) }
