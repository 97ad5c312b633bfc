package bind

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// packages are what an app is bound from.
var packages = []string{"github.com/toller-search/toller/mobile", "github.com/toller-search/toller/mobile/builtin"}

// scratch is a folder for what all tests use.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "toller-bind"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// generated runs gobind once, as the build scripts do, and returns the folder of its
// output.
func generated(t *testing.T) string {
	t.Helper()
	out, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var generate = sync.OnceValues(func() (string, error) {
	out := filepath.Join(scratch, "gobind")
	args := append([]string{"tool", "gobind", "-lang=java,objc,go", "-javapkg=search.toller", "-prefix=Toller", "-outdir=" + out}, packages...)
	return out, command(".", "go", args...)
})

// command runs a program in a folder; its error has what it printed.
func command(dir, name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Dir = dir
	text, err := c.CombinedOutput()
	if err != nil {
		return &failure{strings.Join(c.Args, " "), err, string(text)}
	}
	return nil
}

type failure struct {
	command string
	err     error
	printed string
}

func (f *failure) Error() string { return f.command + ": " + f.err.Error() + "\n" + f.printed }

// exported lists what the bound packages export: "Func", "Type.Method", "Type.Field".
func exported(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"../*.go", "../builtin/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				names = append(names, exportedBy(d)...)
			}
		}
	}
	return names
}

func exportedBy(d ast.Decl) []string {
	var names []string
	add := func(prefix string, idents ...*ast.Ident) {
		for _, i := range idents {
			if i.IsExported() {
				names = append(names, prefix+i.Name)
			}
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			add("", d.Name)
		} else if star, ok := d.Recv.List[0].Type.(*ast.StarExpr); ok && ast.IsExported(star.X.(*ast.Ident).Name) {
			add(star.X.(*ast.Ident).Name+".", d.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				add("", s.Names...)
			case *ast.TypeSpec:
				add("", s.Name)
				if !s.Name.IsExported() {
					continue
				}
				switch body := s.Type.(type) {
				case *ast.StructType:
					for _, f := range body.Fields.List {
						add(s.Name.Name+".", f.Names...)
					}
				case *ast.InterfaceType:
					for _, m := range body.Methods.List {
						add(s.Name.Name+".", m.Names...)
					}
				}
			}
		}
	}
	return names
}

// TestNothingSkipped finds every exported symbol in both languages. gobind leaves out
// what it can't bind, with a comment and without an error.
func TestNothingSkipped(t *testing.T) {
	out := generated(t)
	java, objc := map[string]string{}, ""
	err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "skipped") {
			t.Errorf("%s: %s", path, regexp.MustCompile(`.*skipped.*`).Find(text))
		}
		switch {
		case strings.HasSuffix(path, ".java"):
			java[strings.TrimSuffix(filepath.Base(path), ".java")] = string(text)
		case strings.HasSuffix(path, ".objc.h"):
			objc += string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := exported(t)
	if len(names) < 150 {
		t.Fatalf("found %d exported symbols, expected all", len(names))
	}
	for _, name := range names {
		class, member, isMember := strings.Cut(name, ".")
		if !isMember {
			if java[class] == "" && !word(java["Mobile"]+java["Builtin"], class) && !word(java["Mobile"]+java["Builtin"], lower(class)) {
				t.Errorf("%s isn't in Java", name)
			}
			// A function or class of Toller's, with the package's name before its own.
			if !word(objc, "TollerMobile"+class) && !word(objc, "TollerBuiltin"+class) {
				t.Errorf("%s isn't in Objective-C", name)
			}
			continue
		}
		if j := java[class]; !word(j, lower(member)) && !word(j, "get"+member) {
			t.Errorf("%s isn't in Java", name)
		}
		section := objc[strings.Index(objc, class+" : NSObject")+1:]
		if class == "Progress" {
			section = objc[strings.Index(objc, "@protocol TollerMobileProgress <"):]
		}
		section, _, _ = strings.Cut(section, "@end")
		if !word(section, lower(member)) {
			t.Errorf("%s isn't in Objective-C", name)
		}
	}
	t.Logf("%d symbols", len(names))
}

func word(text, w string) bool {
	return regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(w) + `\b`).MatchString(text)
}

// lower writes the first letter small, as both languages do with members.
func lower(name string) string { return strings.ToLower(name[:1]) + name[1:] }
