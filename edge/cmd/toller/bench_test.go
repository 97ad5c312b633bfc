package main

import (
	"strings"
	"testing"
)

func TestBench(t *testing.T) {
	var s speed
	decode(t, toller(t, "", "bench", "--json", "--time", "1ms", "--threads", "1").want(t, exitOK).stdout, &s)
	if s.Threads != 1 || s.Kernels == "" || s.Model == "" || s.Rounds < 1 || s.Tokens != benchDocumentTokens {
		t.Errorf("found %+v", s)
	}
	if !(0 < s.Query && s.Query < s.Document && s.Document < s.Rank && s.PerSecond > 0) {
		t.Errorf("times %+v", s)
	}
	text := toller(t, "", "bench", "--time", "1ms").want(t, exitOK).stdout
	if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "toller ") || !strings.Contains(text, s.Kernels) || !strings.Contains(text, s.Model) {
		t.Errorf("expected one line with the kernels and the model, found %q", text)
	}
	toller(t, "", "bench", "--time", "0s").want(t, exitUsage)
}
