package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/netutil"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/serve"
)

const (
	// defaultListen is reachable from this machine alone. The port is none of those
	// that servers whose dialects are spoken have (8000, 8080, 3000), so that one of
	// them can run beside, and lies below those that systems give to clients.
	defaultListen = "127.0.0.1:8411"

	// drain is how long requests that are being answered may go on when the server
	// is told to stop.
	drain = 20 * time.Second

	mostConnections = 1024
	headerTime      = 10 * time.Second
	idleTime        = 2 * time.Minute
	headerBytes     = 32 << 10
)

// serveFlags are the flags of toller serve.
type serveFlags struct {
	*options
	listen  string
	indexes []string
	remote
	tokenFile string
	hosts     []string
	origins   []string
	scores    string
	cache     int
	body      int
	documents int
}

var scoreScales = []string{"auto", string(serve.MaxSim), string(serve.Unit)}

func serveCommand(o *options) *cobra.Command {
	f := &serveFlags{options: o}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer over HTTP: rerank, embeddings, search",
		Long: `Answer over HTTP what the other commands answer on a terminal, in the dialects
that programs already speak.

  /v1/rerank, /v2/rerank     Cohere, Jina, vLLM, llama.cpp
  /rerank                    the same, and Text Embeddings Inference ("texts")
  /reranking                 llama.cpp
  /score, /v1/score          vLLM
  /v1/embeddings             OpenAI, with a list of vectors for each text;
                             "input_type" is query or document
  /v1/search                 the indexes of --index, and the collection of --engine
  /health, /metrics, /openapi.json, /v1/models

Point a client at http://127.0.0.1:8411, or at http://127.0.0.1:8411/v1 if it adds
no /v1 of its own, as OpenAI's and Jina's; any key and any name of a model will do.

Scores are those of toller rank: its "score", or where a dialect promises numbers
from 0 to 1, which are /v2/rerank and "texts" without "raw_scores", its "mean".
--scores sets one for all, ?scores= for a request.

Nobody but this machine reaches the server unless --listen says so, and then each
request needs a token: the content of --token-file, or $TOLLER_TOKEN. Web pages may
use it only if their origin is named by --origin. A request by another name than
localhost needs --host.

Told to stop, it finishes what it is answering, for 20 seconds at most. A socket
that systemd hands over is used in place of --listen.`,
		Example: `  toller serve
  toller serve --index notes=notes.db --index mail=mail.db
  toller serve --engine qdrant --url http://localhost:6333 --collection notes
  toller serve --listen 0.0.0.0:8411 --token-file /etc/toller/token
  curl -s localhost:8411/v1/rerank --json '{"query": "bone loss", "documents": ["calcium", "rain"]}'`,
		Args: arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", defaultListen, "address and port to listen at; port 0 is any free one")
	flags.StringArrayVar(&f.indexes, "index", nil, "index to search, as NAME=FILE, or FILE for its name without ending (repeatable)")
	flags.StringVar(&f.engine, "engine", "", "engine with a collection to search too: qdrant or opensearch")
	f.remote.add(cmd, engines)
	flags.StringVar(&f.tokenFile, "token-file", "", "file with the token that requests need (default $TOLLER_TOKEN)")
	flags.StringArrayVar(&f.hosts, "host", nil, "name by which requests may call the server, beside localhost (repeatable)")
	flags.StringArrayVar(&f.origins, "origin", nil, "web page that may use the server, as in https://example.org (repeatable)")
	flags.StringVar(&f.scores, "scores", "auto", "scale of scores: maxsim, unit (0 to 1), or auto, which each dialect decides")
	flags.IntVar(&f.cache, "cache", serve.DefaultCacheBytes>>20, "MB for vectors of documents, kept for when they come again")
	flags.IntVar(&f.body, "max-body", 32, "MB that a request may have")
	flags.IntVar(&f.documents, "max-documents", 10_000, "documents that a request may have")
	completes(cmd, "scores", scoreScales)
	return cmd
}

func (f *serveFlags) run(ctx context.Context) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	token, err := readToken(f.tokenFile)
	if err != nil {
		return err
	}
	listener, err := f.socket()
	if err != nil {
		return err
	}
	defer listener.Close()
	local := isLocal(listener.Addr())
	if !local && len(token) < leastToken {
		return usage("%s can be reached from other machines: expected a token of at least %d characters in --token-file or $TOLLER_TOKEN, found %d", listener.Addr(), leastToken, len(token))
	}
	model, err := f.open()
	if err != nil {
		return err
	}
	defer model.Close()
	settings := serve.Options{
		Token: token, Hosts: f.hosts, Origins: f.origins, CacheBytes: int64(f.cache) << 20,
		Limits: serve.Limits{Body: int64(f.body) << 20, InFlight: max(256, 8*int64(f.body)) << 20, Documents: f.documents},
		Log:    slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	if f.cache == 0 {
		settings.CacheBytes = -1
	}
	if f.scores != "auto" {
		settings.Scores = serve.Scale(f.scores)
	}
	if !local && len(f.hosts) == 0 {
		settings.Hosts = []string{"*"} // the token keeps strangers out
	}
	if settings.Indexes, err = f.openIndexes(ctx, model); err != nil {
		return err
	}
	defer func() {
		for _, x := range settings.Indexes {
			if x.Index != nil {
				err = errors.Join(err, x.Index.Close())
			}
		}
	}()
	if f.engine != "" {
		e, err := f.connect(making{})
		if err != nil {
			return usageError{err}
		}
		settings.Indexes = append(settings.Indexes, serve.Index{Name: f.collection, Engine: e})
	}
	server, err := serve.New(model, settings)
	if err != nil {
		return usageError{err}
	}
	note("%s at %s", terminal.Clean(model.Info().Name), address(listener.Addr()))
	return answer(ctx, server, listener, settings.Log)
}

func (f *serveFlags) check() error {
	if err := oneOf("scores", f.scores, scoreScales); err != nil {
		return err
	}
	if err := f.checkEngine(); err != nil {
		return err
	}
	const most = 1 << 20
	if f.cache < 0 || f.cache > most {
		return usage("--cache is %d, expected 0 to %d", f.cache, most)
	}
	if f.body < 1 || f.body > 1024 {
		return usage("--max-body is %d, expected 1 to 1024", f.body)
	}
	if f.documents < 1 {
		return usage("--max-documents is %d, expected 1 or more", f.documents)
	}
	return nil
}

// checkEngine looks at what goes with --engine.
func (f *serveFlags) checkEngine() error {
	if f.engine != "" {
		return f.remote.check(engines)
	}
	if f.url != "" {
		return usage("--url goes with --engine")
	}
	return nil
}

// socket is systemd's socket, or a new one.
func (f *serveFlags) socket() (net.Listener, error) {
	listener, err := inherited()
	if listener == nil && err == nil {
		listener, err = net.Listen("tcp", f.listen)
	}
	if err != nil {
		return nil, err
	}
	return netutil.LimitListener(listener, mostConnections), nil
}

// isLocal says whether this machine alone can reach an address.
func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback() // else it is a socket of the file system
}

func address(a net.Addr) string {
	if a.Network() == "unix" {
		return a.String()
	}
	return "http://" + a.String()
}

func (f *serveFlags) openIndexes(ctx context.Context, model *edge.Model) (opened []serve.Index, err error) {
	defer func() {
		if err != nil {
			for _, x := range opened {
				x.Index.Close()
			}
		}
	}()
	for _, argument := range f.indexes {
		name, x, err := openNamed(ctx, argument, model)
		if err != nil {
			return opened, err
		}
		opened = append(opened, serve.Index{Name: name, Index: x})
	}
	return opened, nil
}

// answer answers requests until the context ends, and then those that it has begun.
func answer(ctx context.Context, handler http.Handler, listener net.Listener, log *slog.Logger) error {
	work, cut := context.WithCancel(context.Background())
	defer cut()
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		BaseContext:       func(net.Listener) context.Context { return work },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	grace.Store(int64(drain + time.Second))
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	draining, done := context.WithTimeout(work, drain)
	defer done()
	if err := server.Shutdown(draining); err != nil {
		cut()
		log.Warn("requests were cut off", "after", drain)
		return errors.Join(ctx.Err(), server.Close())
	}
	return ctx.Err()
}
