package walk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tree makes files in a new folder: "path" or "path=contents".
func tree(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, f := range files {
		name, contents, _ := strings.Cut(f, "=")
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(contents), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// list returns what Walk finds; errors are not expected.
func list(t *testing.T, root string, o Options) []string {
	t.Helper()
	found := []string{}
	for e, err := range Walk(t.Context(), root, o) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Path != filepath.Join(root, filepath.FromSlash(e.Rel)) && e.Path != root {
			t.Fatalf("path %q of %q", e.Path, e.Rel)
		}
		found = append(found, e.Rel)
	}
	return found
}

func TestWalk(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		o     Options
		want  []string
	}{
		{"order", []string{"b", "a/z", "a.txt", "a/b/c", "C"}, Options{}, []string{"C", "a/b/c", "a/z", "a.txt", "b"}},
		{"hidden", []string{".a", ".b/c", "d", ".git/e"}, Options{}, []string{"d"}},
		{"hidden, too", []string{".a", ".b/c", "d", ".git/e"}, Options{Hidden: true}, []string{".a", ".b/c", "d"}},
		{"include a name", []string{"a.md", "b/c.md", "b/d.txt"}, Options{Include: []string{"*.md"}}, []string{"a.md", "b/c.md"}},
		{"include a path", []string{"a.md", "b/c.md", "b/d/e.md"}, Options{Include: []string{"b/**/*.md"}}, []string{"b/c.md", "b/d/e.md"}},
		{"include one of several", []string{"a.md", "b.txt", "c.go"}, Options{Include: []string{"*.{md,txt}"}}, []string{"a.md", "b.txt"}},
		{"exclude a name", []string{"a.md", "b/a.md", "b/c"}, Options{Exclude: []string{"a.*"}}, []string{"b/c"}},
		{"exclude a folder", []string{"a", "node_modules/b", "c/node_modules/d"}, Options{Exclude: []string{"node_modules/"}}, []string{"a", "c/node_modules/d"}},
		{"exclude a folder by name", []string{"a", "x/b", "c/x/d"}, Options{Exclude: []string{"x"}}, []string{"a"}},
		{"exclude overrules include", []string{"a.md", "b.md"}, Options{Include: []string{"*.md"}, Exclude: []string{"b*"}}, []string{"a.md"}},
		{"include a folder", []string{"a/b.md", "a/c/d", "e/a", "f"}, Options{Include: []string{"a/"}}, []string{"a/b.md", "a/c/d"}},
		{"include a folder by name", []string{"a/b.md", "c/a/d", "e"}, Options{Include: []string{"a"}}, []string{"a/b.md", "c/a/d"}},
		{"include what is in a folder", []string{"a/b", "a/c/d", "e"}, Options{Include: []string{"a/*"}}, []string{"a/b"}},
		{"include by wildcards", []string{"a.d/b", "a.c"}, Options{Include: []string{"a.*"}}, []string{"a.c"}},
		{"exclude from here", []string{"a/b", "c/a"}, Options{Exclude: []string{"./a"}}, []string{"c/a"}},
		{"exclude ./ with wildcards", []string{"a/b.log", "a.log"}, Options{Exclude: []string{"./*.log"}}, []string{"a/b.log"}},
		{"no slash at the end of a file", []string{"a", "b/a"}, Options{Exclude: []string{"./b/../a/"}}, []string{"b/a"}},
		{
			"gitignore", []string{".gitignore=*.log\n/build/\n!keep.log\n", "a.log", "keep.log", "build/x", "src/build/y", "src/b.log"}, Options{},
			[]string{"keep.log", "src/build/y"},
		},
		{
			"nested gitignore", []string{".gitignore=*.log\n", "s/.gitignore=!a.log\n/t\n", "a.log", "s/a.log", "s/t/x", "s/u/t", "s/u/a.log"}, Options{},
			[]string{"s/a.log", "s/u/a.log", "s/u/t"},
		},
		{
			"nothing comes back in an ignored folder", []string{".gitignore=x/\n!x/a\n", "x/.gitignore=!a\n", "x/a", "y"}, Options{},
			[]string{"y"},
		},
		{"gitignore left alone", []string{".gitignore=*\n", "a", "b/.gitignore=*\n", "b/c"}, Options{All: true}, []string{"a", "b/c"}},
		{"nothing there", nil, Options{}, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := list(t, tree(t, c.files...), c.o); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestLibrary walks the folder that package extract is tested with.
func TestLibrary(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("../../../testdata/library")); err != nil {
		t.Fatal(err)
	}
	for _, ignored := range []string{"crepes.txt.bak", "garden/notes.bak", "private/diary.txt", "garden/private/plan.txt"} {
		file := filepath.Join(root, filepath.FromSlash(ignored))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"bicycle-care.pdf", "birds.csv", "crepes.txt", "garden/compost.txt", "garden/tomatoes.html", "moving-house.docx", "recipes.jsonl",
		"scripts/kitchen_timer.py", "sourdough.md", "tea.epub",
	}
	if got := list(t, root, Options{}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRootIsAFile(t *testing.T) {
	root := tree(t, ".gitignore=*\n", ".a.md=text")
	file := filepath.Join(root, ".a.md")
	for e, err := range Walk(t.Context(), file, Options{Include: []string{"*.txt"}}) {
		if err != nil || e.Path != file || e.Rel != ".a.md" || e.Size != 4 || time.Since(e.ModTime) > time.Hour {
			t.Fatalf("%+v, %v", e, err)
		}
		return
	}
	t.Fatal("not listed")
}

func TestBadPattern(t *testing.T) {
	for _, o := range []Options{{Include: []string{"a["}}, {Exclude: []string{"{a"}}} {
		n := 0
		for _, err := range Walk(t.Context(), t.TempDir(), o) {
			if n++; err == nil || !strings.Contains(err.Error(), "no pattern") || n > 1 {
				t.Fatalf("error %d: %v", n, err)
			}
		}
	}
}

func TestMissingRoot(t *testing.T) {
	for _, err := range Walk(t.Context(), filepath.Join(t.TempDir(), "none"), Options{}) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return
	}
	t.Fatal("no error")
}

func TestLinks(t *testing.T) {
	root := tree(t, "a/b/file", "outside=x")
	for link, to := range map[string]string{"a/b/loop": "..", "a/self": ".", "a/to-file": "../outside", "a/to-folder": "b", "a/nowhere": "none", "a/round": "round"} {
		if err := os.Symlink(to, filepath.Join(root, filepath.FromSlash(link))); err != nil {
			if runtime.GOOS == "windows" {
				t.Skip("links need a privilege here:", err)
			}
			t.Fatal(err)
		}
	}
	var found, failed []string
	for e, err := range Walk(t.Context(), root, Options{}) {
		if err != nil {
			var path *fs.PathError
			if !errors.As(err, &path) {
				t.Fatalf("%v names no path", err)
			}
			failed = append(failed, filepath.Base(path.Path))
			continue
		}
		found = append(found, e.Rel)
	}
	if want := []string{"a/b/file", "a/to-file", "outside"}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
	if want := []string{"nowhere", "round"}; !slices.Equal(failed, want) {
		t.Errorf("failed %q, want %q", failed, want)
	}
}

func TestContext(t *testing.T) {
	root := tree(t, "a", "b", "c")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var found []string
	var last error
	for e, err := range Walk(ctx, root, Options{}) {
		if last = err; err == nil {
			found = append(found, e.Rel)
			cancel()
		}
	}
	if len(found) != 1 || !errors.Is(last, context.Canceled) {
		t.Fatalf("found %q, then %v", found, last)
	}
}

func TestStop(t *testing.T) {
	for e := range Walk(t.Context(), tree(t, "a/b", "c/d"), Options{}) {
		if e.Rel != "a/b" {
			t.Fatal("goes on")
		}
		break
	}
}

// TestNestedPath has more folders in each other than a path may have bytes on
// some systems; it is enough that it ends.
func TestNestedPath(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, strings.Repeat("d/", 400))
	switch err := os.MkdirAll(deep, 0o755); {
	case errors.Is(err, syscall.ENAMETOOLONG):
		t.Skip("no folder this deep here:", err)
	case err != nil:
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(deep, "f"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := list(t, root, Options{}); len(got) != 1 {
		t.Fatalf("%d files", len(got))
	}
}

func TestHostilePattern(t *testing.T) {
	name := strings.Repeat("a", 200)
	root := tree(t, ".gitignore="+strings.Repeat("*a", 100)+"b\n"+strings.Repeat("**/", 500)+"x\n"+strings.Repeat("**/*a*/", 100)+"x\n", "d/d/"+name)
	start := time.Now()
	if got := list(t, root, Options{}); len(got) != 1 {
		t.Fatal(got)
	}
	if took := time.Since(start); took > time.Second {
		t.Fatalf("took %v", took)
	}
}

// git runs git without the user's settings.
func git(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "HOME="+dir, "XDG_CONFIG_HOME="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

// gitFiles lists the files below dir that git doesn't ignore.
func gitFiles(t *testing.T, dir string) []string {
	t.Helper()
	out := strings.TrimSuffix(string(git(t, dir, "ls-files", "-z", "--others", "--exclude-standard")), "\x00")
	if out == "" {
		return []string{}
	}
	files := strings.Split(out, "\x00")
	slices.Sort(files)
	return files
}

// TestLikeGit compares with git on random trees with random .gitignore files.
func TestLikeGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	one := func(s []string) string { return s[r.IntN(len(s))] }

	names := []string{"a", "b", "ab", "abc", "a.md", "b.md", "A", "x-y", "a b", "é", "[a]", "a]", "build", "#a", "!a", "a\\", "*"}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		names = []string{"a", "b", "ab", "abc", "a.md", "b.md", "x-y", "a b", "[a]", "a]", "build", "#a", "!a"}
	}
	// Not a**: before a slash git takes the ** of it for one that stands alone,
	// because it compares what has no wildcards first. gitignore(5) says it doesn't.
	atoms := []string{
		"a", "b", "ab", "abc", "*.md", "a*", "*b", "?", "??", "a?c", "**", "*", "[ab]", "[!a]", "[^a-c]*", "[a-c]", "[]a]", "[!]a]", "[[:alpha:]]", "[[:upper:]]*",
		"\\a", "\\*", "\\#a", "\\!a", "#a", "!a", "a\\ b", "a b", "x[-a]y", "x[a-]y", "[a", "a\\", "[[:x:]]", "[\\]a]", "[z-a]", "build", "é", "**b", "*[[]*", "a ", "a\\ ", "[[:alpha:]-z]", "[[:]", "[a-[:alpha:]]",
	}
	pattern := func() string {
		var b strings.Builder
		if r.IntN(3) == 0 {
			b.WriteString("!")
		}
		if r.IntN(4) == 0 {
			b.WriteString("/")
		}
		for i := range 1 + r.IntN(3) {
			if i > 0 {
				b.WriteString("/")
			}
			b.WriteString(one(atoms))
		}
		return b.String() + one([]string{"", "", "", "/", "/**", " ", "\r"})
	}
	ignore := func() string {
		var lines []string
		for range r.IntN(6) {
			lines = append(lines, pattern())
		}
		return strings.Join(lines, "\n") + one([]string{"", "\n"})
	}
	for round := range 40 {
		var files []string
		for range 30 {
			var parts []string
			for range 1 + r.IntN(3) {
				parts = append(parts, one(names))
			}
			files = append(files, strings.Join(parts, "/"))
		}
		root := t.TempDir()
		folders := []string{root}
		for _, f := range files { // where a file is in the way of a folder, the later loses
			file := filepath.Join(root, filepath.FromSlash(f))
			if os.MkdirAll(filepath.Dir(file), 0o755) == nil && os.WriteFile(file, nil, 0o644) == nil {
				folders = append(folders, filepath.Dir(file))
			}
		}
		git(t, root, "init", "-q")
		said := fmt.Sprintf("seed %d round %d", seed, round)
		texts := map[string]string{root: ignore()}
		for range 2 {
			texts[folders[r.IntN(len(folders))]] = ignore()
		}
		for f, text := range texts {
			if err := os.WriteFile(filepath.Join(f, ignoreFile), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			said += fmt.Sprintf("\n%s: %q", strings.TrimPrefix(f, root), text)
		}
		exclude := ignore()
		if err := os.WriteFile(filepath.Join(root, ".git", "info", "exclude"), []byte(exclude), 0o644); err != nil {
			t.Fatal(err)
		}
		said += fmt.Sprintf("\nexclude: %q", exclude)
		walked := []string{root}
		if info, err := os.Stat(filepath.Join(root, "a")); err == nil && info.IsDir() {
			walked = append(walked, filepath.Join(root, "a")) // with rules from above
		}
		for i, dir := range walked {
			want := gitFiles(t, dir)
			got := list(t, dir, Options{Hidden: true})
			slices.Sort(got)
			if i > 0 && len(want) == 0 {
				continue // git may ignore the folder itself, which was asked for by name
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s\n%s\ngot  %q\ngit  %q", said, dir, got, want)
			}
		}
	}
}

// A worktree and a submodule have their .git folder elsewhere, and its
// info/exclude holds for them.
func TestElsewhere(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	main := tree(t, "a.txt", ".gitignore=*.log\n")
	git(t, main, "init", "-q")
	git(t, main, "add", ".")
	git(t, main, "-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "-m", "x")
	worktree := filepath.Join(t.TempDir(), "worktree")
	git(t, main, "worktree", "add", "-q", worktree)
	super := tree(t, "b.txt")
	git(t, super, "init", "-q")
	git(t, super, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", main, "sub")
	sub := filepath.Join(super, "sub")
	for file, text := range map[string]string{
		filepath.Join(main, ".git", "info", "exclude"):                    "secret*\n",
		filepath.Join(super, ".git", "modules", "sub", "info", "exclude"): "hidden*\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, root := range []string{main, worktree, sub} {
		for _, name := range []string{"secret.txt", "hidden.txt", "x.log", "in/c.txt", "in/secret.txt", "in/hidden.txt"} {
			file := filepath.Join(root, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, folder := range []string{"", "in"} {
			dir := filepath.Join(root, folder)
			got := list(t, dir, Options{})
			want := gitFiles(t, dir)
			if folder == "" {
				want = append([]string{"a.txt"}, want...) // which git has
			}
			if !slices.Equal(got, want) || len(want) < 2 {
				t.Errorf("%s: got %q, git %q", dir, got, want)
			}
		}
	}
	// What is no file of git's is as good as none.
	odd := tree(t, ".git=gitdir: nowhere\n", "a", "b/.git=\x00", "b/c")
	if got := list(t, odd, Options{}); !slices.Equal(got, []string{"a", "b/c"}) {
		t.Errorf("got %q", got)
	}
	if got := list(t, filepath.Join(odd, "b"), Options{}); !slices.Equal(got, []string{"c"}) {
		t.Errorf("got %q", got)
	}
}

func FuzzMatchName(f *testing.F) {
	for _, s := range [][2]string{{"*.md", "a.md"}, {"[a-c]?[!x]", "abc"}, {"[[:alpha:]]*", "q"}, {"[", "["}, {"\\", "\\"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if _, ok := splitPattern(pattern); !ok {
			return
		}
		got := matchName(pattern, name)
		// A name matches itself with a backslash before every byte.
		if !matchName(escaped(name), name) {
			t.Fatalf("%q doesn't match itself", name)
		}
		if got && !matchName("*"+pattern, "x"+name) {
			t.Fatalf("%q matches %q, but not after a *", pattern, name)
		}
		parseRule(pattern)
	})
}

func escaped(name string) string {
	var b strings.Builder
	for i := range len(name) {
		b.WriteByte('\\')
		b.WriteByte(name[i])
	}
	return b.String()
}

// TestPatternsAsPathsAreWritten excludes and includes the same folder as people write
// it: as they see it from where they are, and absolute.
func TestPatternsAsPathsAreWritten(t *testing.T) {
	top := tree(t, "in/a/1", "in/docs/2", "a/3")
	t.Chdir(filepath.Join(top, "a"))
	for _, from := range []struct{ folder, root string }{{top, "in"}, {top, "./in/"}, {top, filepath.Join(top, "in")}, {filepath.Join(top, "in"), "."}, {filepath.Join(top, "a"), "../in"}} {
		t.Chdir(from.folder)
		seen, err := filepath.Rel(from.folder, filepath.Join(top, "in", "a"))
		if err != nil {
			t.Fatal(err)
		}
		seen = filepath.ToSlash(seen)
		for _, pattern := range []string{"./a", "a/", "/a", seen, "./" + seen, seen + "/", filepath.ToSlash(top) + "/in/a", filepath.ToSlash(top) + "/in/a/**", filepath.ToSlash(top) + "/*/a"} {
			matched := map[string]bool{}
			told := func(p string) { matched[p] = true }
			if got := list(t, from.root, Options{Exclude: []string{pattern, "none/"}, Matched: told}); !slices.Equal(got, []string{"docs/2"}) {
				t.Errorf("%s from %s without %s: %q", from.root, from.folder, pattern, got)
			}
			if none := (Options{Exclude: []string{pattern, "none/"}}).Unmatched(matched); !slices.Equal(none, []string{"none/"}) {
				t.Errorf("%s from %s without %s: %q match nothing", from.root, from.folder, pattern, none)
			}
			if strings.HasSuffix(pattern, "**") || strings.Contains(pattern, "*/") {
				continue
			}
			if got := list(t, from.root, Options{Include: []string{pattern}}); !slices.Equal(got, []string{"a/1"}) {
				t.Errorf("%s from %s of %s: %q", from.root, from.folder, pattern, got)
			}
		}
		if got := list(t, from.root, Options{Include: []string{filepath.ToSlash(top) + "/in/"}}); len(got) != 2 {
			t.Errorf("%s from %s: %q of itself", from.root, from.folder, got)
		}
	}
}
