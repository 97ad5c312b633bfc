package beir

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// folder writes files by slash-separated name, gzipping those that end in
// .gz, and returns the folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		data := []byte(content)
		if strings.HasSuffix(name, ".gz") {
			data = zipped(t, content)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(t *testing.T, content string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

const (
	corpus = `{"_id": "a b", "title": "Hounds", "text": "The toller fetches. ", "metadata": {"year": 1}}

{"_id": "2", "text": "Ἀθήνα"}
{"_id": "3", "title": "Only a title", "text": ""}`
	queries = `{"_id": "q1", "text": "dogs"}
{"_id": "unjudged", "text": "?"}
{"_id": "q2", "text": "cities"}
{"_id": "hopeless", "text": "nothing fits"}
`
	qrels = "query-id\tcorpus-id\tscore\r\nq1\ta b\t2\r\nq1\t3\t0\r\nq2\t2\t1\r\nhopeless\t2\t0\r\n"
)

func TestReadsCollection(t *testing.T) {
	plain := map[string]string{"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.tsv": qrels}
	for name, files := range map[string]map[string]string{
		"plain":           plain,
		"zipped":          {"corpus.jsonl.gz": corpus, "queries.jsonl.gz": queries, "qrels.tsv.gz": qrels},
		"original layout": {"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels/test.tsv": qrels},
		"no header":       {"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.tsv": strings.SplitN(qrels, "\n", 2)[1]},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Find(folder(t, files), "", "")
			if err != nil {
				t.Fatal(err)
			}
			var documents []Document
			for d, err := range Documents(set.Corpus) {
				if err != nil {
					t.Fatal(err)
				}
				documents = append(documents, d)
			}
			want := []Document{
				{"a b", "Hounds", "The toller fetches. "},
				{"2", "", "Ἀθήνα"},
				{"3", "Only a title", ""},
			}
			if !reflect.DeepEqual(documents, want) {
				t.Errorf("documents %q, want %q", documents, want)
			}
			judged, grades, err := set.Judged()
			if err != nil {
				t.Fatal(err)
			}
			if want := []Query{{"q1", "dogs"}, {"q2", "cities"}}; !reflect.DeepEqual(judged, want) {
				t.Errorf("queries %q, want %q", judged, want)
			}
			wantGrades := Qrels{"q1": {"a b": 2, "3": 0}, "q2": {"2": 1}, "hopeless": {"2": 0}}
			if !reflect.DeepEqual(grades, wantGrades) {
				t.Errorf("grades %v, want %v", grades, wantGrades)
			}
		})
	}
}

func TestReadsOtherSplit(t *testing.T) {
	dir := folder(t, map[string]string{
		"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.tsv": qrels,
		"queries.train.jsonl.gz": `{"_id": "t", "text": "train"}`, "qrels.train.tsv": "t\t3\t1",
	})
	set, err := Find(dir, "queries.train.jsonl", "qrels.train.tsv")
	if err != nil {
		t.Fatal(err)
	}
	judged, _, err := set.Judged()
	if err != nil {
		t.Fatal(err)
	}
	if len(judged) != 1 || judged[0].ID != "t" {
		t.Errorf("judged queries %q, want only t", judged)
	}
}

func TestContent(t *testing.T) {
	for _, c := range []struct {
		document Document
		want     string
	}{
		{Document{Title: "Title", Text: "text"}, "Title text"},
		{Document{Text: "text"}, "text"},
		{Document{Title: "Title"}, "Title"},
		{Document{Title: " Title", Text: "text\n"}, "Title text"},
		{Document{}, ""},
	} {
		if got := c.document.Content(); got != c.want {
			t.Errorf("%q: content %q, want %q", c.document, got, c.want)
		}
	}
}

func TestDocumentsStopsEarly(t *testing.T) {
	set, err := Find(folder(t, map[string]string{"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.tsv": qrels}), "", "")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for range Documents(set.Corpus) {
		count++
		break
	}
	if count != 1 {
		t.Errorf("%d documents before the break, want 1", count)
	}
}

// TestRefuses checks that every malformed file is refused with an error that
// names the file and what is wrong with it.
func TestRefuses(t *testing.T) {
	good := map[string]string{"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.tsv": qrels}
	for _, c := range []struct {
		name    string
		file    string
		content string
		want    string
	}{
		{"no JSON", "corpus.jsonl", "{\"_id\": \"1\", \"text\": \"\"}\nhello", "corpus.jsonl:2: invalid character 'h'"},
		{"cut JSON", "corpus.jsonl", `{"_id": "1`, "corpus.jsonl:1: unexpected end"},
		{"array", "corpus.jsonl", `[1]`, "corpus.jsonl:1: expected a JSON object, found array"},
		{"null", "corpus.jsonl", `null`, "corpus.jsonl:1: _id: expected a string"},
		{"no id", "corpus.jsonl", `{"text": "x"}`, "corpus.jsonl:1: _id: expected a string, found no such field"},
		{"empty id", "corpus.jsonl", `{"_id": "", "text": "x"}`, "corpus.jsonl:1: _id: expected an id"},
		{"number id", "corpus.jsonl", `{"_id": 7, "text": "x"}`, "corpus.jsonl:1: _id: expected a string, found number"},
		{"no text", "corpus.jsonl", `{"_id": "1", "title": "x"}`, "corpus.jsonl:1: text: expected a string, found no such field"},
		{"number text", "corpus.jsonl", `{"_id": "1", "text": 5}`, "corpus.jsonl:1: text: expected a string, found number"},
		{"repeated id", "corpus.jsonl", "{\"_id\": \"1\", \"text\": \"\"}\n\n{\"_id\": \"1\", \"text\": \"\"}", `corpus.jsonl:3: _id: "1" was already used in line 1`},
		{"not UTF-8", "corpus.jsonl", "{\"_id\": \"1\", \"text\": \"\xff\"}", "corpus.jsonl:1: expected UTF-8"},
		{"empty corpus", "corpus.jsonl", "\n\n", "corpus.jsonl: expected a JSON object a line, found nothing"},
		{"queries", "queries.jsonl", `{"_id": "q1"}`, "queries.jsonl:1: text:"},
		{"other queries", "queries.jsonl", `{"_id": "q1", "text": "x"}`, `qrels.tsv: 2 of its 3 queries are not in`},
		{"two fields", "qrels.tsv", "q1\t2", "qrels.tsv:1: expected 3 fields separated by tabs (query-id, corpus-id, score), found 2"},
		{"spaces", "qrels.tsv", "q1 2 1", "qrels.tsv:1: expected 3 fields separated by tabs (query-id, corpus-id, score), found 1"},
		{"no query id", "qrels.tsv", "\t2\t1", "qrels.tsv:1: query-id: expected an id"},
		{"no document id", "qrels.tsv", "q1\t\t1", "qrels.tsv:1: corpus-id: expected an id"},
		{"fraction", "qrels.tsv", "q1\t2\t0.5", `qrels.tsv:1: score: expected an integer, found "0.5"`},
		{"second header", "qrels.tsv", "q\td\tscore\nq\td\tscore", `qrels.tsv:2: score: expected an integer, found "score"`},
		{"contradiction", "qrels.tsv", "q1\t2\t1\nq1\t2\t2", `qrels.tsv:2: score: query "q1" and document "2" have 2 here and 1 before`},
		{"only a header", "qrels.tsv", "query-id\tcorpus-id\tscore\n", "qrels.tsv: expected a judgement a line, found none"},
		{"nothing relevant", "qrels.tsv", "q1\t2\t0\n", "qrels.tsv: expected a grade of 1 or more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := maps.Clone(good)
			files[c.file] = c.content
			wantError(t, readAll(folder(t, files)), c.want)
		})
	}
}

func TestRefusesBrokenZip(t *testing.T) {
	dir := folder(t, map[string]string{"queries.jsonl": queries, "qrels.tsv": qrels})
	path := filepath.Join(dir, "corpus.jsonl.gz")
	whole := zipped(t, corpus)
	for name, data := range map[string][]byte{"truncated": whole[:len(whole)-4], "no gzip": []byte(corpus), "empty": nil} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { wantError(t, readAll(dir), "corpus.jsonl.gz") })
	}
}

func TestRefusesMissingFiles(t *testing.T) {
	for missing, want := range map[string]string{
		"corpus.jsonl":  "no corpus.jsonl or corpus.jsonl.gz",
		"queries.jsonl": "no queries.jsonl or queries.jsonl.gz",
		"qrels.tsv":     "no qrels.tsv or qrels.tsv.gz or qrels/test.tsv or qrels/test.tsv.gz",
	} {
		t.Run(missing, func(t *testing.T) {
			dir := folder(t, map[string]string{"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.tsv": qrels})
			if err := os.Remove(filepath.Join(dir, missing)); err != nil {
				t.Fatal(err)
			}
			err := readAll(dir)
			wantError(t, err, want)
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("error %v is not fs.ErrNotExist", err)
			}
		})
	}
	t.Run("a folder in its place", func(t *testing.T) {
		wantError(t, readAll(folder(t, map[string]string{"corpus.jsonl/x": ""})), "corpus.jsonl: expected a regular file")
	})
}

func readAll(dir string) error {
	set, err := Find(dir, "", "")
	if err != nil {
		return err
	}
	for _, err := range Documents(set.Corpus) {
		if err != nil {
			return err
		}
	}
	_, _, err = set.Judged()
	return err
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", want)
	}
	if got := filepath.ToSlash(err.Error()); !strings.Contains(got, want) || !strings.HasPrefix(got, "beir: ") {
		t.Errorf("error %q, want it to begin with \"beir: \" and contain %q", got, want)
	}
}

// FuzzLines reads arbitrary lines as either kind: no panic, and only checked
// values without an error.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{corpus, queries, qrels, "{}", "null", `{"_id":1}`, "a\tb\t1", "\t\t", "a\tb\t-9223372036854775809"} {
		for line := range strings.Lines(seed) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, line string) {
		if r, err := parseRecord([]byte(line)); err == nil && (*r.ID == "" || r.Text == nil) {
			t.Errorf("accepted a record without id or text: %q", line)
		}
		q := make(Qrels)
		fields := strings.Split(line, "\t")
		if err := q.add(fields); (err == nil) != (len(q) == 1) {
			t.Errorf("error %v and judgements %v", err, q)
		}
	})
}
