package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func encodeLines(t *testing.T, text string) []encodedText {
	t.Helper()
	var all []encodedText
	for line := range strings.Lines(text) {
		var e encodedText
		decode(t, line, &e)
		all = append(all, e)
	}
	return all
}

func TestEncodeJSON(t *testing.T) {
	const text = "Bone, loss."
	all := encodeLines(t, toller(t, "", "encode", "--document", text, "b").want(t, exitOK).stdout)
	if len(all) != 2 || all[0].Name != text || all[1].Name != "b" {
		t.Fatalf("found %+v", all)
	}
	for _, e := range all {
		if e.Kind != "document" || e.Dim == 0 || len(e.Tokens) != len(e.Vectors) || len(e.Vectors) == 0 {
			t.Errorf("found %+v", e)
		}
		for _, v := range e.Vectors {
			if len(v) != e.Dim || math.Abs(norm(v)-1) > 1e-5 {
				t.Errorf("a vector of %d components and length %g", len(v), norm(v))
			}
		}
	}
	for _, token := range all[0].Tokens {
		if len(token.Spans) == 1 && token.Spans[0].Of(text) != token.Text {
			t.Errorf("token %q has the span of %q", token.Text, token.Spans[0].Of(text))
		}
	}
	query := encodeLines(t, toller(t, "", "encode", "--query", text).want(t, exitOK).stdout)
	if query[0].Kind != "query" || fmt.Sprint(query[0].Vectors) == fmt.Sprint(all[0].Vectors) {
		t.Error("queries and documents are encoded alike")
	}
}

func norm(v []float32) float64 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

func TestEncodeInputs(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "a.txt"), "from a file")
	r := toller(t, "line 1\nline 2\n", "encode", "--document", "given", "-", "--file", file).want(t, exitOK)
	var names []string
	for _, e := range encodeLines(t, r.stdout) {
		names = append(names, e.Name)
	}
	if fmt.Sprint(names) != fmt.Sprint([]string{"given", "-:1", "-:2", file}) {
		t.Errorf("found %q", names)
	}
	piped := toller(t, "line 1\n", "encode", "--query").want(t, exitOK)
	if e := encodeLines(t, piped.stdout); len(e) != 1 || e[0].Name != "-:1" {
		t.Errorf("found %+v", e)
	}
}

func TestEncodePooled(t *testing.T) {
	const text = "one two three four five six seven eight nine ten"
	e := encodeLines(t, toller(t, "", "encode", "--document", "--pool", "3", text).want(t, exitOK).stdout)[0]
	members := 0
	for _, token := range e.Tokens {
		members += len(token.IDs)
	}
	if len(e.Vectors) >= members || len(e.Tokens) != len(e.Vectors) {
		t.Errorf("%d vectors of %d tokens", len(e.Vectors), members)
	}
}

// readNPY is an independent reading of NumPy's format.
func readNPY(t *testing.T, path string) (rows, dim int, values []float32) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(data, []byte("\x93NUMPY\x01\x00")) {
		t.Fatalf("%s begins with %q", path, data[:8])
	}
	length := int(binary.LittleEndian.Uint16(data[8:]))
	header, body := string(data[10:10+length]), data[10+length:]
	if (10+length)%64 != 0 || !strings.HasSuffix(header, "\n") {
		t.Errorf("the header ends at %d with %q", 10+length, header[len(header)-1:])
	}
	header = strings.TrimSpace(header)
	if _, err := fmt.Sscanf(header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", &rows, &dim); err != nil {
		t.Fatalf("header %q: %v", header, err)
	}
	if len(body) != rows*dim*4 {
		t.Fatalf("%d bytes for %d × %d values", len(body), rows, dim)
	}
	values = make([]float32, rows*dim)
	if err := binary.Read(bytes.NewReader(body), binary.LittleEndian, values); err != nil {
		t.Fatal(err)
	}
	return rows, dim, values
}

func TestEncodeNPY(t *testing.T) {
	folder := t.TempDir()
	npy := filepath.Join(folder, "v.npy")
	args := []string{"encode", "--document", "Bone, loss.", "b", "--npy", npy, "--json"}
	var report arrayReport
	decode(t, toller(t, "", args...).want(t, exitOK).stdout, &report)
	rows, dim, values := readNPY(t, npy)
	if report != (arrayReport{npy, filepath.Join(folder, "v.jsonl"), 2, rows, dim}) {
		t.Errorf("report: %+v", report)
	}

	file, err := os.Open(report.Index)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want := encodeLines(t, toller(t, "", args[:4]...).want(t, exitOK).stdout)
	lines, at := bufio.NewScanner(file), 0
	for n := 0; lines.Scan(); n++ {
		var e encodedText
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if *e.FirstRow != at || e.Rows != len(want[n].Vectors) || e.Name != want[n].Name || e.Vectors != nil {
			t.Errorf("text %d: %+v at row %d", n, e, at)
		}
		for i, v := range want[n].Vectors {
			for j, x := range v {
				if values[(at+i)*dim+j] != x {
					t.Fatalf("text %d, vector %d differs", n, i)
				}
			}
		}
		at += e.Rows
	}
	if at != rows {
		t.Errorf("the index has %d rows, the array %d", at, rows)
	}

	toller(t, "", args...).want(t, exitFailure).says(t, "exists; --force")
	toller(t, "", append(args, "--force")...).want(t, exitOK)
	// A failure halfway leaves what was there, and nothing else.
	toller(t, "", "encode", "--document", "a", "--max-tokens", "1", "--npy", filepath.Join(folder, "w.npy")).want(t, exitFailure)
	if entries, _ := os.ReadDir(folder); len(entries) != 2 {
		t.Errorf("in the folder: %v", entries)
	}
}
