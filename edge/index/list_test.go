package index

import (
	"fmt"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestList pages through an index in the order of its keys, whatever the order in
// which they came, and with a filter.
func TestList(t *testing.T) {
	x := openIndex(t, open(t, tiny.New(t)))
	moment := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var entries []Entry
	for _, i := range []int{7, 2, 9, 0, 4, 1, 8, 3, 6, 5} {
		e := Entry{Key: fmt.Sprintf("k%d", i), Title: fmt.Sprintf("title %d", i), Source: "source", Text: "the dog sat", Metadata: map[string]any{"even": i%2 == 0}}
		if i == 3 {
			e.Time = moment
		}
		entries = append(entries, e)
	}
	if err := x.Add(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ filter, want string }{
		{"", "k0 k1 k2 | k3 k4 k5 | k6 k7 k8 | k9 | "},
		{"even = true or even = true", "k0 k2 k4 | k6 k8 | "},
		{"key ~ 'k[13]'", "k1 k3 | "},
		{"key = 'none'", ""},
	} {
		got, after := "", ""
		for {
			page, err := x.List(t.Context(), test.filter, after, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range page {
				got += one.Key + " "
				after = one.Key
				if one.Title != "title "+one.Key[1:] || one.Source != "source" || one.Time.IsZero() == (one.Key == "k3") {
					t.Errorf("found %+v", one)
				}
				if one.Key == "k3" && !one.Time.Equal(moment) {
					t.Errorf("time %v, want %v", one.Time, moment)
				}
			}
			if len(page) == 0 {
				break
			}
			got += "| "
		}
		if got != test.want {
			t.Errorf("%q lists %q, want %q", test.filter, got, test.want)
		}
	}
	for _, bad := range []struct {
		filter string
		limit  int
	}{{"nonsense ===", 3}, {"", 0}} {
		if list, err := x.List(t.Context(), bad.filter, "", bad.limit); err == nil {
			t.Errorf("%+v lists %v", bad, list)
		}
	}
}
