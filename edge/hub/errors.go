package hub

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
)

// Errors that a caller may want to tell apart; what functions return wraps one.
var (
	ErrAbsent   = errors.New("not in the cache")             // [Hub.Find]: nothing of it
	ErrPartial  = errors.New("not complete in the cache")    // [Hub.Find]: some of it
	ErrOffline  = errors.New("offline")                      // [Hub.Pull] would have to connect
	ErrNotFound = errors.New("not found on the hub")         // misspelt, or private and nobody says who asks
	ErrGated    = errors.New("not given to everybody")       // conditions must be accepted, or the token may not
	ErrBusy     = errors.New("the hub wants fewer requests") // for longer than one waits
	ErrContent  = errors.New("not what the hub announced")   // another hash or size
	ErrFull     = errors.New("the disk is full")
)

// refusal makes an error of an answer, and says whether another try may help.
func (c *client) refusal(r *http.Response, repo Repo) (err error, passes bool) {
	if at := r.Request.URL; !sameOrigin(at, c.endpoint) {
		// Where the hub keeps large files, an address is good for a while; it gives another.
		return fmt.Errorf("%s: expected 200 OK, found %d %s", at.Host, r.StatusCode, http.StatusText(r.StatusCode)), true
	}
	said := clean(r.Header.Get("X-Error-Message"))
	if said != "" {
		said = ": " + said
	}
	host := c.endpoint.Host
	switch code := r.Header.Get("X-Error-Code"); {
	case code == "GatedRepo":
		return fmt.Errorf("%w: its owner has conditions to be accepted at %s/%s; then set HF_TOKEN to a token of that account%s",
			ErrGated, c.endpoint.Redacted(), repo.ID, said), false
	case code == "RevisionNotFound":
		return fmt.Errorf("revision %q: %w", repo.revision(), ErrNotFound), false
	case code == "EntryNotFound":
		return fmt.Errorf("%w, though it is listed", ErrNotFound), false
	case r.StatusCode == http.StatusUnauthorized && c.token == "" || code == "RepoNotFound" || r.StatusCode == http.StatusNotFound:
		advice := "the token may not see it"
		if c.token == "" {
			advice = "is private, and HF_TOKEN must be set"
		}
		return fmt.Errorf("%w at %s: it is misspelt, or %s%s", ErrNotFound, host, advice, said), false
	case r.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%w: %s doesn't accept the token of HF_TOKEN or of the token file%s", ErrGated, host, said), false
	case r.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: %s forbids it%s", ErrGated, host, said), false
	case r.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("%s: %w (429)%s", host, ErrBusy, said), true
	}
	err = fmt.Errorf("%s: expected 200 OK, found %d %s%s", host, r.StatusCode, http.StatusText(r.StatusCode), said)
	return err, r.StatusCode == http.StatusRequestTimeout || r.StatusCode >= 500
}

// clean is a hub's text without what could steer a terminal, and not too much of it.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(strings.TrimSpace(text)); len(runes) > 300 {
		return string(runes[:300]) + "…"
	}
	return strings.TrimSpace(text)
}
