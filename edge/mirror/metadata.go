package mirror

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/toller-search/toller/edge/files/extract"
)

const (
	maxMetadataDepth = 32      // of nested lists and objects
	maxMetadataBytes = 1 << 20 // as JSON
)

var (
	errDeepMetadata = fmt.Errorf("has metadata nested more than %d deep; it is left out", maxMetadataDepth)
	errLongMetadata = fmt.Errorf("has more than %d kB of metadata; it is left out", maxMetadataBytes>>10)
)

// entryMetadata is a document's metadata and, unless it has a field of that
// name, its "format". What an index would not take is left out and said.
func entryMetadata(d extract.Document) (map[string]any, error) {
	format := map[string]any{"format": d.Format}
	value, err := plainValue(d.Metadata, maxMetadataDepth)
	if err != nil {
		return format, err
	}
	maps.Copy(format, value.(map[string]any))
	text, err := json.Marshal(format)
	if err == nil && len(text) > maxMetadataBytes {
		err = errLongMetadata
	}
	if err != nil {
		return map[string]any{"format": d.Format}, err
	}
	return format, nil
}

// plainValue is v with numbers that come back from JSON as they went there; one
// that no float64 holds becomes a string.
func plainValue(v any, depth int) (any, error) {
	if depth == 0 {
		return nil, errDeepMetadata
	}
	switch v := v.(type) {
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, field := range v {
			plain, err := plainValue(field, depth-1)
			if err != nil {
				return nil, err
			}
			object[name] = plain
		}
		return object, nil
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			plain, err := plainValue(element, depth-1)
			if err != nil {
				return nil, err
			}
			list[i] = plain
		}
		return list, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		if x, err := v.Float64(); err == nil {
			return x, nil
		}
		return v.String(), nil
	}
	return v, nil
}
