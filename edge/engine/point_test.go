package engine

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestPointID has ids as collections have them: another id would leave what is there
// to be deleted and sent again.
func TestPointID(t *testing.T) {
	for _, test := range []struct {
		key     string
		passage int
		want    string
	}{
		{"calcium", 0, "4ab88b02-3374-5f7e-a693-dfdd6f1de9ad"},
		{"calcium", 1, "c64a425e-8697-584c-bcb3-cd46b9a12cc5"},
		{"notes/äpfel.md", 300, "5f9d829d-9367-509c-b565-50b5f2c97c9e"},
	} {
		id := PointID(test.key, test.passage)
		if id.String() != test.want {
			t.Errorf("%q, %d: %s, expected %s", test.key, test.passage, id, test.want)
		}
		text, err := json.Marshal(id)
		var back ID
		if err != nil || json.Unmarshal(text, &back) != nil || back != id {
			t.Errorf("%s comes back as %s", text, back)
		}
	}
	if err := json.Unmarshal([]byte(`"calcium"`), new(ID)); err == nil || !strings.Contains(err.Error(), "UUID") {
		t.Errorf("no UUID: %v", err)
	}
}

func TestFacts(t *testing.T) {
	var metadata map[string]any
	if err := json.Unmarshal([]byte(`{"a": {"b": 1}, "c": ["x", 2, null, {"d": 1}, ["y"]], "e": null, "f": false, "g\"": 1, "h": -0.0, "i": "1"}`), &metadata); err != nil {
		t.Fatal(err)
	}
	want := Facts{
		Present:  []string{`"a"`, `"a"."b"`, `"c"`, `"f"`, `"h"`, `"i"`},
		Equal:    []string{`"a"."b"=n1`, `"f"=bfalse`, `"h"=n0`, `"i"=s1`},
		Elements: []string{`"c"=sx`, `"c"=n2`},
		Numbers:  []Number{{`"a"."b"`, 1}, {`"h"`, 0}},
		Strings:  []String{{`"i"`, "1"}},
	}
	if got := newFacts(metadata); !reflect.DeepEqual(got, want) {
		t.Errorf("found %+v, expected %+v", got, want)
	}
	long := strings.Repeat("x", longFact+1)
	if a, b := Fact("p", long), Fact("p", long+"x"); a == b || len(a) > 80 {
		t.Errorf("long strings are %q and %q", a, b)
	}
}
