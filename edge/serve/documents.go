package serve

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// textOf is the text of a query or a document: a string, or an object with "text"
// as Cohere and Jina have it, of which the rest is left alone. rankFields, Cohere's,
// are the fields that make the text, one after the other.
func textOf(name string, v jsontext.Value, rankFields []string) (string, *refusal) {
	if s, ok := stringOf(v); ok {
		return s, nil
	}
	if v.Kind() != '{' {
		return "", invalid(name, `expected a string or an object with "text", found %s`, kindOf(v))
	}
	object, err := members(v)
	if err != nil {
		return "", invalid(name, "%v", err)
	}
	if rankFields != nil {
		return ranked(name, object, rankFields)
	}
	if text := object["text"]; text != nil {
		s, ok := stringOf(text)
		if !ok {
			return "", invalid(name+".text", "expected a string, found %s", kindOf(text))
		}
		return s, nil
	}
	for _, other := range []string{"image", "content", "video", "audio", "multi_modal"} {
		if object[other] != nil {
			return "", cannot(name+"."+other, "toller reads text alone, as a string or an object's \"text\"")
		}
	}
	return "", invalid(name, `expected "text" in the object, found none`)
}

// ranked joins the fields of a document that are to be ranked by.
func ranked(name string, object map[string]jsontext.Value, fields []string) (string, *refusal) {
	var parts []string
	for _, field := range fields {
		v := object[field]
		switch v.Kind() {
		case '"':
			s, _ := stringOf(v)
			parts = append(parts, s)
		case '0', 't', 'f':
			parts = append(parts, string(v))
		case '{', '[':
			return "", cannot(name+"."+field, "ranking by a field takes a string, a number or a boolean, found %s", kindOf(v))
		}
	}
	if len(parts) == 0 {
		return "", invalid(name, "expected one of the rank_fields %q, found none", fields)
	}
	return strings.Join(parts, "\n"), nil
}

// texts reads an array of documents.
func (c *call) texts(f *fields, name string, rankFields []string) []string {
	list := f.list(name, c.server.limits.Documents)
	if f.bad != nil {
		return nil
	}
	if len(list) == 0 {
		f.fail(&refusal{empty, name, name + ": expected at least one text, found none"})
		return nil
	}
	if most := c.server.limits.Documents; len(list) > most {
		f.fail(tooMuch(name, "expected at most %d texts, found more", most))
		return nil
	}
	texts := make([]string, len(list))
	for i, v := range list {
		var bad *refusal
		if texts[i], bad = textOf(element(name, i), v, rankFields); bad != nil {
			f.fail(bad)
			return nil
		}
	}
	return texts
}
