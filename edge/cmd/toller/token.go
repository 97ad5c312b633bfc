package main

import (
	"fmt"
	"os"
	"strings"
)

// leastToken is how long a token must be where others can try.
const leastToken = 16

// readToken is what requests have to bring along: the content of the file, or
// $TOLLER_TOKEN where none is named; "" for nothing.
func readToken(path string) (string, error) {
	if path == "" {
		return strings.TrimSpace(os.Getenv("TOLLER_TOKEN")), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s: expected a token of one line without spaces", path)
	}
	return token, nil
}
