package hub

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestReadme compares the table of checkpoints in the README with Checkpoints. A row
// there may stand for several: "a/b, c" for a/b and a/c, "a/b-x, -y" for a/b-x and
// a/b-y; a cell then has a value for each, or one for all.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| checkpoint | backbone")
	table, _, _ = strings.Cut(table, "\n\n")
	var found []Checkpoint
	for _, row := range strings.Split(table, "\n")[2:] {
		found = append(found, readRow(t, row)...)
	}
	if len(found) == 0 {
		t.Fatal("found no table of checkpoints")
	}
	for i := range max(len(found), len(Checkpoints)) {
		switch {
		case i >= len(found):
			t.Errorf("the README lacks %+v", Checkpoints[i])
		case i >= len(Checkpoints):
			t.Errorf("Checkpoints lacks %+v", found[i])
		case found[i] != Checkpoints[i]:
			t.Errorf("expected %+v, the README has %+v", Checkpoints[i], found[i])
		}
	}
	for _, c := range Checkpoints {
		if r, err := ParseRepo(c.ID); err != nil || r.ID != c.ID {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
}

var beginsWithDigit = regexp.MustCompile(`^\d`)

func readRow(t *testing.T, row string) []Checkpoint {
	t.Helper()
	cells := strings.Split(strings.Trim(row, "| "), " | ")
	if len(cells) != 6 {
		t.Fatalf("expected six cells, found %q", cells)
	}
	ids := strings.Split(cells[0], ", ")
	for i := 1; i < len(ids); i++ {
		before := ids[i-1]
		switch {
		case strings.HasPrefix(ids[i], "-"):
			ids[i] = before[:strings.LastIndex(before, "-")] + ids[i]
		case !strings.Contains(ids[i], "/"):
			ids[i] = before[:strings.Index(before, "/")+1] + ids[i]
		}
	}
	each := func(cell string) []string {
		values := strings.Split(strings.ReplaceAll(cell, "`", ""), ", ")
		if len(values) != len(ids) || len(ids) == 1 {
			return slices.Repeat([]string{strings.Join(values, ", ")}, len(ids))
		}
		return values
	}
	backbones, dims := each(cells[1]), each(cells[2])
	var list []Checkpoint
	for i, id := range ids {
		c := Checkpoint{ID: id, Backbone: backbones[i]}
		if beginsWithDigit.MatchString(c.Backbone) { // the architecture is that of the one before
			c.Backbone = backbones[i-1][:strings.Index(backbones[i-1], " ")+1] + c.Backbone
		}
		var err error
		if c.Dim, err = strconv.Atoi(dims[i]); err != nil {
			t.Fatalf("%q: %v", row, err)
		}
		if !strings.HasPrefix(cells[3], "see ") {
			c.Licence = cells[3]
		}
		if refused, ok := strings.CutPrefix(cells[4], "refused: "); ok {
			c.Refused = strings.ReplaceAll(refused, "`", "")
		} else if !strings.HasPrefix(cells[4], "open") {
			t.Errorf("%q: expected \"opens\" or \"refused: …\", found %q", id, cells[4])
		}
		list = append(list, c)
	}
	return list
}
