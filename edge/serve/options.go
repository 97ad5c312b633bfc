package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/index"
)

// Options say what a [Server] serves, and to whom. The zero value serves a model
// to programs of this machine.
type Options struct {
	// Indexes are what /v1/search searches. They stay the caller's: close them
	// after the server's last request.
	Indexes []Index
	// Scores is the scale of all scores; "" leaves it to the dialects.
	Scores Scale

	// Token has to be in each request's Authorization, as Bearer, but for those of
	// /health; "" asks for none. A server that others can reach should have one.
	Token string
	// Hosts are the names by which a request may call the server, without a port,
	// beside localhost and this machine's loopback addresses. "*" is any name: for
	// a server with a token.
	Hosts []string
	// Origins are the web pages that may use the server, such as
	// "https://example.org": what a browser sends as Origin.
	Origins []string

	// CacheBytes is how much memory the vectors of documents may take that are
	// kept for when they come again; 0 is [DefaultCacheBytes], below 0 none.
	CacheBytes int64
	// Limits are zero where the defaults hold.
	Limits Limits
	// Log is told what went wrong in the server, never what was sent; nil is
	// nobody.
	Log *slog.Logger
}

// An Index is an open index, or a collection of an engine for many machines, and the
// name that requests call it by.
type Index struct {
	Name   string
	Index  *index.Index
	Engine engine.Engine // in place of Index
}

// DefaultCacheBytes is the memory for documents' vectors: some 3,000 documents of
// 300 tokens and 64 dimensions.
const DefaultCacheBytes = 256 << 20

// Limits bound what requests may take. Zero is the default.
type Limits struct {
	Body           int64         // bytes of one request; 32 MiB
	InFlight       int64         // bytes that all requests together hold, four times what they send; 256 MiB
	Requests       int           // of them; 256
	Documents      int           // texts of one request; 10,000
	DocumentTokens int           // of a text, if a request asks for more than the model's length; 32,768
	Tokens         int           // of one request's texts, each cut at its length; 2,097,152
	Vectors        int           // of one answer of embeddings; 262,144
	Hits           int           // of a search; 1,000
	Query          int           // bytes of a search's query, each word of which is looked for; 65,536
	Receive        time.Duration // for a request's body to arrive; 60 s
	Work           time.Duration // for the answer to be made; 10 min
	Send           time.Duration // for a client to take 64 KiB of the answer; 30 s
}

func (l Limits) withDefaults() Limits {
	orElse(&l.Body, 32<<20)
	orElse(&l.InFlight, 256<<20)
	orElse(&l.Requests, 256)
	orElse(&l.Documents, 10_000)
	orElse(&l.DocumentTokens, 32<<10)
	orElse(&l.Tokens, 2<<20)
	orElse(&l.Vectors, 256<<10)
	orElse(&l.Hits, 1000)
	orElse(&l.Query, 64<<10)
	orElse(&l.Receive, time.Minute)
	orElse(&l.Work, 10*time.Minute)
	orElse(&l.Send, 30*time.Second)
	return l
}

func orElse[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

func (l Limits) check() error {
	for name, n := range map[string]int64{
		"Body": l.Body, "InFlight": l.InFlight, "Requests": int64(l.Requests), "Documents": int64(l.Documents),
		"DocumentTokens": int64(l.DocumentTokens), "Tokens": int64(l.Tokens), "Vectors": int64(l.Vectors), "Hits": int64(l.Hits), "Query": int64(l.Query),
		"Receive": int64(l.Receive), "Work": int64(l.Work), "Send": int64(l.Send),
	} {
		if n < 0 {
			return fmt.Errorf("serve: Limits.%s: expected more than 0, or 0 for the default, found %d", name, n)
		}
	}
	if l.InFlight < copies*l.Body {
		return fmt.Errorf("serve: Limits.InFlight: expected at least the %d bytes that one request may hold, found %d", copies*l.Body, l.InFlight)
	}
	return nil
}

func (o *Options) check() error {
	if o.Scores != "" && !o.Scores.known() {
		return fmt.Errorf("serve: Scores: expected %q or %q, found %q", MaxSim, Unit, o.Scores)
	}
	names := map[string]bool{}
	for _, x := range o.Indexes {
		switch {
		case (x.Index == nil) == (x.Engine == nil):
			return fmt.Errorf("serve: Indexes: %q: expected either an index or an engine", x.Name)
		case x.Name == "":
			return errors.New("serve: Indexes: expected a name for each, found none")
		case names[x.Name]:
			return fmt.Errorf("serve: Indexes: expected names that differ, found %q twice", x.Name)
		}
		names[x.Name] = true
	}
	for _, origin := range o.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || origin != u.Scheme+"://"+u.Host || origin != strings.ToLower(origin) {
			return fmt.Errorf(`serve: Origins: expected an origin such as "https://example.org", without a path and in small letters, found %q`, origin)
		}
	}
	for _, host := range o.Hosts {
		if host != "*" && (host == "" || strings.ContainsAny(host, "/: ")) {
			return fmt.Errorf("serve: Hosts: expected a host's name without a port, found %q", host)
		}
	}
	return o.Limits.check()
}
