package mirror

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files/extract"
)

func TestEntryMetadata(t *testing.T) {
	nested := func(depth int) any {
		var v any = "x"
		for range depth {
			v = []any{v}
		}
		return v
	}
	tests := []struct {
		name string
		in   map[string]any
		want map[string]any
		err  error
	}{
		{"none", nil, map[string]any{"format": "text"}, nil},
		{"own format", map[string]any{"format": "A4"}, map[string]any{"format": "A4"}, nil},
		{"numbers",
			map[string]any{"a": json.Number("7"), "b": []any{json.Number("1.5")}, "c": json.Number("1e999"), "d": map[string]any{"e": json.Number("-1")}},
			map[string]any{"format": "text", "a": int64(7), "b": []any{1.5}, "c": "1e999", "d": map[string]any{"e": int64(-1)}}, nil},
		{"deep", map[string]any{"a": nested(40)}, map[string]any{"format": "text"}, errDeepMetadata},
		{"deep object", map[string]any{"a": map[string]any{"b": nested(40)}}, map[string]any{"format": "text"}, errDeepMetadata},
		{"long", map[string]any{"a": strings.Repeat("x", 2<<20)}, map[string]any{"format": "text"}, errLongMetadata},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := entryMetadata(extract.Document{Format: "text", Metadata: test.in})
			if !reflect.DeepEqual(got, test.want) || !errors.Is(err, test.err) {
				t.Errorf("found %v, %v; want %v, %v", got, err, test.want, test.err)
			}
		})
	}
}
