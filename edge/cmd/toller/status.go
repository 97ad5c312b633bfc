package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/mirror"
)

// statusFlags are the flags of toller status.
type statusFlags struct {
	*options
	location
	skipped bool
}

// indexStatus is what toller status prints as JSON.
type indexStatus struct {
	Index       string           `json:"index"`
	Model       string           `json:"model"`
	Fingerprint edge.Fingerprint `json:"fingerprint"` // of the vectors
	Dim         int              `json:"dim"`         // of the model's vectors
	Codec       string           `json:"codec"`
	Dims        int              `json:"dims"` // stored of each vector
	Pool        int              `json:"pool"`
	Documents   int64            `json:"documents"`
	Passages    int64            `json:"passages"`
	Tokens      int64            `json:"tokens"` // vectors
	Bytes       int64            `json:"bytes"`  // of the file and its log
	LogBytes    int64            `json:"log_bytes"`
	Trained     bool             `json:"trained"`
	Centroids   int              `json:"centroids"`
	Dead        int64            `json:"dead"` // deleted passages that the candidate index still lists
	Driver      string           `json:"driver"`
	// LeftOut counts files that are not in the index, or not all of them.
	LeftOut map[mirror.Why]int `json:"left_out"`
	Skipped []mirror.Skipped   `json:"skipped,omitempty"`
}

func statusCommand(o *options) *cobra.Command {
	f := &statusFlags{options: o}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Describe an index: what it holds and how it was made",
		Long: `Describe an index: how many documents, passages and vectors it holds, how large it
is, with which model and codec it was made, and whether its vectors are grouped
around centroids yet, which happens by itself when it has grown enough.

It also counts what toller index found and did not read, or not all of it, by the
reasons. --skipped lists these files instead, a line for each, its fields separated by
tabs: why, path, reason; in JSON it adds "skipped", with "path", "why" and "reason".`,
		Example: `  toller status
  toller status --index notes.db --json
  toller status --skipped | grep ^encrypted`,
		Args: arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) }),
	}
	f.location.add(cmd)
	cmd.Flags().BoolVar(&f.skipped, "skipped", false, "list what is not in the index, or not all of it, and why")
	return cmd
}

func (f *statusFlags) run(ctx context.Context) (err error) {
	x, err := f.openIndex(ctx, index.ReadOnly())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	stat, err := x.Stat(ctx)
	if err != nil {
		return err
	}
	skipped, err := mirror.SkippedFiles(ctx, x)
	if err != nil {
		return err
	}
	status := newStatus(stat)
	status.LeftOut = countSkipped(skipped)
	if f.skipped {
		status.Skipped = skipped
	}
	out := terminal.NewScreen(f.color)
	switch {
	case f.json:
		return out.WriteJSON(status)
	case f.skipped:
		printSkipped(out, skipped)
	default:
		status.print(out)
	}
	return out.Flush()
}

func newStatus(s index.Stat) indexStatus {
	dims := s.Dims
	if dims == 0 {
		dims = s.Model.Dim
	}
	return indexStatus{
		Index: s.Path, Model: s.Model.Name, Fingerprint: s.Model.Fingerprint, Dim: s.Model.Dim,
		Codec: s.Codec.String(), Dims: dims, Pool: max(s.Pool, 1),
		Documents: s.Documents, Passages: s.Passages, Tokens: s.Tokens,
		Bytes: s.FileBytes + s.LogBytes, LogBytes: s.LogBytes,
		Trained: s.Trained, Centroids: s.Centroids, Dead: s.Dead, Driver: s.Driver,
	}
}

func (s indexStatus) print(out *terminal.Screen) {
	out.Describe("index", "%s", s.Index)
	out.Describe("documents", "%s", terminal.Grouped(int(s.Documents)))
	out.Describe("passages", "%s", terminal.Grouped(int(s.Passages)))
	out.Describe("vectors", "%s of %s, stored as %s%s", terminal.Grouped(int(s.Tokens)), terminal.Count(s.Dims, "component"), s.Codec, s.pooling())
	out.Describe("size", "%s%s", terminal.Megabytes(uint64(s.Bytes)), s.perDocument())
	out.Describe("search", "%s", s.search())
	if len(s.LeftOut) > 0 {
		out.Describe("left out", "%s; --skipped lists them", describeSkipped(s.LeftOut))
	}
	out.Describe("model", "%s, %s", s.Model, s.Fingerprint)
}

func (s indexStatus) pooling() string {
	if s.Pool == 1 {
		return ""
	}
	return fmt.Sprintf(", pooled to one in %d", s.Pool)
}

func (s indexStatus) perDocument() string {
	if s.Documents == 0 {
		return ""
	}
	return fmt.Sprintf(", %.1f kB a document", float64(s.Bytes)/1e3/float64(s.Documents))
}

func (s indexStatus) search() string {
	if !s.Trained {
		return "every passage is compared; centroids come when there are more"
	}
	return fmt.Sprintf("passages are found by %s centroids", terminal.Grouped(s.Centroids))
}
