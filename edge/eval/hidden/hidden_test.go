package hidden

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/eval/beir"
)

func words(text string) int { return len(strings.Fields(text)) }

var prose = strings.Repeat("It was late when the boat came in. \"Where have you been?\" she asked. Nobody answered! The men carried the nets ashore.\n", 12)

func TestPasskey(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, length := range []int{1, 64, 1000} {
		c := Passkey(rand.New(rand.NewPCG(seed, 0)), length, words)
		checkLengths(t, c, length, 20)
		for _, q := range c.Queries {
			name := strings.TrimSuffix(strings.TrimPrefix(q.Text, "what is the pass key for "), "?")
			for _, d := range c.Documents {
				if hidden := strings.Contains(d.Text, name+"'s pass key is"); hidden != (c.Qrels[q.ID][d.ID] == 1) {
					t.Errorf("%q and %s: hidden there %t", q.Text, d.ID, hidden)
				}
			}
		}
		if again := Passkey(rand.New(rand.NewPCG(seed, 0)), length, words); !reflect.DeepEqual(again, c) {
			t.Error("the same seed gave another collection")
		}
	}
}

func TestNeedle(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c, err := Needle(rand.New(rand.NewPCG(seed, 0)), 400, words, prose)
	if err != nil {
		t.Fatal(err)
	}
	checkLengths(t, c, 400, 8)
	for _, line := range strings.Split(strings.TrimSpace(needles), "\n") {
		fact, question, ok := strings.Cut(line, "\t")
		if !ok || fact == "" || question == "" {
			t.Errorf("a needle is %q", line)
		}
		for _, q := range c.Queries {
			for _, d := range c.Documents {
				if right := c.Qrels[q.ID][d.ID] == 1; q.Text == question && right != strings.Contains(d.Text, fact) {
					t.Errorf("%q and %s: right %t", question, d.ID, right)
				}
			}
		}
	}
	if _, err := Needle(rand.New(rand.NewPCG(1, 0)), 400, words, "Too short. By far."); err == nil || !strings.Contains(err.Error(), "found 2") {
		t.Errorf("a short haystack: got %v", err)
	}
}

// checkLengths wants all documents within slack of a length, unless what is hidden alone
// is longer.
func checkLengths(t *testing.T, c *Collection, length, slack int) {
	t.Helper()
	if len(c.Documents) != Documents || len(c.Queries) != Queries || len(c.Qrels) != Queries {
		t.Fatalf("%d documents, %d queries, %d judged", len(c.Documents), len(c.Queries), len(c.Qrels))
	}
	for _, d := range c.Documents {
		if n := words(d.Text); n > max(length, 20) || n < length-slack {
			t.Errorf("%s has %d words, want %d", d.ID, n, length)
		}
	}
}

func TestWrite(t *testing.T) {
	c := Passkey(rand.New(rand.NewPCG(1, 0)), 50, words)
	dir := filepath.Join(t.TempDir(), "a", "b")
	set, err := c.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	found, err := beir.Find(dir, "", "")
	if err != nil || found != set {
		t.Errorf("found %+v and %v, want %+v", found, err, set)
	}
	queries, qrels, err := set.Judged()
	if err != nil || !reflect.DeepEqual(queries, c.Queries) || !reflect.DeepEqual(qrels, c.Qrels) {
		t.Errorf("read other queries or judgements, %v", err)
	}
	var documents []beir.Document
	for d, err := range beir.Documents(set.Corpus) {
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, d)
	}
	if !reflect.DeepEqual(documents, c.Documents) {
		t.Error("read other documents")
	}
	if _, err := c.Write(dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over: %v", err)
	}
}
