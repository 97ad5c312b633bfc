package walk

import "strings"

// matchPath matches a path with a pattern, both part by part. A part ** stands
// for any number of parts, at the end of the pattern for one or more.
func matchPath(pattern, parts []string) bool {
	// As matchName does: what the last ** stands for is made longer until the
	// rest matches. An earlier ** need not be tried again.
	star, after := -1, 0
	p, n := 0, 0
	for n < len(parts) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			if p == len(pattern)-1 {
				return true
			}
			star, after = p, n
			p++
		case p < len(pattern) && matchName(pattern[p], parts[n]):
			p, n = p+1, n+1
		case star >= 0:
			after++
			p, n = star+1, after
		default:
			return false
		}
	}
	return p == len(pattern)
}

// matchName matches a name with a pattern of git: * for any bytes, ? for one, [..]
// for one of a set, \ before what stands for itself. The pattern is one that
// splitPattern takes.
func matchName(pattern, name string) bool {
	star, after := -1, 0 // the last * and the end of what it stands for
	p, n := 0, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			star, after = p, n
			p++
			continue
		}
		if size, ok := matchByte(pattern[p:], name[n]); ok {
			p, n = p+size, n+1
			continue
		}
		if star < 0 {
			return false
		}
		after++
		p, n = star+1, after
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchByte matches the first element of a pattern, which is no *, with a byte,
// and returns its length.
func matchByte(pattern string, c byte) (size int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		return 2, len(pattern) > 1 && pattern[1] == c
	case '[':
		return matchSet(pattern, c)
	}
	return 1, pattern[0] == c
}

// splitPattern cuts a pattern at its slashes, but not at those of a set. One
// that ends within a set or after a backslash matches nothing: ok is false.
func splitPattern(pattern string) (parts []string, ok bool) {
	start := 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '/':
			parts = append(parts, pattern[start:i])
			start = i + 1
		case '\\':
			if i++; i == len(pattern) {
				return nil, false
			}
			if pattern[i] == '/' {
				parts = append(parts, pattern[start:i-1])
				start = i + 1
			}
		case '[':
			size, _ := matchSet(pattern[i:], 0)
			if size == 0 {
				return nil, false
			}
			i += size - 1
		}
	}
	return append(parts, pattern[start:]), true
}

// matchSet matches a set like [a-z_], [!0-9] or [[:alpha:]] at the beginning of
// a pattern. Size 0 means that the set is broken.
func matchSet(pattern string, c byte) (size int, ok bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	found := false
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, found != negated
		}
		if strings.HasPrefix(pattern[i:], "[:") {
			if end := strings.IndexByte(pattern[i+2:], ']'); end < 0 {
				return 0, false
			} else if name := pattern[i+2 : i+2+end]; strings.HasSuffix(name, ":") {
				in, known := inClass(name[:len(name)-1], c)
				if !known {
					return 0, false
				}
				found = found || in
				i += 2 + end + 1
				continue
			}
			// [ is a member like others
		}
		low, n := member(pattern[i:])
		i += n
		high := low
		if n > 0 && i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			high, n = member(pattern[i+1:])
			i += 1 + n
		}
		if n == 0 {
			return 0, false
		}
		found = found || low <= c && c <= high
	}
	return 0, false
}

// member reads a byte of a set and returns its length in the pattern, 0 if there
// is none.
func member(pattern string) (c byte, n int) {
	switch {
	case pattern == "" || pattern == `\`:
		return 0, 0
	case pattern[0] == '\\':
		return pattern[1], 2
	}
	return pattern[0], 1
}

// inClass reports whether an ASCII byte is in a class of POSIX.
func inClass(name string, c byte) (in, known bool) {
	lower, upper, digit := 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9'
	graph := '!' <= c && c <= '~'
	switch name {
	case "alpha":
		return lower || upper, true
	case "alnum":
		return lower || upper || digit, true
	case "blank":
		return c == ' ' || c == '\t', true
	case "cntrl":
		return c < ' ' || c == 0x7f, true
	case "digit":
		return digit, true
	case "graph":
		return graph, true
	case "lower":
		return lower, true
	case "print":
		return graph || c == ' ', true
	case "punct":
		return graph && !lower && !upper && !digit, true
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r', true
	case "upper":
		return upper, true
	case "xdigit":
		return digit || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F', true
	}
	return false, false
}
