package serve_test

import (
	"log"
	"net/http"
	"time"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/serve"
)

// A program serves its model to others on the same machine.
func Example() {
	m, err := builtin.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	handler, err := serve.New(m, serve.Options{})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr:              "127.0.0.1:8411",
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}
