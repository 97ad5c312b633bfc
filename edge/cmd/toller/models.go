package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/hub"
)

// modelList is what toller models prints as JSON.
type modelList struct {
	Cache       string            `json:"cache"`
	Models      []modelHere       `json:"models"`
	Unreadable  []modelUnreadable `json:"unreadable"`  // in the cache and nothing that toller opens
	Checkpoints []modelNamed      `json:"checkpoints"` // that people name
}

// modelHere is a model on this machine.
type modelHere struct {
	Model       string           `json:"model"` // what --model takes
	Commit      string           `json:"commit,omitempty"`
	Path        string           `json:"path,omitempty"`
	Backbone    string           `json:"backbone"` // architecture, layers × width
	Dim         int              `json:"dim"`
	Parameters  int              `json:"parameters"`
	Bytes       int64            `json:"bytes,omitempty"` // of its files
	DType       string           `json:"dtype"`
	Layout      edge.Layout      `json:"layout"`
	Fingerprint edge.Fingerprint `json:"fingerprint"`
}

type modelUnreadable struct {
	Model  string `json:"model"`
	Commit string `json:"commit"`
	Reason string `json:"reason"`
}

type modelNamed struct {
	hub.Checkpoint
	Here bool `json:"here"`
}

func modelsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "models",
		Short: "List the models on this machine, and those that can be pulled",
		Long: `List the models that --model takes by name: the embedded one, and those of the Hugging
Face cache that toller can open, whether toller pull or Python fetched them, with
architecture, layers × width, components of a vector, size and fingerprint; then
checkpoints that people name, by what is published about them. Nothing is fetched.

A pipe gets a line for each model, its fields separated by tabs: name, backbone,
dimensions, bytes, fingerprint and path for those that are here, and only the first
three for those that aren't. With --json it is an object with "cache", "models",
"unreadable" (other models in the cache, each with a "reason") and "checkpoints".`,
		Args: arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error { return o.models(cmd.Context()) }),
	}
}

func (o *options) models(ctx context.Context) error {
	h, err := hub.CachedFromEnvironment()
	if err != nil {
		return err
	}
	list := &modelList{Cache: h.Cache, Models: []modelHere{}, Unreadable: []modelUnreadable{}}
	embedded, err := builtin.Open(edge.WithThreads(1))
	if err != nil {
		return err
	}
	list.Models = append(list.Models, newModelHere(builtinName, embedded))
	if err := embedded.Close(); err != nil {
		return err
	}
	snapshots, err := h.Snapshots()
	if err != nil {
		return err
	}
	here := map[string]bool{}
	for i := range snapshots {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := &snapshots[i]
		m, err := describeSnapshot(s)
		if err != nil {
			list.Unreadable = append(list.Unreadable, modelUnreadable{s.Repo.String(), s.Commit, err.Error()})
			continue
		}
		here[s.Repo.ID] = true
		list.Models = append(list.Models, m)
	}
	for _, c := range hub.Checkpoints {
		list.Checkpoints = append(list.Checkpoints, modelNamed{c, here[c.ID]})
	}
	return list.print(terminal.NewScreen(o.color), o.json)
}

// describeSnapshot opens a model of the cache, unless its configuration says already
// that it doesn't open: a cache has large models of other kinds.
func describeSnapshot(s *hub.Snapshot) (modelHere, error) {
	name := s.Repo.String()
	files, err := s.Configuration()
	if err != nil {
		return modelHere{}, err
	}
	if err := edge.CheckFiles(name, files); err != nil {
		return modelHere{}, err
	}
	m, err := edge.Open(s.Path, edge.WithThreads(1), edge.WithName(name))
	if err != nil {
		return modelHere{}, err
	}
	defer m.Close()
	d := newModelHere(name, m)
	d.Commit, d.Path, d.Bytes = s.Commit, s.Path, s.Bytes
	return d, nil
}

func newModelHere(name string, m *edge.Model) modelHere {
	i := m.Info()
	return modelHere{
		Model: name, Backbone: fmt.Sprintf("%s %d × %d", i.Backbone.Architecture, i.Backbone.Layers, i.Backbone.Hidden),
		Dim: i.Dim, Parameters: i.Parameters, DType: i.DType, Layout: i.Layout, Fingerprint: i.Fingerprint,
	}
}

func (l *modelList) print(out *terminal.Screen, json bool) error {
	switch {
	case json:
		return out.WriteJSON(l)
	case out.Terminal:
		l.table(out)
	default:
		l.lines(out)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if n := len(l.Unreadable); n > 0 {
		note("%s in %s can't be opened; --json says why", terminal.Count(n, "other model"), l.Cache)
	}
	return nil
}

// nameColumns is how wide names are, unless one is wider.
const nameColumns = 30

func (l *modelList) table(out *terminal.Screen) {
	width := nameColumns
	for _, m := range l.Models {
		width = max(width, len(m.Model))
	}
	for _, c := range l.Checkpoints {
		width = max(width, len(c.ID))
	}
	row := func(name, rest string, style terminal.Style) {
		line := append(terminal.Pad(terminal.Styled(name, style), width+2), terminal.Cells(rest, nil)...)
		out.Line(terminal.Cut(line, out.Width))
	}
	out.Line(terminal.Styled("On this machine:", terminal.Faint))
	for _, m := range l.Models {
		size := ""
		if m.Bytes > 0 {
			size = terminal.Megabytes(uint64(m.Bytes)) + ", "
		}
		row(m.Model, fmt.Sprintf("%s → %d, %s%.8s", m.Backbone, m.Dim, size, m.Fingerprint), terminal.Strong)
	}
	out.Line(nil)
	out.Line(terminal.Styled("Others that people name, for toller pull:", terminal.Faint))
	for _, c := range l.Checkpoints {
		if c.Here {
			continue
		}
		rest, style := fmt.Sprintf("%s → %d", c.Backbone, c.Dim), terminal.Plain
		if c.Licence != "" {
			rest += ", " + c.Licence
		}
		if c.Refused != "" {
			rest, style = "refused, "+c.Refused+": "+rest, terminal.Faint
		}
		row(c.ID, rest, style)
	}
}

func (l *modelList) lines(out *terminal.Screen) {
	for _, m := range l.Models {
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%s\t%s\n", m.Model, m.Backbone, m.Dim, m.Bytes, m.Fingerprint, terminal.Clean(m.Path))
	}
	for _, c := range l.Checkpoints {
		if !c.Here && c.Refused == "" {
			fmt.Fprintf(out, "%s\t%s\t%d\n", c.ID, c.Backbone, c.Dim)
		}
	}
}
