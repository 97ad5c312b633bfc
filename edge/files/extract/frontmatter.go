package extract

import (
	"encoding/json"
	"strings"
)

const maxFrontMatter = 64 << 10

// frontMatter takes the lines between --- at the beginning of a text off it
// and reads of them what is plain YAML: "key: value" with a string, number or
// truth value, and lists of those, [a, b] or "- a" lines. Anything deeper is left
// out.
func frontMatter(text string) (metadata map[string]any, rest string) {
	const edge = "---\n"
	if !strings.HasPrefix(text, edge) {
		return map[string]any{}, text
	}
	end := strings.Index(cut(text, maxFrontMatter), "\n"+edge)
	if end < 0 {
		return map[string]any{}, text
	}
	metadata = map[string]any{}
	key := "" // whose value is a list of lines
	for line := range strings.SplitSeq(text[len(edge):max(end, len(edge))], "\n") {
		item, isItem := strings.CutPrefix(strings.TrimSpace(line), "- ")
		if isItem && key != "" {
			items, _ := metadata[key].([]any)
			metadata[key] = append(items, scalar(item))
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name[:1], " \t#-") || value != "" && value[0] != ' ' {
			key = ""
			continue
		}
		key = strings.TrimSpace(name)
		switch value = strings.TrimSpace(value); {
		case value == "":
		case value[0] == '[' && strings.HasSuffix(value, "]"):
			var items []any
			for item := range strings.SplitSeq(value[1:len(value)-1], ",") {
				if item = strings.TrimSpace(item); item != "" {
					items = append(items, scalar(item))
				}
			}
			metadata[key], key = items, ""
		case strings.IndexByte("{|>&*!", value[0]) < 0:
			metadata[key], key = scalar(value), ""
		}
	}
	return metadata, text[end+1+len(edge):]
}

// scalar reads a string with or without quotes, a number or a truth value.
func scalar(s string) any {
	s = strings.TrimSpace(s)
	if n := len(s); n >= 2 && s[0] == s[n-1] && (s[0] == '"' || s[0] == '\'') {
		return s[1 : n-1]
	}
	switch s {
	case "true":
		return true
	case "false":
		return false
	}
	if n, ok := number(s); ok {
		return n
	}
	return s
}

// number reads what JSON takes for a number: no 007, which is a name.
func number(s string) (json.Number, bool) {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') || !json.Valid([]byte(s)) {
		return "", false
	}
	return json.Number(s), true
}
