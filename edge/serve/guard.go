package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// guard refuses requests by who sends them, before their body is read.
func (s *Server) guard(w http.ResponseWriter, r *http.Request, open bool) *refusal {
	if !s.hostAllowed(r.Host) {
		return refuse(forbidden, "the server doesn't answer to the host %q: expected localhost, or a name that it was started with", r.Host)
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if !slices.Contains(s.options.Origins, origin) {
			return refuse(forbidden, "web pages of %q may not use the server", origin)
		}
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Add("Vary", "Origin")
	} else if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return refuse(forbidden, "web pages of other origins may not use the server")
	}
	if !open && !s.tokenMatches(r.Header.Get("Authorization")) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return refuse(unauthorized, "expected the server's token in the header Authorization, as Bearer")
	}
	return nil
}

// hostAllowed keeps out names that somebody else's name server gives this machine,
// by which a page of theirs would be of the same origin (DNS rebinding).
func (s *Server) hostAllowed(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "localhost" {
		return true
	}
	if address, err := netip.ParseAddr(host); err == nil && address.Unmap().IsLoopback() {
		return true
	}
	return slices.ContainsFunc(s.options.Hosts, func(allowed string) bool {
		return allowed == "*" || strings.EqualFold(allowed, host)
	})
}

// tokenMatches takes as long for any token: what is compared are digests.
func (s *Server) tokenMatches(authorization string) bool {
	if s.options.Token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	given, wanted := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(s.options.Token))
	return subtle.ConstantTimeCompare(given[:], wanted[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// preflight answers a browser that asks whether a page may send a request.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	if headers := r.Header.Get("Access-Control-Request-Headers"); headers != "" {
		h.Set("Access-Control-Allow-Headers", headers)
	}
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
