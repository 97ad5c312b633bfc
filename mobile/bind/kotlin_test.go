package bind

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// jars are what compiles the Kotlin library, and runs it: from Maven Central, where the
// build files for apps get theirs.
var jars = []struct {
	path, sha256 string
	runs         bool // at run time too
}{
	{"org/jetbrains/kotlin/kotlin-compiler-embeddable/2.2.21/kotlin-compiler-embeddable-2.2.21.jar", "9588fa696ac5507af764fd5660df6894185e12704ec1bc3f5cb772af4987f295", false},
	{"org/jetbrains/kotlin/kotlin-daemon-embeddable/2.2.21/kotlin-daemon-embeddable-2.2.21.jar", "91c0673c22e44b054ae0314d323860ebe1f3aff3f0ebc74fff82c4733dde09be", false},
	{"org/jetbrains/kotlin/kotlin-script-runtime/2.2.21/kotlin-script-runtime-2.2.21.jar", "2b1519b427b514d1536c1b425674b03fe914af637924028e9959c6625442df51", false},
	{"org/jetbrains/kotlin/kotlin-reflect/1.6.10/kotlin-reflect-1.6.10.jar", "3277ac102ae17aad10a55abec75ff5696c8d109790396434b496e75087854203", false},
	{"org/jetbrains/kotlin/kotlin-stdlib/2.2.21/kotlin-stdlib-2.2.21.jar", "6558a3d233da56a20934b32159f9db5f86ed5816ef098f78a2c223dc6abb79dd", true},
	{"org/jetbrains/kotlinx/kotlinx-coroutines-core-jvm/1.10.2/kotlinx-coroutines-core-jvm-1.10.2.jar", "5ca175b38df331fd64155b35cd8cae1251fa9ee369709b36d42e0a288ccce3fd", true},
	{"org/jetbrains/annotations/23.0.0/annotations-23.0.0.jar", "7b0f19724082cbfcbc66e5abea2b9bc92cf08a1ea11e191933ed43801eb3cd05", true},
}

// fetched returns the class paths of the jars, compiling and running, which it keeps in
// .maven here.
func fetched(t *testing.T) (compiler, runtime string) {
	t.Helper()
	var all, some []string
	for _, j := range jars {
		file, err := filepath.Abs(filepath.Join(".maven", path.Base(j.path)))
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := digest(file); err != nil || sum != j.sha256 {
			if err := fetch("https://repo.maven.apache.org/maven2/"+j.path, file); err != nil {
				t.Fatal(err)
			}
			if sum, err := digest(file); err != nil || sum != j.sha256 {
				t.Fatalf("%s: expected the SHA-256 %s, found %s, %v", file, j.sha256, sum, err)
			}
		}
		all = append(all, file)
		if j.runs {
			some = append(some, file)
		}
	}
	return strings.Join(all, ":"), strings.Join(some, ":")
}

func digest(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

func fetch(url, file string) error {
	r, err := http.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: expected status 200, found %s", url, r.Status)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r.Body); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// TestKotlin compiles the Kotlin library against the bindings, warnings being errors, and
// runs it on the JDK: testdata/kotlin says what is tested.
func TestKotlin(t *testing.T) {
	compiler, runtime := fetched(t)
	lib, bound := library(t), classes(t)
	dir := t.TempDir()
	sources := []string{"../android/toller/src/main/kotlin", "testdata/kotlin"}
	args := append([]string{"-Xmx768m", "-XX:TieredStopAtLevel=1", "-cp", compiler, "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler",
		"-no-stdlib", "-no-reflect", "-Werror", "-Xjdk-release=17", "-jvm-target", "17", "-cp", bound + ":" + runtime, "-d", dir}, sources...)
	if err := command(".", "java", args...); err != nil {
		t.Fatal(err)
	}
	run(t, "-cp", bound+":"+runtime+":"+dir, "-Djava.library.path="+lib, "LibraryTestKt", packedModel)
}
