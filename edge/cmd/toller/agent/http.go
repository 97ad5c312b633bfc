package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/net/netutil"
)

// Path is where the server is reached over HTTP.
const Path = "/mcp"

const (
	mostConnections = 64
	mostSessions    = 64
	sessionIdle     = 30 * time.Minute // after which a session of an older protocol ends
	headerTime      = 10 * time.Second
	bodyTime        = 30 * time.Second
	connectionIdle  = 2 * time.Minute
	headerBytes     = 32 << 10
	farewell        = 50 * time.Millisecond // for answers under way, once ctx has ended

	// stateless is the first version of the protocol that has no sessions.
	stateless = "2026-07-28"
)

// Serve serves clients over streamable HTTP at [Path] until ctx ends. With a
// token each request has to bring it along, as a bearer. At an address of loopback
// only requests to a name of this machine are answered, and web pages of other
// origins never are.
func (s *Server) Serve(ctx context.Context, listener net.Listener, token string) error {
	server := &http.Server{
		Handler:           s.handler(token),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       connectionIdle,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(netutil.LimitListener(listener, mostConnections)) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	ending, done := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer done()
	if server.Shutdown(ending) != nil {
		_ = server.Close() // streams that clients keep open to listen
	}
	return ctx.Err()
}

// handler answers requests. Those of protocols with sessions and of the one without
// are told apart by their header.
func (s *Server) handler(token string) http.Handler {
	open := &sessions{server: s.mcp, uses: map[string]*use{}}
	pick := func(*http.Request) *mcp.Server { return s.mcp }
	lasting := mcp.NewStreamableHTTPHandler(pick, &mcp.StreamableHTTPOptions{
		Logger: s.log, SessionTimeout: sessionIdle, MaxRequestBodyBytes: messageBytes,
	})
	single := mcp.NewStreamableHTTPHandler(pick, &mcp.StreamableHTTPOptions{
		Logger: s.log, Stateless: true, MaxRequestBodyBytes: messageBytes, PropagateRequestCancellation: true,
	})
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !readBody(w, r) {
			return
		}
		session := r.Header.Get(sessionHeader) != ""
		switch {
		case !session && r.Header.Get("Mcp-Protocol-Version") >= stateless:
			single.ServeHTTP(w, r)
		case !session && !open.room():
			http.Error(w, fmt.Sprintf("%d sessions are in use: close one, or try again later", mostSessions), http.StatusServiceUnavailable)
		default:
			open.serve(lasting, w, r)
		}
	})
	if token != "" {
		handler = auth.RequireBearerToken(verifier(token), &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})(handler)
	}
	handler = http.NewCrossOriginProtection().Handler(handler)
	mux := http.NewServeMux()
	mux.Handle(Path, handler)
	return mux
}

// readBody reads a request's body, within a time that a slow sender can't stretch,
// and answers the request if that fails. The answer may take longer.
func readBody(w http.ResponseWriter, r *http.Request) bool {
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, messageBytes))
	_ = connection.SetReadDeadline(time.Time{})
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		http.Error(w, errLongLine.Error(), http.StatusRequestEntityTooLarge)
		return false
	}
	if err != nil {
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return true
}

// verifier compares tokens in a time that tells nothing about them.
func verifier(token string) auth.TokenVerifier {
	want := sha256.Sum256([]byte(token))
	return func(_ context.Context, given string, _ *http.Request) (*auth.TokenInfo, error) {
		found := sha256.Sum256([]byte(given))
		if subtle.ConstantTimeCompare(found[:], want[:]) != 1 {
			return nil, auth.ErrInvalidToken
		}
		return &auth.TokenInfo{}, nil
	}
}
