package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/newfile"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/vespa"
	"github.com/toller-search/toller/edge/index"
)

// vespaName is the engine that gets files.
const vespaName = "vespa"

// pushFlags are the flags of toller push.
type pushFlags struct {
	*options
	location
	remote
	making
	out   string
	force bool
}

// pushed is what toller push prints as JSON.
type pushed struct {
	Index  string `json:"index"`
	Engine string `json:"engine"`
	engine.Report
}

func pushCommand(o *options) *cobra.Command {
	f := &pushFlags{options: o}
	cmd := &cobra.Command{
		Use:   "push --engine ENGINE",
		Short: "Bring an index into a search engine for many machines",
		Long: `Make a collection of a search engine what an index is: for those who have
outgrown one machine. The engine gets each passage with its vectors, its text and
what filters need; 'toller search --engine' then searches there.

What is there already isn't sent again, and what the index doesn't have is
deleted. A push that was cut off, by whatever, is run again and goes on where it
was. Don't push into one collection from two indexes: each would delete what is
the other's.

qdrant and opensearch are spoken to at --url. ` + engineKey + ` in the environment is
Qdrant's API key, or the Authorization header for OpenSearch, for which a user and
password may also be in the address. For vespa an application package and a feed
are written into the folder of -o.`,
		Example: `  toller push --engine qdrant --url http://localhost:6333 --collection notes
  toller push --engine opensearch --url https://admin:secret@localhost:9200 --shards 3
  toller push --engine vespa -o application/`,
		Args: arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) }),
	}
	names := append(slices.Clone(engines), vespaName)
	flags := cmd.Flags()
	f.location.add(cmd)
	flags.StringVar(&f.engine, "engine", "", "qdrant, opensearch or vespa")
	f.remote.add(cmd, names)
	flags.IntVar(&f.shards, "shards", 0, "shards of a collection that is made (default: the engine's, or one)")
	flags.IntVar(&f.replicas, "replicas", -1, "copies beside each shard of OpenSearch, or of each shard of Qdrant\n(default: the engine's)")
	flags.StringVar(&f.quantization, "quantization", "", "what a collection that is made in Qdrant is searched with: int8 or binary\n(default: the vectors themselves)")
	flags.StringVarP(&f.out, "out", "o", "", "folder for the files of vespa")
	flags.BoolVar(&f.force, "force", false, "overwrite the files of vespa")
	completes(cmd, "quantization", []string{"int8", "binary"})
	return cmd
}

func (f *pushFlags) check() error {
	if err := f.remote.check(append(slices.Clone(engines), vespaName)); err != nil {
		return err
	}
	switch {
	case f.engine == vespaName && f.out == "":
		return usage("--engine vespa writes files: expected their folder with -o")
	case f.engine != vespaName && (f.out != "" || f.force):
		return usage("-o and --force go with --engine vespa")
	case f.shards < 0:
		return usage("--shards is %d, expected 0 or more", f.shards)
	case f.replicas < -1:
		return usage("--replicas is %d, expected 0 or more", f.replicas)
	case f.quantization != "" && f.engine != "qdrant":
		return usage("--quantization goes with --engine qdrant")
	case f.quantization != "":
		return oneOf("quantization", f.quantization, []string{"int8", "binary"})
	}
	return nil
}

func (f *pushFlags) run(ctx context.Context) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	x, err := f.openIndex(ctx, index.ReadOnly())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	stat, err := x.Stat(ctx)
	if err != nil {
		return err
	}
	bar := terminal.NewProgress("pushing", !f.noProgress)
	defer bar.Close()
	progress := func(r engine.Report) { bar.Update(r.Passages, int(stat.Passages)) }
	done := pushed{Index: f.path(), Engine: f.name()}
	if f.engine == vespaName {
		done.Engine = vespaName + " files in " + f.out
		done.Report, err = f.write(ctx, x, stat.Model.Dim, progress)
	} else {
		var e engine.Engine
		if e, err = f.connect(f.making); err != nil {
			return usageError{err}
		}
		done.Report, err = engine.Push(ctx, e, x, progress)
	}
	bar.Close()
	if err != nil {
		if n := done.Sent + done.Deleted; n > 0 && f.engine != vespaName {
			note("%s were sent or deleted; run it again to go on", terminal.Count(n, "passage"))
		}
		return err
	}
	out := terminal.NewScreen(f.color)
	if f.json {
		return out.WriteJSON(done)
	}
	fmt.Fprintf(out, "%s: %s, %s: %d sent, %d unchanged, %d deleted", terminal.Clean(done.Engine),
		terminal.Count(done.Documents, "document"), terminal.Count(done.Passages, "passage"), done.Sent, done.Unchanged, done.Deleted)
	if done.Empty > 0 {
		fmt.Fprintf(out, ", %d without vectors left out", done.Empty)
	}
	fmt.Fprintln(out)
	return out.Flush()
}

// write writes the files for Vespa.
func (f *pushFlags) write(ctx context.Context, x *index.Index, dim int, progress func(engine.Report)) (report engine.Report, err error) {
	if err := os.MkdirAll(filepath.Join(f.out, filepath.Dir(vespa.SchemaFile)), 0o777); err != nil {
		return report, err
	}
	var files []*newfile.File
	defer func() {
		for _, file := range files {
			file.Discard()
		}
	}()
	for _, name := range []string{vespa.ServicesFile, vespa.SchemaFile, vespa.FeedFile} {
		file, err := newfile.Create(filepath.Join(f.out, filepath.FromSlash(name)), f.force)
		if err != nil {
			return report, err
		}
		files = append(files, file)
	}
	for i, text := range []string{vespa.Services, vespa.Schema(dim)} {
		if _, err := files[i].Write([]byte(text)); err != nil {
			return report, err
		}
	}
	feed := bufio.NewWriterSize(files[2], 1<<20)
	if report, err = vespa.Feed(ctx, feed, x, progress); err != nil {
		return report, err
	}
	if err := feed.Flush(); err != nil {
		return report, err
	}
	for _, file := range files {
		if err := file.Commit(); err != nil {
			return report, err
		}
	}
	return report, nil
}
