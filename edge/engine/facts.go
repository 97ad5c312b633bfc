package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Facts say of a document's metadata what a filter may ask, in a form that means
// the same in every engine and needs no schema: an engine's own index of JSON gives
// a field one type for all documents, or takes a list for any of its elements,
// which the filter language doesn't.
//
// A path is that of package store/filter, names joined as in author."a b"; names
// with double quotes and backslashes, which a filter can't have, are left out.
type Facts struct {
	Present  []string `json:"present,omitempty"`  // paths of all that isn't null
	Equal    []string `json:"equal,omitempty"`    // [Fact] of each single value
	Elements []string `json:"elements,omitempty"` // [Fact] of each element of a list
	Numbers  []Number `json:"numbers,omitempty"`
	Strings  []String `json:"strings,omitempty"`
}

// A Number is a number of the metadata, and a String a string, for comparisons.
type (
	Number struct {
		Path  string  `json:"path"`
		Value float64 `json:"value"`
	}
	String struct {
		Path  string `json:"path"`
		Value string `json:"value"`
	}
)

// Path is how facts name a field of metadata.
func Path(names []string) string { return `"` + strings.Join(names, `"."`) + `"` }

// longFact is how many bytes of a string are kept in a fact.
const longFact = 256

// Fact says that the field at a path has a value, which is a string, a bool, an
// int64 or a float64. Of a long string it has a hash.
func Fact(path string, value any) string {
	switch v := value.(type) {
	case string:
		if len(v) <= longFact {
			return path + "=s" + v
		}
		sum := sha256.Sum256([]byte(v))
		return path + "=h" + hex.EncodeToString(sum[:])
	case bool:
		return path + "=b" + strconv.FormatBool(v)
	case int64:
		return path + "=n" + strconv.FormatFloat(float64(v), 'g', -1, 64)
	case float64:
		if v == 0 {
			v = 0 // without its sign
		}
		return path + "=n" + strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return ""
	}
}

// newFacts takes metadata apart, as encoding/json reads it.
func newFacts(metadata map[string]any) Facts {
	var f Facts
	f.object(nil, metadata)
	return f
}

func (f *Facts) object(names []string, object map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		value := object[name]
		if value == nil || strings.ContainsAny(name, `"\`) {
			continue
		}
		inner := append(slices.Clip(names), name)
		path := Path(inner)
		f.Present = append(f.Present, path)
		switch v := value.(type) {
		case map[string]any:
			f.object(inner, v)
		case []any:
			for _, element := range v {
				if fact := Fact(path, element); fact != "" {
					f.Elements = append(f.Elements, fact)
				}
			}
		default:
			f.Equal = append(f.Equal, Fact(path, v))
			switch v := v.(type) {
			case float64:
				f.Numbers = append(f.Numbers, Number{path, v})
			case string:
				f.Strings = append(f.Strings, String{path, v})
			}
		}
	}
}
