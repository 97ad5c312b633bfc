package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
)

// asCommand makes the test binary behave as toller: child processes run the
// code under test itself, with the race detector where the tests have it.
const asCommand = "TOLLER_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// abstracts is a file with 200 scientific abstracts, one JSON object a line.
const abstracts = "../../../testdata/abstracts.jsonl"

// embedded describes the model inside.
func embedded(t *testing.T) edge.Info {
	t.Helper()
	m, err := builtin.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	return m.Info()
}

// command prepares toller as a child process without a standard input, with an
// environment that doesn't depend on who runs the tests.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "TOLLER_MODEL=", "NO_COLOR=", "TERM=xterm-256color",
		"GORACE=atexit_sleep_ms=0") // with the race detector, a process otherwise lingers for a second
	return cmd
}

// result is what a run of toller left behind.
type result struct {
	code           int
	stdout, stderr string
}

func toller(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	cmd := command(t, args...)
	cmd.Stdin = strings.NewReader(stdin)
	return finish(t, cmd)
}

func finish(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	if strings.Contains(r.stderr, "goroutine ") {
		t.Fatalf("%q panicked:\n%s", cmd.Args[1:], r.stderr)
	}
	return r
}

// want fails the test unless the run ended with that code.
func (r result) want(t *testing.T, code int) result {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", r.code, code, r.stdout, r.stderr)
	}
	return r
}

// says fails the test unless standard error has all of these.
func (r result) says(t *testing.T, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(r.stderr, part) {
			t.Errorf("standard error lacks %q:\n%s", part, r.stderr)
		}
	}
}

// decode reads JSON strictly: a field that v lacks is an error.
func decode(t *testing.T, text string, v any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		t.Fatalf("%v in:\n%.2000s", err, text)
	}
	if _, err := decoder.Token(); err != io.EOF {
		t.Fatalf("there is more than one JSON value in:\n%.2000s", text)
	}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsageErrors(t *testing.T) {
	tests := []struct {
		name string
		args []string
		says string
	}{
		{"unknown flag", []string{"--bogus"}, "unknown flag: --bogus"},
		{"unknown command", []string{"bogus"}, `unknown command "bogus"`},
		{"unknown help topic", []string{"help", "bogus"}, `"bogus"`},
		{"bad number", []string{"rank", "q", "-k", "many"}, `"many"`},
		{"no query", []string{"rank"}, "QUERY"},
		{"empty query", []string{"rank", " "}, "query is empty"},
		{"query not UTF-8", []string{"rank", "caf\xe9"}, "not valid UTF-8"},
		{"text not UTF-8", []string{"encode", "--query", "caf\xe9"}, "not valid UTF-8"},
		{"negative k", []string{"rank", "q", "-k", "-1"}, "--top is -1"},
		{"negative tokens", []string{"rank", "q", "--max-tokens", "-1"}, "--max-tokens is -1"},
		{"pool 0", []string{"rank", "q", "--pool", "0"}, "--pool is 0"},
		{"negative threads", []string{"info", "--threads=-2"}, "--threads is -2"},
		{"color", []string{"info", "--color", "pink"}, `--color is "pink"`},
		{"format", []string{"rank", "q", "--format", "xml"}, `--format is "xml"`},
		{"explain without query", []string{"explain"}, "QUERY"},
		{"explain two paths", []string{"explain", "q", "a", "b"}, `"b"`},
		{"explain text and path", []string{"explain", "q", "a", "--text", "b"}, "--text"},
		{"explain one of many", []string{"explain", "q", abstracts}, "--name"},
		{"encode without kind", []string{"encode", "a"}, "--query"},
		{"encode both kinds", []string{"encode", "a", "--query", "--document"}, "--query"},
		{"encode pooled query", []string{"encode", "a", "--query", "--pool", "2"}, "--pool"},
		{"pack without checkpoint", []string{"pack"}, "CHECKPOINT"},
		{"pack without output", []string{"pack", "a"}, "-o"},
		{"pack dtype", []string{"pack", "a", "-o", "b", "--dtype", "int8"}, `"int8"`},
		{"info with argument", []string{"info", "a"}, `"a"`},
		{"selftest with model", []string{"selftest", "--model", "a"}, "--model"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := toller(t, "", test.args...).want(t, exitUsage)
			r.says(t, test.says, "--help'.")
			if r.stdout != "" {
				t.Errorf("standard output: %s", r.stdout)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	folder := t.TempDir()
	damaged := write(t, filepath.Join(folder, "damaged.safetensors"), "\xff\xff\xff\xff\xff\xff\xff\x7f{}")
	tests := []struct {
		name string
		args []string
		says string
	}{
		{"no model", []string{"info", "--model", filepath.Join(folder, "none")}, "none"},
		{"damaged model", []string{"info", "--model", damaged}, "damaged.safetensors"},
		{"folder is no checkpoint", []string{"rank", "q", abstracts, "--model", folder}, "config.json"},
		{"nothing readable", []string{"rank", "q", filepath.Join(folder, "none.txt")}, "1 of 1 input could not be read"},
		{"unknown name", []string{"explain", "q", abstracts, "--name", "zero"}, `"zero"`},
		{"absurd length", []string{"rank", "q", abstracts, "--max-tokens", "1"}, "MaxTokens"},
		{"pack nothing", []string{"pack", filepath.Join(folder, "none"), "-o", filepath.Join(folder, "o")}, "none"},
		{"pack into nowhere", []string{"pack", folder, "-o", filepath.Join(folder, "a", "b")}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := toller(t, "", test.args...).want(t, exitFailure)
			r.says(t, "toller: ", test.says)
		})
	}
}

// As grep's, exit codes tell nothing found from an error.
func TestExitCodes(t *testing.T) {
	folder := t.TempDir()
	empty, text := write(t, filepath.Join(folder, "empty.txt"), ""), write(t, filepath.Join(folder, "text.txt"), "a crane")
	none := filepath.Join(folder, "none")
	for _, test := range []struct {
		args []string
		code int
	}{
		{[]string{"rank", "q"}, exitNothing},
		{[]string{"rank", "q", text}, exitOK},
		{[]string{"rank", "q", text, none}, exitOK},
		{[]string{"rank", "q", none}, exitFailure},
		{[]string{"rank", "q", folder, "--include", "*.md"}, exitNothing},
		{[]string{"rank", "q", "--no-such-flag"}, exitUsage},
		{[]string{"explain", "q", empty}, exitFailure},
		{[]string{"explain", "q", folder, "--exclude", "*"}, exitNothing},
		{[]string{"encode", "--document", "--file", folder, "--exclude", "*"}, exitNothing},
	} {
		toller(t, "", test.args...).want(t, test.code)
	}
	if exitNothing != 1 || exitFailure != 2 || exitUsage != 2 {
		t.Error("exit codes are not grep's")
	}
}

func TestVersionAndHelp(t *testing.T) {
	if r := toller(t, "", "--version").want(t, exitOK); !strings.HasPrefix(r.stdout, "toller ") {
		t.Errorf("version: %q", r.stdout)
	}
	for _, args := range [][]string{{}, {"--help"}, {"help", "rank"}, {"rank", "--help"}, {"completion", "bash"}} {
		if r := toller(t, "", args...).want(t, exitOK); r.stdout == "" {
			t.Errorf("%q prints nothing", args)
		}
	}
}

// fewAbstracts makes a file of the first 20 abstracts, shortened so that they
// are quickly ranked.
func fewAbstracts(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(abstracts)
	if err != nil {
		t.Fatal(err)
	}
	var few strings.Builder
	for _, line := range bytes.SplitN(text, []byte("\n"), 21)[:20] {
		var abstract struct {
			ID    string `json:"id"`
			Title string `json:"title"`
			Text  string `json:"text"`
		}
		if err := json.Unmarshal(line, &abstract); err != nil {
			t.Fatal(err)
		}
		abstract.Text = strings.ToValidUTF8(abstract.Text[:min(400, len(abstract.Text))], "")
		if err := json.NewEncoder(&few).Encode(abstract); err != nil {
			t.Fatal(err)
		}
	}
	return write(t, filepath.Join(t.TempDir(), "few.jsonl"), few.String())
}

// manyAbstracts makes a file of 10,000 documents, work for many seconds.
func manyAbstracts(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(abstracts)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(t.TempDir(), "many.jsonl"), strings.Repeat(string(text), 50))
}
