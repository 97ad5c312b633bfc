package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/agent"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

// mcpFlags are the flags of toller mcp.
type mcpFlags struct {
	*options
	indexes   []string
	listen    string
	tokenFile string
}

func mcpCommand(o *options) *cobra.Command {
	f := &mcpFlags{options: o}
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Let an agent search the index, by the Model Context Protocol",
		Long: `Serve the tools of an agent, by the Model Context Protocol: for Claude, Cursor, VS
Code and others that start it themselves and talk to it by standard input and output.
Most of them take

  {"mcpServers": {"toller": {"command": "toller", "args": ["mcp"]}}}

in a file of settings, the paths after --index absolute.

  search         finds passages in one or all of the indexes
  read_document  reads a document of an index, piece by piece
  list           lists the documents of an index
  rerank         orders texts that the agent has

The tools read what is in the indexes, and nothing else: no file is opened for an
agent, and nothing is written. Keep an index up to date by toller index --watch.

Standard output has nothing but messages of the protocol, whose versions 2026-07-28,
2025-11-25, 2025-06-18, 2025-03-26 and 2024-11-05 are spoken. What went wrong is
said on standard error.

With --listen it serves over HTTP, at the path /mcp. Only this machine reaches it
unless --listen says otherwise, and then each request needs a token: the content of
--token-file, or $TOLLER_TOKEN.`,
		Example: `  toller mcp
  toller mcp --index notes=notes.db --index mail=mail.db
  claude mcp add toller -- toller mcp --index notes=/home/ada/notes.db
  toller mcp --listen 127.0.0.1:8412`,
		Args: arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) }),
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.indexes, "index", nil, "index to search, as NAME=FILE, or FILE for its name without ending\n(repeatable; default $TOLLER_INDEX, else toller/index.db\nin the user's data folder)")
	flags.StringVar(&f.listen, "listen", "", "serve over HTTP at this address and port; port 0 is any free one")
	flags.StringVar(&f.tokenFile, "token-file", "", "file with the token that requests need (default $TOLLER_TOKEN)")
	return cmd
}

func (f *mcpFlags) run(ctx context.Context) (err error) {
	if f.listen == "" && f.tokenFile != "" {
		return usage("--token-file goes with --listen")
	}
	var listener net.Listener
	var token string
	if f.listen != "" {
		if listener, token, err = f.socket(); err != nil {
			return err
		}
		defer listener.Close()
	}
	model, err := f.open()
	if err != nil {
		return err
	}
	defer model.Close()
	settings := agent.Options{
		Model: model, Version: version(),
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	defer func() {
		for _, x := range settings.Indexes {
			err = errors.Join(err, x.Index.Close())
		}
	}()
	if err := f.openIndexes(ctx, model, &settings); err != nil {
		return err
	}
	server, err := agent.New(ctx, settings)
	if err != nil {
		return err
	}
	if listener == nil {
		if terminal.IsTerminal(os.Stdin) {
			note("waiting for an agent's messages on standard input; 'toller mcp --help' says how agents start it themselves")
		}
		return server.ServeStdio(ctx, os.Stdin, os.Stdout)
	}
	note("%s at http://%s%s", terminal.Clean(model.Info().Name), listener.Addr(), agent.Path)
	return server.Serve(ctx, listener, token)
}

// socket opens the socket, and returns the token that requests need, if any.
func (f *mcpFlags) socket() (net.Listener, string, error) {
	token, err := readToken(f.tokenFile)
	if err != nil {
		return nil, "", err
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return nil, "", err
	}
	if isLocal(listener.Addr()) || len(token) >= leastToken {
		return listener, token, nil
	}
	listener.Close()
	return nil, "", usage("%s can be reached from other machines: expected a token of at least %d characters in --token-file or $TOLLER_TOKEN, found %d", f.listen, leastToken, len(token))
}

// openIndexes opens the indexes that the flags name, or the default one, and adds
// each to the settings as soon as it is open.
func (f *mcpFlags) openIndexes(ctx context.Context, model *edge.Model, settings *agent.Options) error {
	arguments := f.indexes
	if len(arguments) == 0 {
		arguments = []string{"documents=" + new(location).path()}
	}
	for _, argument := range arguments {
		name, x, err := openNamed(ctx, argument, model)
		if err != nil {
			return err
		}
		settings.Indexes = append(settings.Indexes, agent.Index{Name: name, Index: x})
	}
	return nil
}
