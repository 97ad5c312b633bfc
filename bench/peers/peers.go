package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Sources of the runners in scripting languages, which get them as arguments, so
// that no file has to be written.
var (
	//go:embed runners/onnx.cjs
	onnxRunner string
	//go:embed runners/pytorch.py
	torchRunner string
)

// A peer is another runtime.
type peer struct {
	name  string // in --peers
	title string // in tables
	pads  bool   // takes several documents at a time, padded to the longest

	// hidden says that it has no projection head and answers with a hidden
	// state. The head is applied to that, outside the time, to compare it.
	hidden bool

	// original says that it reads the checkpoint itself, not a conversion: its
	// folder is an argument before the numbers.
	original bool

	needs   []string // files in the work folder
	command []string // run there; the numbers of threads and tokens come last
}

// onnx is onnxruntime with a model file.
func onnx(name, title, file string) peer {
	return peer{
		name: name, title: title, pads: true,
		needs:   []string{"node_modules/onnxruntime-node/package.json", file},
		command: []string{"node", "--eval", onnxRunner, "--", file},
	}
}

var allPeers = []peer{
	onnx("ort", "onnxruntime fp32", "model.onnx"),
	onnx("ort-int8", "onnxruntime int8", "model.int8.onnx"),
	{
		name: "llama", title: "llama.cpp F16", hidden: true,
		needs:   []string{"llama_bench", "backends", "model.f16.gguf"},
		command: []string{"./llama_bench", "model.f16.gguf", "backends"},
	},
	{
		name: "torch", title: "torch fp32", pads: true, original: true,
		needs:   []string{"venv/bin/python", "venv/torch"},
		command: []string{"venv/bin/python", "-c", torchRunner},
	},
}

func peerNames() []string {
	var names []string
	for _, p := range allPeers {
		names = append(names, p.name)
	}
	return names
}

// findPeers reads names that are separated by commas.
func findPeers(names string) ([]peer, error) {
	var found []peer
next:
	for name := range strings.SplitSeq(names, ",") {
		for _, p := range allPeers {
			if p.name == name {
				found = append(found, p)
				continue next
			}
		}
		return nil, fmt.Errorf("expected some of %s, found %q", strings.Join(peerNames(), ","), name)
	}
	return found, nil
}

// check reports the first thing that the peer needs and that isn't there.
func (p peer) check(work string) error {
	for _, file := range p.needs {
		if _, err := os.Stat(filepath.Join(work, file)); err != nil {
			return err
		}
	}
	if program := p.command[0]; !strings.Contains(program, "/") {
		if _, err := exec.LookPath(program); err != nil {
			return err
		}
	}
	return nil
}

// start starts the peer for documents of at most so many tokens.
func (p peer) start(ctx context.Context, o options, m *model, threads, tokens int) (*child, error) {
	c := &child{title: p.title}
	if p.hidden {
		c.head = m.head
	}
	arguments := slices.Clone(p.command[1:])
	if p.original {
		arguments = append(arguments, o.model)
	}
	arguments = append(arguments, strconv.Itoa(threads), strconv.Itoa(tokens))
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if err := c.start(ctx, o.work, p.command[0], arguments); err != nil {
		return nil, err
	}
	return c, nil
}
