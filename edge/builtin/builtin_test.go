package builtin

import (
	"context"
	"testing"
)

// TestOpen checks that the embedded model is there, fits the program and knows
// its trade. Nothing here depends on its shape.
func TestOpen(t *testing.T) {
	if size := len(packed); size > 24<<20 {
		t.Errorf("expected at most 24 MiB, found %d bytes", size)
	}
	m, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if info := m.Info(); info.Name != Name || len(info.Warnings) != 0 {
		t.Errorf("expected %s without warnings, found %+v", Name, info)
	}
	for _, test := range []struct {
		query string
		docs  []string // the first is the one to find
	}{
		{"What is the capital of France?", []string{"Paris is the capital of France.", "Berlin is the capital of Germany.", "Bananas are rich in potassium."}},
		{"how do plants make energy from light", []string{"Photosynthesis turns light into chemical energy in plants.", "The court dismissed the appeal.", "A train leaves at nine."}},
		{"sort a list of numbers", []string{"The sort function orders the elements of a list.", "She painted the fence green.", "Rainfall was low in spring."}},
	} {
		hits, err := m.Rank(context.Background(), test.query, test.docs)
		if err != nil {
			t.Fatal(err)
		}
		if hits[0].Index != 0 {
			t.Errorf("%s: expected %q first, found %q", test.query, test.docs[0], test.docs[hits[0].Index])
		}
	}
}
