//go:build unix

package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Told to stop, a server finishes what it is answering and takes nothing new.
func TestServeStopsGracefully(t *testing.T) {
	cmd, url := startServe(t, nil)
	type result struct {
		status int
		text   string
	}
	done := make(chan result, 1)
	go func() {
		status, text := ask(t, url+"/v1/rerank", rerankBody(t, longTexts(t)[:60]))
		done <- result{status, text}
	}()
	waitForWork(t, url)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if r := <-done; r.status != 200 || strings.Count(r.text, `"index"`) != 60 {
		t.Errorf("status %d: %.200s", r.status, r.text)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitTerminated {
		t.Errorf("exit code %d, want %d", code, exitTerminated)
	}
	if _, err := http.Get(url + "/health"); err == nil {
		t.Error("it still answers")
	}
}

// Idle, it stops at once.
func TestServeInterrupted(t *testing.T) {
	cmd, _ := startServe(t, nil)
	began := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || time.Since(began) > 5*time.Second {
		t.Errorf("exit code %d after %v", code, time.Since(began))
	}
}

// A socket is handed over as systemd does: as file 3, with the process's own id.
func TestServeSocketActivation(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	serve := command(t, "serve", "--listen", "256.0.0.0:1") // isn't looked at
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"`, "sh", serve.Path, serve.Args[1], serve.Args[2], serve.Args[3])
	cmd.Env, cmd.ExtraFiles = serve.Env, []*os.File{file}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	file.Close()
	// Nobody waits for it to be ready: the socket is there already.
	if status, text := ask(t, "http://"+listener.Addr().String()+"/v1/rerank", rerankBody(t, []string{"d"})); status != 200 {
		t.Errorf("status %d: %s", status, text)
	}
}

// longTexts take a good while to rank.
func longTexts(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(abstracts)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for line := range strings.Lines(string(data)) {
		var record struct{ Text string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, record.Text)
	}
	return texts
}

// waitForWork waits until a server has encoded something.
func waitForWork(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(a.Body)
		a.Body.Close()
		if !strings.Contains(string(text), "\ntoller_documents_encoded_total 0\n") {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}
