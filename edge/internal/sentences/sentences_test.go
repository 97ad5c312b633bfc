package sentences

import (
	"slices"
	"strings"
	"testing"
)

func TestBreaks(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  []string // sentences, without the white space between them
		ended bool
	}{
		{"", []string{""}, false},
		{"One. Two! Three?", []string{"One.", "Two!", "Three?"}, true},
		{"e.g. this, v1.2 and 3.4 apples", []string{"e.g. this, v1.2 and 3.4 apples"}, false},
		{`He said "Go." Then (left.) It`, []string{`He said "Go."`, "Then (left.)", "It"}, false},
		{"一。二！三", []string{"一。", "二！", "三"}, false},
		{"「一。」二。", []string{"「一。」", "二。"}, true},
		{"A heading\n\nand text\nthat goes on", []string{"A heading", "and text\nthat goes on"}, false},
		{"Bad \xff. \xfe B", []string{"Bad \xff.", "\xfe B"}, false},
	} {
		var got []string
		start := 0
		for b := range Breaks(test.text) {
			got = append(got, test.text[start:b.End])
			if gap := test.text[b.End:b.Next]; strings.TrimSpace(gap) != "" || b.Blank && strings.Count(gap, "\n") < 2 {
				t.Errorf("%q: found %+v with %q between", test.text, b, gap)
			}
			start = b.Next
		}
		if got = append(got, test.text[start:]); !slices.Equal(got, test.want) || Ended(test.text) != test.ended {
			t.Errorf("%q: found %q, ended: %t", test.text, got, Ended(test.text))
		}
	}
}
