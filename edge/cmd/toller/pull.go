package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/hub"
)

// pulled is what toller pull prints as JSON.
type pulled struct {
	Model       string           `json:"model"` // what --model takes
	Commit      string           `json:"commit"`
	Path        string           `json:"path"`
	Files       int              `json:"files"`
	Bytes       int64            `json:"bytes"`
	Fingerprint edge.Fingerprint `json:"fingerprint"`
}

func pullCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "pull ID[@REVISION]",
		Short: "Fetch a model from the hub",
		Long: `Fetch a model by its id on the Hugging Face hub, in its branch main or in another
REVISION: a branch, a tag or a commit. --model then takes the same ID[@REVISION].

This is the only command that opens a connection by itself. It fetches the files that
toller reads, and nothing that is there already, into the folder that Python's
huggingface_hub keeps: what either has fetched the other finds. A pull that was
interrupted goes on where it was. Every file's hash is checked before it gets its
name, and what toller can't open is refused before its weights are fetched.

The environment is that of huggingface_hub: HF_TOKEN or the file token in HF_HOME, for
what isn't given to everybody; HF_HUB_CACHE or HF_HOME for the folder; HF_ENDPOINT for
another hub; HF_HUB_OFFLINE=1 to look at the folder only; HF_HUB_DOWNLOAD_TIMEOUT for
the seconds that the hub may be silent; HTTPS_PROXY, HTTP_PROXY and NO_PROXY.`,
		Example: `  toller pull mixedbread-ai/mxbai-edge-colbert-v0-17m
  toller rank "what slows bone loss?" notes/ --model mixedbread-ai/mxbai-edge-colbert-v0-17m`,
		Args: arguments(1, 1, "ID[@REVISION]"),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return o.pull(cmd.Context(), args[0]) }),
	}
}

func (o *options) pull(ctx context.Context, name string) error {
	repo, err := hub.ParseRepo(name)
	if err != nil {
		return usageError{err}
	}
	h, err := hub.FromEnvironment()
	if err != nil {
		return err
	}
	bar := terminal.NewByteProgress("fetching "+repo.String(), !o.noProgress)
	defer bar.Close()
	s, err := h.Pull(ctx, repo, hub.PullOptions{
		Check:    edge.CheckFiles,
		Progress: func(p hub.Progress) { bar.UpdateBytes(p.Done, p.Total) },
	})
	bar.Close()
	if err != nil {
		return err
	}
	model, err := located{s.Path, repo.String()}.open(edge.WithThreads(o.threads))
	if err != nil {
		return err
	}
	defer model.Close()
	p := pulled{
		Model: repo.String(), Commit: s.Commit, Path: s.Path, Files: len(s.Files), Bytes: s.Bytes, Fingerprint: model.Info().Fingerprint,
	}
	out := terminal.NewScreen(o.color)
	if o.json {
		return out.WriteJSON(p)
	}
	fmt.Fprintf(out, "%s: %s, %s, at %s\n", p.Model, terminal.Count(p.Files, "file"), terminal.Megabytes(uint64(p.Bytes)), p.Path)
	return out.Flush()
}
