package bind

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestHeaders has clang read the generated headers, and a program that uses them, for
// iOS. What they want of Apple's Foundation is in testdata/foundation.
func TestHeaders(t *testing.T) {
	const foundation = "testdata/foundation"
	err := command(".", "clang", "--target=arm64-apple-ios15", "-fsyntax-only", "-fobjc-arc", "-Wall", "-Werror",
		"-fmodules", "-fmodules-cache-path="+t.TempDir(), "-fmodule-map-file="+foundation+"/module.modulemap",
		"-I", foundation, "-I", filepath.Join(generated(t), "src/gobind"), foundation+"/headers.m")
	if err != nil {
		t.Fatal(err)
	}
}

// header is what Swift sees of the generated header.
type header struct {
	methods    map[string]bool   // full names: "rank(_:texts:topK:progress:cancel:)"
	properties map[string]bool   // and methods without parameters are "name()" above
	functions  map[string]int    // number of parameters
	constants  map[string]bool   //
	classes    map[string]string // and protocols, to their sections
}

var (
	methodLine   = regexp.MustCompile(`(?m)^- \(([^)]*(?:\([^)]*\))?[^)]*)\)(.*);$`)
	part         = regexp.MustCompile(`(\w+):\(([^)]*)\)(\w+)`)
	propertyLine = regexp.MustCompile(`(?m)^@property \(nonatomic\) .*?(\w+);$`)
	functionLine = regexp.MustCompile(`(?m)^FOUNDATION_EXPORT .*?(\w+)\((.*)\);$`)
	constantLine = regexp.MustCompile(`(?m)^FOUNDATION_EXPORT .*const (\w+);$`)
	classLine    = regexp.MustCompile(`(?m)^@(?:interface|protocol) (\w+)[ :].*$`)
)

// readHeader reads the header as Swift's importer does: a method whose last parameter is
// an NSError** throws instead, and loses it, if it returns BOOL or an object that may be
// null; BOOL becomes nothing then.
func readHeader(text string) header {
	h := header{map[string]bool{}, map[string]bool{}, map[string]int{}, map[string]bool{}, map[string]string{}}
	for _, m := range methodLine.FindAllStringSubmatch(text, -1) {
		returns, rest := m[1], m[2]
		parts := part.FindAllStringSubmatch(rest, -1)
		if len(parts) == 0 {
			h.methods[rest+"()"] = true
			continue
		}
		throws := strings.HasPrefix(parts[len(parts)-1][2], "NSError* _Nullable*") && (returns == "BOOL" || strings.Contains(returns, "_Nullable"))
		name := parts[0][1] + "(_:"
		for _, p := range parts[1:] {
			name += p[1] + ":"
		}
		if throws && len(parts) == 1 {
			name = parts[0][1] + "("
		} else if throws {
			name = strings.TrimSuffix(name, parts[len(parts)-1][1]+":")
		}
		h.methods[name+")"] = true
	}
	for _, m := range propertyLine.FindAllStringSubmatch(text, -1) {
		h.properties[m[1]] = true
	}
	for _, m := range functionLine.FindAllStringSubmatch(text, -1) {
		n := 0
		if m[2] != "void" {
			n = strings.Count(m[2], ",") + 1
		}
		h.functions[m[1]] = n
	}
	for _, m := range constantLine.FindAllStringSubmatch(text, -1) {
		h.constants[m[1]] = true
	}
	for _, m := range classLine.FindAllStringSubmatch(text, -1) {
		h.classes[m[1]] = m[0]
	}
	return h
}

// arguments splits the text after an opening parenthesis at the commas of its level, up to
// the closing one.
func arguments(text string) []string {
	depth, from := 0, 0
	var list []string
	add := func(to int) {
		if a := strings.TrimSpace(text[from:to]); a != "" {
			list = append(list, a)
		}
		from = to + 1
	}
	for i, c := range text {
		switch c {
		case '(', '[', '{':
			depth++
		case ']', '}':
			depth--
		case ')':
			if depth == 0 {
				add(i)
				return list
			}
			depth--
		case ',':
			if depth == 0 {
				add(i)
			}
		}
	}
	return list
}

// TestSwift checks the Swift package's calls against the header: it can't be compiled here.
// By convention objects of the bindings are called native there, and nothing else is.
func TestSwift(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(generated(t), "src/gobind/TollerMobile.objc.h"))
	if err != nil {
		t.Fatal(err)
	}
	h := readHeader(string(text))
	if len(h.methods) < 40 || len(h.properties) < 40 || len(h.functions) < 15 || len(h.constants) < 10 || len(h.classes) < 20 {
		t.Fatalf("read only %d methods, %d properties, %d functions, %d constants, %d classes of the header",
			len(h.methods), len(h.properties), len(h.functions), len(h.constants), len(h.classes))
	}
	files, err := filepath.Glob("../ios/Sources/Toller/*.swift")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	used := map[string]bool{}
	label := regexp.MustCompile(`^(\w+): `)
	name := regexp.MustCompile(`\bToller(Mobile|Builtin)\w*`)
	member := regexp.MustCompile(`\bnative\??\.(\w+)(\()?`)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source := regexp.MustCompile(`(?m)//.*$`).ReplaceAllString(string(b), "")
		for _, at := range name.FindAllStringIndex(source, -1) {
			found := source[at[0]:at[1]]
			used[found] = true
			n, isFunction := h.functions[found]
			switch {
			case isFunction:
				if got := len(arguments(source[at[1]+1:])); got != n {
					t.Errorf("%s: %s: expected %d arguments, found %d", file, found, n, got)
				}
			case h.constants[found], h.classes[found] != "", h.classes[strings.TrimSuffix(found, "Protocol")] != "" && strings.HasSuffix(found, "Protocol"):
			default:
				t.Errorf("%s: the header has no %s", file, found)
			}
		}
		for _, m := range member.FindAllStringSubmatchIndex(source, -1) {
			found := source[m[2]:m[3]]
			if m[4] < 0 {
				if !h.properties[found] {
					t.Errorf("%s: the header has no property %s", file, found)
				}
				used[found] = true
				continue
			}
			full := found + "("
			for _, a := range arguments(source[m[1]:]) {
				if l := label.FindStringSubmatch(a); l != nil {
					full += l[1] + ":"
				} else {
					full += "_:"
				}
			}
			full += ")"
			if !h.methods[full] {
				t.Errorf("%s: the header has no method %s", file, full)
			}
			used[full] = true
		}
	}
	// Setting a property and calling a method differ by name only: what isn't used is
	// forgotten.
	var unused []string
	for m := range h.methods {
		if !used[m] && !slices.Contains(internal, m) {
			unused = append(unused, m)
		}
	}
	slices.Sort(unused)
	if len(unused) > 0 {
		t.Errorf("the Swift package leaves out %s", strings.Join(unused, ", "))
	}
}

// internal are methods that the Swift package has no need of.
var internal = []string{
	"init()", "initWithRef(_:)", "init(_:text:)", // by functions instead
	"report(_:total:)", "cancelled()",
}
