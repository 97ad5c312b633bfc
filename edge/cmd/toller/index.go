package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/formats"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/mirror"
)

// codecs are the values of --codec.
var codecs = []string{"fp32", "fp16", "int8", "4bit", "2bit", "1bit"}

// indexFlags are the flags of toller index.
type indexFlags struct {
	*options
	location
	listing
	codec            string
	dims             int
	pool             int
	passage, overlap int
	whole            bool
	textField        string
	watch            bool
	prune            bool
	skipped          bool
}

func indexCommand(o *options) *cobra.Command {
	f := &indexFlags{options: o}
	cmd := &cobra.Command{
		Use:   "index PATH...",
		Short: "Read files into an index, to be searched",
		Long: `Read files, and folders with all that is in them, into an index that toller
search looks things up in. What it reads are plain text, Markdown, HTML, source
code, PDF, DOCX, PPTX, XLSX, OpenDocument, EPUB, RTF, mail, notebooks and subtitles,
also packed by gzip, and JSONL, CSV and mbox files, of which every record is a
document of its own. Passages of a PDF have the page that they begin on for a heading.

Run it again to bring the index up to date: files that changed are read again,
and what has vanished from a PATH, or is left out there now, is taken out of the
index. What did not change costs a look at its size and times; what was moved or
renamed is not encoded again. Other files of the index stay as they are.

A PATH that is quite empty now, and a folder that lies on another disk than its files
did, are taken for a disk that is not there: their files stay in the index, and are
named, until --prune takes them out.

Of files that have several names by links, the first counts. Links to files outside
the PATH are not followed.

Left out are what .gitignore files name, hidden files, and what --include and
--exclude say: patterns with * and ?, ** for any folders, {a,b}; with a / they
match the path below PATH, from the current folder, or absolute, else the name.
--include of a folder stands for all that is in it. A pattern that matches nothing is
said, and where --include leaves nothing of a PATH, what the index has of it stays.

Whatever else is not in the index, or not all of it, is counted by its reason:
unreadable, too large, encrypted, scanned, generated, of a kind that toller doesn't
read, empty. --skipped lists all these files, and so does toller status --skipped
later: a line for each, its fields separated by tabs: why, path, reason. A file that
can't be read is reported at once, and what the index has of it stays. A PATH that is
not there is reported, too: toller rm takes what it had out of the index. The exit code
is 0, or 2 if none of the PATHs could be read.

Each batch of documents is complete in the index once it is read: Ctrl-C, or a
crash, loses no more than the batch under way, and the next run goes on from
there. --watch keeps running and follows changes until it is interrupted.

--codec, --dims and --pool are settled when the index is made. With another --passage,
--overlap or --whole than before all of the files are read and encoded again, and
with another --text-field those that have records; the report counts them.

With --json the report is an object with "index", "model", "files" (found), "added",
"updated", "removed" and "unchanged" (files), "moved" (of those added and updated),
"reread" (because of other options), "linked" (names beside the first), "kept"
(folders, with their files that are not there), "documents" and "passages" (in the
index now), "bytes" (of its file), "seconds", "left_out" (counts), "skipped" (a list
of objects with "path", "why" and "reason") and "unreadable" (by this run); with
--watch one on a line after each round.`,
		Example: `  toller index notes/ papers/
  toller index . --include '*.md' --include '*.go' --exclude testdata
  toller index ~/Documents --watch`,
		Args: arguments(1, anyNumber, "PATH..."),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) }),
	}
	flags := cmd.Flags()
	f.location.add(cmd)
	f.listing.add(cmd)
	flags.StringVar(&f.codec, "codec", "4bit", "how vectors are stored: fp32, fp16, int8, 4bit, 2bit or 1bit")
	flags.IntVar(&f.dims, "dims", 0, "components of a stored vector (default: the model's)")
	flags.IntVar(&f.pool, "pool", 1, "keep one vector in so many, each the mean of similar ones")
	flags.IntVar(&f.passage, "passage", 0, "tokens of a passage (default: the model's documents, at most 256)")
	flags.IntVar(&f.overlap, "overlap", 32, "tokens that a passage repeats of the one before")
	flags.BoolVar(&f.whole, "whole", false, "keep each document in one passage")
	flags.StringVar(&f.textField, "text-field", "text", "field of a JSONL record, or column of a CSV file, that holds its text")
	flags.BoolVar(&f.prune, "prune", false, "take out of the index what vanished from an empty PATH, or with its disk")
	flags.BoolVar(&f.watch, "watch", false, "go on and follow changes until interrupted")
	flags.BoolVar(&f.skipped, "skipped", false, "list what is not in the index, or not all of it, and why")
	completes(cmd, "codec", codecs)
	return cmd
}

func (f *indexFlags) check(cmd *cobra.Command) error {
	if err := oneOf("codec", f.codec, codecs); err != nil {
		return err
	}
	for _, n := range []struct {
		flag         string
		value, least int
	}{{"dims", f.dims, 0}, {"pool", f.pool, 1}, {"passage", f.passage, 0}, {"overlap", f.overlap, 0}} {
		if n.value < n.least {
			return usage("--%s is %d, expected %d or more", n.flag, n.value, n.least)
		}
	}
	if cut := cmd.Flags().Changed("passage") || cmd.Flags().Changed("overlap"); f.whole && cut {
		return usage("--whole goes with neither --passage nor --overlap")
	}
	if cmd.Flags().Changed("overlap") && f.passage == 0 {
		return usage("--overlap goes with --passage")
	}
	return f.listing.check()
}

// indexOptions are how the index is opened or made.
func (f *indexFlags) indexOptions() []index.Option {
	settings := []index.Option{index.WithCodec(f.codec), index.WithDims(f.dims), index.WithPooling(f.pool)}
	if f.whole {
		settings = append(settings, index.WithWholeDocuments())
	}
	if f.passage > 0 {
		settings = append(settings, index.WithPassages(f.passage, min(f.overlap, f.passage/2)))
	}
	if f.watch {
		// Nobody is there to start it again.
		settings = append(settings, index.WithLockWait(10*time.Minute))
	}
	return settings
}

func (f *indexFlags) run(cmd *cobra.Command, paths []string) (err error) {
	if err := f.check(cmd); err != nil {
		return err
	}
	ctx := cmd.Context()
	path := f.path()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the folder of the index: %w", err)
	}
	model, err := f.open()
	if err != nil {
		return err
	}
	defer model.Close()
	x, err := openIndexFor(ctx, path, model, f.indexOptions()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	if err := f.checkMade(ctx, cmd, x); err != nil {
		return err
	}
	bar := terminal.NewProgress("indexing", !f.noProgress)
	defer bar.Close()
	mirrored := mirror.New(x, mirror.Options{
		List:    f.listing.options(),
		Extract: extract.Options{TextField: f.textField, Readers: formats.Readers()},
		Prune:   f.prune,
		Progress: func(p mirror.Progress) {
			if p.Passages > 0 {
				bar.Describe("indexing, " + terminal.Count(p.Passages, "passage"))
			}
			bar.Update(p.Documents, p.Total)
		},
		Unreadable: func(u files.Unreadable) {
			bar.Close()
			note("%s: %s", terminal.Clean(u.Name), terminal.Clean(u.Error))
		},
	})
	show := func(r *mirror.Report) error {
		bar.Close()
		report, err := newIndexReport(ctx, x, model, r)
		if err != nil {
			return err
		}
		return f.print(report)
	}
	if f.watch {
		return mirrored.Watch(ctx, paths, show)
	}
	r, err := mirrored.Update(ctx, paths...)
	if ctx.Err() != nil {
		note("interrupted; what is in the index so far stays, and the next run goes on from there")
	}
	if err != nil {
		return err
	}
	if err := show(r); err != nil {
		return err
	}
	if r.BadPaths > 0 && r.BadPaths == r.Paths {
		return fmt.Errorf("none of %s could be read", terminal.Count(r.Paths, "path"))
	}
	return nil
}

// checkMade refuses flags that an index which exists was not made with.
func (f *indexFlags) checkMade(ctx context.Context, cmd *cobra.Command, x *index.Index) error {
	stat, err := x.Stat(ctx)
	if err != nil {
		return err
	}
	for _, made := range []struct{ flag, asked, found string }{
		{"codec", f.codec, stat.Codec.String()},
		{"dims", fmt.Sprint(f.dims), fmt.Sprint(stat.Dims)},
		{"pool", fmt.Sprint(f.pool), fmt.Sprint(max(stat.Pool, 1))},
	} {
		if cmd.Flags().Changed(made.flag) && made.asked != made.found {
			return fmt.Errorf("%s was made with --%s %s, not %s; that can't be changed", stat.Path, made.flag, made.found, made.asked)
		}
	}
	return nil
}
