package bind

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// library builds gobind's output as a shared library for this machine's JDK, once, and
// returns its folder. The code is what runs on Android; what differs is that the log
// goes to standard error (testdata/shim), and file names: Go builds _android.c and
// _android.go for Android alone.
func library(t *testing.T) string {
	t.Helper()
	lib, err := buildLibrary()
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

var buildLibrary = sync.OnceValues(func() (string, error) {
	out, err := generate()
	if err != nil {
		return "", err
	}
	src, lib := filepath.Join(out, "jni"), filepath.Join(out, "lib")
	if err := os.CopyFS(src, os.DirFS(filepath.Join(out, "src/gobind"))); err != nil {
		return "", err
	}
	for _, pattern := range []string{"*_android.c", "*_android.go"} {
		names, err := filepath.Glob(filepath.Join(src, pattern))
		if err != nil {
			return "", err
		}
		for _, name := range names {
			if err := os.Rename(name, strings.Replace(name, "_android.", "_jni.", 1)); err != nil {
				return "", err
			}
		}
	}
	if err := replace(filepath.Join(src, "seq_jni.go"), `//#cgo LDFLAGS: -llog\n`, ""); err != nil {
		return "", err
	}
	if err := asModule(src); err != nil {
		return "", err
	}
	home, err := javaHome()
	if err != nil {
		return "", err
	}
	shim, err := filepath.Abs("testdata/shim")
	if err != nil {
		return "", err
	}
	// The JDK declares AttachCurrentThread with void**, Android with JNIEnv**.
	flags := fmt.Sprintf("-O2 -D__GOBIND_ANDROID__ -I%s -I%s/include -I%s/include/linux -Wno-incompatible-pointer-types", shim, home, home)
	c := exec.Command("go", "build", "-mod=mod", "-trimpath", "-ldflags=-s -w -extldflags=-Wl,-z,max-page-size=16384", "-buildmode=c-shared", "-o", filepath.Join(lib, "libgojni.so"), ".")
	c.Dir = src
	c.Env = append(os.Environ(), "CGO_ENABLED=1", "CGO_CFLAGS="+flags)
	if text, err := c.CombinedOutput(); err != nil {
		return "", &failure{"go build", err, string(text)}
	}
	return lib, nil
})

// asModule makes a folder of generated code a module that needs what this one does.
func asModule(dir string) error {
	root, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	text := strings.Replace(string(mod), "module github.com/toller-search/toller/mobile/bind", "module gobind", 1)
	text = strings.Replace(text, "=> ../..", "=> "+root, 1)
	text, _, _ = strings.Cut(text, "tool (")
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644); err != nil {
		return err
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644)
}

func replace(file, pattern, by string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	re := regexp.MustCompile(pattern)
	if !re.Match(text) {
		return fmt.Errorf("%s: expected %s, found none", file, pattern)
	}
	return os.WriteFile(file, re.ReplaceAll(text, []byte(by)), 0o644)
}

// javaHome is the folder of the JDK whose javac is on the path.
func javaHome() (string, error) {
	javac, err := exec.LookPath("javac")
	if err != nil {
		return "", fmt.Errorf("these tests need a JDK of version 17 or later: %w", err)
	}
	javac, err = filepath.EvalSymlinks(javac)
	return filepath.Dir(filepath.Dir(javac)), err
}

// classes compiles gobind's Java code with the shim, once, and returns the folder.
func classes(t *testing.T) string {
	t.Helper()
	dir, err := compileClasses()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var compileClasses = sync.OnceValues(func() (string, error) {
	out, err := generate()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(out, "classes")
	files := []string{"testdata/shim/android/content/Context.java"}
	for _, pattern := range []string{"java/go/*.java", "java/search/toller/*/*.java"} {
		found, err := filepath.Glob(filepath.Join(out, pattern))
		if err != nil {
			return "", err
		}
		files = append(files, found...)
	}
	return dir, command(".", "javac", append([]string{"-encoding", "UTF-8", "-nowarn", "-d", dir}, files...)...)
})

// packedModel is the file of the embedded model.
const packedModel = "../../edge/builtin/toller-small.safetensors"

// TestJava runs the bindings on the JDK: testdata/java says what is tested.
func TestJava(t *testing.T) {
	lib, bound := library(t), classes(t)
	dir := t.TempDir()
	if err := command(".", "javac", "-encoding", "UTF-8", "-cp", bound, "-d", dir, "testdata/java/BindingTest.java"); err != nil {
		t.Fatal(err)
	}
	calls := "10000"
	if testing.Short() {
		calls = "1000"
	}
	run(t, "-cp", bound+":"+dir, "-Djava.library.path="+lib, "BindingTest", packedModel, calls)
}

// run runs a Java program, and logs what it prints.
func run(t *testing.T, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "java", append([]string{"-Xmx64m", "-Dfile.encoding=UTF-8"}, args...)...)
	text, err := c.CombinedOutput()
	t.Logf("%s", text)
	if err != nil {
		t.Fatal(err)
	}
}
