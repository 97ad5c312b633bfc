package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/toller-search/toller/testdata"
)

func TestPack(t *testing.T) {
	checkpoint := testdata.Checkpoint(t, "linear-head")
	folder := t.TempDir()
	out := filepath.Join(folder, "model.safetensors")
	var report packed
	decode(t, toller(t, "", "pack", checkpoint, "-o", out, "--dtype", "f32", "--json").want(t, exitOK).stdout, &report)
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	if report.File != out || report.Bytes != info.Size() || report.DType != "F32" || report.Embeddings != "F32" {
		t.Errorf("report: %+v of a file of %d bytes", report, info.Size())
	}

	// The one file is the same model as the folder, to the last bit.
	const text = "Paris is the capital of France."
	encode := func(model string) string {
		return toller(t, "", "encode", "--document", text, "--model", model).want(t, exitOK).stdout
	}
	if encode(out) != encode(checkpoint) {
		t.Error("the packed model gives other vectors")
	}
	cmd := command(t, "info", "--json")
	cmd.Env = append(cmd.Env, "TOLLER_MODEL="+out)
	var described modelInfo
	decode(t, finish(t, cmd).want(t, exitOK).stdout, &described)
	if described.Path != out || described.Fingerprint != report.Fingerprint {
		t.Errorf("TOLLER_MODEL gives %s", described.Path)
	}

	toller(t, "", "pack", checkpoint, "-o", out).want(t, exitFailure).says(t, "exists; --force")
	if again, _ := os.Stat(out); again.Size() != info.Size() {
		t.Error("a refused overwrite changed the file")
	}
	toller(t, "", "pack", checkpoint, "-o", out, "--force").want(t, exitOK)
	if half, _ := os.Stat(out); half.Size() >= info.Size() {
		t.Errorf("F16 takes %d bytes, F32 %d", half.Size(), info.Size())
	}

	// Token embeddings in signed bytes make another model, and pack as they are.
	small, smaller := filepath.Join(t.TempDir(), "small.safetensors"), filepath.Join(t.TempDir(), "smaller.safetensors")
	var other packed
	decode(t, toller(t, "", "pack", checkpoint, "-o", small, "--embeddings", "int8", "--json").want(t, exitOK).stdout, &other)
	if other.DType != "F16" || other.Embeddings != "I8" || other.Bytes >= report.Bytes/2 || other.Fingerprint == report.Fingerprint {
		t.Errorf("report: %+v", other)
	}
	toller(t, "", "info", "--model", small).want(t, exitOK)
	toller(t, "", "pack", small, "-o", smaller, "--embeddings", "int8").want(t, exitOK)
	if !bytes.Equal(readFileBytes(t, small), readFileBytes(t, smaller)) {
		t.Error("packing the packed file changes it")
	}
	toller(t, "", "pack", checkpoint, "-o", smaller, "--embeddings", "int4").want(t, exitUsage).says(t, `"int4"`)

	toller(t, "", "pack", checkpoint, "-o", folder).want(t, exitFailure).says(t, "is a folder")
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("in the folder: %v", entries)
	}
}

// What is no model is refused, and no file appears.
func TestPackRefusesHalfAModel(t *testing.T) {
	checkpoint := testdata.Checkpoint(t, "linear-head")
	write(t, filepath.Join(checkpoint, "config_sentence_transformers.json"), `{"query_prefix": "no such token"}`)
	folder := t.TempDir()
	toller(t, "", "pack", checkpoint, "-o", filepath.Join(folder, "model.safetensors")).want(t, exitFailure)
	if entries, _ := os.ReadDir(folder); len(entries) != 0 {
		t.Errorf("in the folder: %v", entries)
	}
}
