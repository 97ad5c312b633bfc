// Command mirror measures how an index keeps in step with a folder, with the
// embedded model:
//
//	go run ./bench/cmd/mirror --files 5000
//	go run ./bench/cmd/mirror --large
//
// With --files, a folder of so many files of a few words is indexed. Then rounds in
// which nothing has changed take turns with the walk alone and, where it is installed,
// with `rg --files` of the same folder; the medians and the least are shown, what a round has read
// (Linux: all reads of the process, the index included), and what it takes when a
// thousand files are renamed.
//
// With --large, a folder with a text of 1 GB, a CSV file of 300 MB and a JSONL file
// of 120 MB, most of them metadata, is indexed, and the peak of memory is shown.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/files/walk"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/mirror"
)

const turns = 31

func main() {
	many := flag.Int("files", 0, "how many small files")
	large := flag.Bool("large", false, "a few large files")
	flag.Parse()
	if (*many > 0) == *large || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "mirror: expected --files N or --large")
		os.Exit(2)
	}
	if err := run(context.Background(), *many); err != nil {
		fmt.Fprintln(os.Stderr, "mirror:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, many int) error {
	work, err := os.MkdirTemp("", "toller-mirror")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	m, err := builtin.Open()
	if err != nil {
		return err
	}
	defer m.Close()
	x, err := index.Open(ctx, filepath.Join(work, "index.db"), m)
	if err != nil {
		return err
	}
	defer x.Close()
	b := &bench{folder: filepath.Join(work, "files"), index: x}
	b.mirror = mirror.New(x, mirror.Options{
		Progress:   func(p mirror.Progress) { b.encoded = p.Documents },
		Unreadable: func(u files.Unreadable) { fmt.Printf("%s: %s\n", filepath.Base(u.Name), u.Error) },
	})
	if many > 0 {
		return b.small(ctx, many)
	}
	return b.large(ctx)
}

type bench struct {
	folder  string
	index   *index.Index
	mirror  *mirror.Mirror
	encoded int // documents of the last round
}

func (b *bench) round(ctx context.Context, name string) (*mirror.Report, error) {
	b.encoded = 0
	r, err := b.mirror.Update(ctx, b.folder)
	if err == nil && name != "" {
		fmt.Printf("%s: %v; %d files: %d added, %d removed, %d moved, %d unchanged; %d documents encoded\n",
			name, r.Duration.Round(time.Millisecond/10), r.Files, r.Added, r.Removed, r.Moved, r.Unchanged, b.encoded)
	}
	return r, err
}

func (b *bench) name(i int) string {
	return filepath.Join(b.folder, fmt.Sprint(i%100), fmt.Sprintf("%d.txt", i))
}

func (b *bench) small(ctx context.Context, many int) error {
	then := time.Now().Add(-time.Hour)
	for i := range many {
		if err := write(b.name(i), strings.NewReader(fmt.Sprintf("Note %d, about crane %d.\n", i, i*7919%1000)), then); err != nil {
			return err
		}
	}
	if _, err := b.round(ctx, "first"); err != nil {
		return err
	}
	fmt.Printf("peak of memory: %s\n", peak())
	var walks, rounds, others []time.Duration
	var read, calls int64
	for range turns {
		started := time.Now()
		for _, err := range walk.Walk(ctx, b.folder, walk.Options{}) {
			if err != nil {
				return err
			}
		}
		walks = append(walks, time.Since(started))
		before, callsBefore := reads()
		r, err := b.round(ctx, "")
		if err != nil {
			return err
		}
		after, callsAfter := reads()
		read, calls = after-before, callsAfter-callsBefore
		if r.Unchanged != many {
			return fmt.Errorf("%d of %d files are unchanged", r.Unchanged, many)
		}
		rounds = append(rounds, r.Duration)
		if rg, err := exec.LookPath("rg"); err == nil {
			started := time.Now()
			if err := exec.CommandContext(ctx, rg, "--files", b.folder).Run(); err != nil {
				return err
			}
			others = append(others, time.Since(started))
		}
	}
	fmt.Printf("no change: %v, of which the walk %v; read %d bytes in %d calls\n", median(rounds), median(walks), read, calls)
	if others != nil {
		fmt.Printf("rg --files: %v\n", median(others))
	}
	for i := range min(1000, many) {
		if err := os.Rename(b.name(i), b.name(i)+".moved.txt"); err != nil {
			return err
		}
	}
	_, err := b.round(ctx, "renamed")
	return err
}

func (b *bench) large(ctx context.Context) error {
	then := time.Now().Add(-time.Hour)
	for _, f := range []struct {
		name, head, line string
		size             int
	}{
		{"text.txt", "", "A crane stands by the river and waits for the ship.\n", 1 << 30},
		{"rows.csv", "text,note\n", "A crane.," + strings.Repeat("river ", 4000) + "\n", 300 << 20},
		{"records.jsonl", "", `{"text":"A crane.","note":"` + strings.Repeat("river ", 4000) + "\"}\n", 120 << 20},
	} {
		lines := io.MultiReader(strings.NewReader(f.head), &repeated{f.line, f.size / len(f.line), ""})
		if err := write(filepath.Join(b.folder, f.name), lines, then); err != nil {
			return err
		}
	}
	fmt.Printf("peak of memory before: %s\n", peak())
	if _, err := b.round(ctx, "large files"); err != nil {
		return err
	}
	fmt.Printf("peak of memory: %s\n", peak())
	before, _ := reads()
	_, err := b.round(ctx, "no change")
	after, _ := reads()
	fmt.Printf("read %d bytes\n", after-before)
	return err
}

// repeated is a text many times over.
type repeated struct {
	text string
	many int
	rest string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.many == 0 {
			return 0, io.EOF
		}
		r.rest, r.many = r.text, r.many-1
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func write(path string, r io.Reader, modified time.Time) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{f}, r, make([]byte, 64<<10)); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Chtimes(path, modified, modified)
}

// median is the median, and after it the least, which is what a machine with other
// work to do has to say.
func median(d []time.Duration) string {
	slices.Sort(d)
	return fmt.Sprintf("%v (at least %v)", d[len(d)/2].Round(time.Millisecond/10), d[0].Round(time.Millisecond/10))
}

// proc is what /proc says of this process under a name, 0 where there is no /proc.
func proc(file, name string) (n int64) {
	text, err := os.ReadFile("/proc/self/" + file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			fmt.Sscan(value, &n)
		}
	}
	return n
}

// reads is how many bytes were read so far, and in how many calls.
func reads() (bytes, calls int64) { return proc("io", "rchar"), proc("io", "syscr") }

func peak() string { return fmt.Sprintf("%d MB", proc("status", "VmHWM")/1000) }
