package serve

import (
	"bytes"
	"context"
	_ "embed"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/toller-search/toller/edge"
)

// A Server is an [http.Handler]. The connections are the caller's: an
// [http.Server] with a ReadHeaderTimeout, and without a ReadTimeout or
// WriteTimeout, for which [Limits] has better ones.
type Server struct {
	model    *edge.Model
	info     edge.Info
	overhead int // tokens that the model puts around a document
	options  Options
	limits   Limits
	log      *slog.Logger
	cache    *cache
	metrics  *metrics
	routes   map[string]*route
	inFlight atomic.Int64 // bytes
}

// New returns a server for a model, which stays the caller's: close it after the
// last request.
func New(m *edge.Model, o Options) (*Server, error) {
	o.Limits = o.Limits.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	orElse(&o.CacheBytes, DefaultCacheBytes)
	s := &Server{
		model: m, info: m.Info(), overhead: m.Overhead(), options: o, limits: o.Limits, log: o.Log,
		cache: newCache(m, max(o.CacheBytes, 0)), metrics: newMetrics(), routes: map[string]*route{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for i := range routes {
		s.routes[routes[i].path] = &routes[i]
	}
	return s, nil
}

// A handler answers a request.
type handler func(ctx context.Context, c *call) (any, *refusal)

// route is a path and who answers there: a handler for POST, or plain for GET.
type route struct {
	path    string
	shape   shape
	handler handler
	plain   func(s *Server, w http.ResponseWriter)
	open    bool // needs no token
}

const (
	multiVectorPath = "/v1/multi-vector"
	poolingPath     = "/pooling"
)

var routes = []route{
	{path: "/v1/rerank", shape: rerankShape, handler: rerank("1", MaxSim)},
	{path: "/v2/rerank", shape: rerankShape, handler: rerank("2", Unit)},
	{path: "/rerank", shape: rerankShape, handler: rerank("1", MaxSim)},
	{path: "/reranking", shape: llamaShape, handler: rerankLlama},
	{path: "/v1/reranking", shape: llamaShape, handler: rerankLlama},
	{path: "/score", shape: vllmShape, handler: score},
	{path: "/v1/score", shape: vllmShape, handler: score},
	{path: "/v1/embeddings", shape: openAIShape, handler: embeddings},
	{path: multiVectorPath, shape: rerankShape, handler: embeddings},
	{path: poolingPath, shape: vllmShape, handler: embeddings},
	{path: "/v1/search", shape: openAIShape, handler: search},
	{path: "/v1/models", shape: openAIShape, plain: models},
	{path: "/health", shape: openAIShape, plain: health, open: true},
	{path: "/metrics", shape: openAIShape, plain: showMetrics},
	{path: "/openapi.json", shape: openAIShape, plain: showOpenAPI},
}

// elsewhere stands for paths that there aren't.
var elsewhere = route{path: "other", shape: openAIShape}

// A call is a request that is being answered.
type call struct {
	server  *Server
	route   *route
	shape   shape // of what is refused
	request *http.Request
	writer  http.ResponseWriter
	fields  *fields // of the body
	status  int     // of the answer
	taken   int64   // bytes of what all requests share
}

// clientGone is the status by which answers are counted that nobody waits for any
// more. nginx has it.
const clientGone = 499

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began, working := time.Now(), s.metrics.begin()
	c := &call{server: s, route: s.routes[r.URL.Path], request: r, writer: w}
	if c.route == nil {
		c.route = &elsewhere
	}
	c.shape = c.route.shape
	c.readUntil(began.Add(s.limits.Receive))
	defer func() {
		c.giveBack()
		thrown := recover()
		if thrown != nil && thrown != http.ErrAbortHandler {
			s.log.Error("a handler panicked", "path", c.route.path, "reason", thrown, "stack", string(debug.Stack()))
		}
		if c.status >= http.StatusInternalServerError && r.Context().Err() != nil {
			c.status = clientGone
		}
		s.metrics.end(c.route.path, c.status, time.Since(began))
		if thrown != nil {
			panic(http.ErrAbortHandler) // the client must not take what it has for an answer
		}
	}()
	// Who asks whether the server is well gets to know it of a busy one, too.
	if working > s.limits.Requests && c.route.plain == nil {
		c.refuse(refuse(overloaded, "the server is busy with %d requests: try again later", s.limits.Requests))
		return
	}
	c.answer()
}

func (c *call) answer() {
	s, r := c.server, c.request
	// A browser asks without a token.
	asks := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	if bad := s.guard(c.writer, r, c.route.open || asks); bad != nil {
		c.refuse(bad)
		return
	}
	expected := http.MethodPost
	if c.route.plain != nil {
		expected = http.MethodGet
	}
	switch {
	case c.route == &elsewhere:
		c.refuse(refuse(notFound, "there is nothing at %q; /openapi.json says what there is", r.URL.Path))
	case asks:
		c.status = http.StatusNoContent
		preflight(c.writer, r)
	case r.Method != expected && !(r.Method == http.MethodHead && expected == http.MethodGet):
		c.writer.Header().Set("Allow", expected)
		c.refuse(refuse(method, "expected %s, found %s", expected, r.Method))
	case c.route.plain != nil:
		c.status = http.StatusOK
		c.route.plain(s, c.patient())
	default:
		c.work()
	}
}

// work reads the body and answers it.
func (c *call) work() {
	body, bad := c.read()
	if bad == nil {
		c.fields, bad = parseFields(body)
		if bad != nil && bytes.Contains(body, []byte(`"texts"`)) && strings.Contains(c.route.path, "rerank") {
			c.shape = teiShape // as far as can be told
		}
	}
	if bad != nil {
		c.refuse(bad)
		return
	}
	ctx, cancel := context.WithTimeout(c.request.Context(), c.server.limits.Work)
	defer cancel()
	answer, bad := c.route.handler(ctx, c)
	if bad != nil {
		c.refuse(bad)
		return
	}
	c.respond(http.StatusOK, answer)
}

func health(s *Server, w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	json.MarshalWrite(w, struct {
		Status string `json:"status"`
		Model  string `json:"model"`
	}{"ok", s.info.Name}, jsontext.AllowInvalidUTF8(true))
}

func showMetrics(s *Server, w http.ResponseWriter) {
	w.Header().Set("Content-Type", metricsType)
	s.writeMetrics(w)
}

//go:embed openapi.json
var openAPI []byte

func showOpenAPI(_ *Server, w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(openAPI)
}
