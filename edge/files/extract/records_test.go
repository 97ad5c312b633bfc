package extract

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// slowDisk gives so many bytes in a second.
type slowDisk struct {
	io.ReaderAt
	speed int
}

func (d slowDisk) ReadAt(p []byte, at int64) (int, error) {
	time.Sleep(time.Duration(len(p)) * time.Second / time.Duration(d.speed))
	return d.ReaderAt.ReadAt(p, at)
}

// TestSlowDisk has files of records that come more slowly than Options.Time would have
// it of others, which it still ends.
func TestSlowDisk(t *testing.T) {
	const many, limit = 100_000, 2500 * time.Millisecond
	for name, data := range map[string]string{
		"a.jsonl": strings.Repeat(`{"text":"The crane was oiled."}`+"\n", many),
		"a.csv":   "text\n" + strings.Repeat("The crane was oiled.\n", many),
		"a.txt":   strings.Repeat("The crane was oiled.\n", 2*many),
	} {
		synctest.Test(t, func(t *testing.T) {
			disk := slowDisk{strings.NewReader(data), 1_000_000}
			n, last := 0, error(nil)
			started := time.Now()
			for _, err := range Extract(t.Context(), name, disk, int64(len(data)), Options{Time: limit}) {
				if n++; err != nil {
					n, last = n-1, err
				}
			}
			took := time.Since(started)
			switch {
			case name == "a.txt" && (n > 0 || last == nil || !strings.Contains(last.Error(), "took longer than 2.5s")):
				t.Errorf("%s: %d documents, %v", name, n, last)
			case name != "a.txt" && (n != many || last != nil || took < 2*limit):
				t.Errorf("%s: %d documents after %v, %v", name, n, took, last)
			}
		})
	}
}

// repeated is a file that has the same again and again.
type repeated string

func (e repeated) ReadAt(p []byte, at int64) (int, error) {
	for n := 0; n < len(p); {
		n += copy(p[n:], e[(at+int64(n))%int64(len(e)):])
	}
	return len(p), nil
}

// TestLargeFiles has files beyond the limit for those that are read as a whole.
func TestLargeFiles(t *testing.T) {
	const size = 128<<20 + 100
	word := strings.Repeat("river ", 20_000)
	for name, file := range map[string]repeated{
		"a.jsonl": repeated(`{"text":"The crane","title":"` + word + "\"}\n"),
		"a.csv":   repeated("title,text\n" + word + ",The crane\n"),
		"a.tsv":   repeated("title\ttext\n" + word + "\tThe crane\n"),
		"a.txt":   repeated(word),
	} {
		heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(heap)
		before, peak := heap[0].Value.Uint64(), uint64(0)
		n, last := 0, error(nil)
		for d, err := range Extract(t.Context(), name, file, size, Options{}) {
			if last = err; err == nil && d.Text == "The crane" {
				n++
			}
			metrics.Read(heap)
			peak = max(peak, heap[0].Value.Uint64())
		}
		switch {
		case name == "a.txt" && (last == nil || last.Error() != "extract: a.txt: has 134217828 bytes, the limit is 134217728"):
			t.Errorf("%s: %v", name, last)
		case name != "a.txt" && n != size/len(file):
			t.Errorf("%s: %d documents, %v", name, n, last)
		case peak > before+32<<20:
			t.Errorf("%s: took %d MB", name, (peak-before)>>20)
		}
		for _, err := range Extract(t.Context(), name, file, 8<<30+1, Options{}) {
			if !errors.Is(err, ErrTooLarge) || !strings.HasSuffix(err.Error(), "has 8589934593 bytes, the limit is 8589934592") {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, err := range Extract(t.Context(), name, file, 2000, Options{MaxFile: 1999}) {
			if !errors.Is(err, ErrTooLarge) || !strings.HasSuffix(err.Error(), "has 2000 bytes, the limit is 1999") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestShrinks has files that become shorter than they were, which is no end.
func TestShrinks(t *testing.T) {
	for _, name := range []string{"a.jsonl", "a.csv"} {
		var last error
		for _, last = range Extract(t.Context(), name, strings.NewReader("text\n"), 5000, Options{}) {
		}
		if last == nil || !strings.Contains(last.Error(), "EOF") {
			t.Errorf("%s: %v", name, last)
		}
	}
}

// TestAllowed keeps times that are as good as endless from becoming none.
func TestAllowed(t *testing.T) {
	in := input{size: 8 << 30, format: &format{records: true}, options: Options{Time: math.MaxInt64 / 10}}
	if allowed := in.allowed(); allowed < math.MaxInt64/2 {
		t.Errorf("%v", allowed)
	}
}

// TestLongRows passes over rows that are too long, and names them.
func TestLongRows(t *testing.T) {
	const limit = 1000
	long := strings.Repeat("0", limit+1)
	data := "title,text\n" + "a,one\n" + long + ",x\n" + "\"x\n" + long + "\n\",\"\"\"\"\n\n" + "b,two\n" + "\"" + strings.Repeat("0", limit-3) + "\",\n" + "c," + long
	for ending, want := range map[string]string{
		"\n":   "row 2:one row 3:line 3 row 4:line 4 row 5:two row 6: row 7:line 10",
		"\r\n": "row 2:one row 3:line 3 row 4:line 4 row 5:two row 6: row 7:line 10",
		"\r":   "row 2:one row 3:line 3 row 4:line 4 row 5:two row 6: row 7:line 10",
	} {
		data := strings.ReplaceAll(data, "\n", ending)
		var got []string
		for d, err := range Extract(t.Context(), "a.csv", strings.NewReader(data), int64(len(data)), Options{MaxText: limit}) {
			switch {
			case err == nil:
				got = append(got, d.Part+":"+d.Text)
			case errors.Is(err, ErrEmpty):
				got = append(got, d.Part+":")
			default:
				line := 0
				const form = "extract: a.csv: %s begins in line %d and is longer than the limit for one document, 1000 bytes"
				if _, scan := fmt.Sscanf(strings.TrimPrefix(err.Error(), "extract: a.csv: "+d.Part+": begins in "), "line %d", &line); scan != nil || !errors.Is(err, ErrTooLarge) || err.Error() != fmt.Sprintf(form, d.Part+":", line) {
					t.Errorf("%s: %v", d.Part, err)
				}
				got = append(got, fmt.Sprintf("%s:line %d", d.Part, line))
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %s\nwant %s", ending, s, want)
		}
	}
	for _, err := range Extract(t.Context(), "a.csv", strings.NewReader(data), int64(len(data)), Options{MaxText: 9}) {
		if !errors.Is(err, ErrTooLarge) || err.Error() != "extract: a.csv: line 1: the names of the columns have more than 9 bytes, the limit" {
			t.Error(err)
		}
	}
}
