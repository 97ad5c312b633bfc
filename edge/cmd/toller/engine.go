package main

import (
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/opensearch"
	"github.com/toller-search/toller/edge/engine/qdrant"
)

// engines are those that are spoken to, by the name that --engine has.
var engines = []string{"qdrant", "opensearch"}

// engineKey is the environment variable with what an engine's address must not show.
const engineKey = "TOLLER_ENGINE_KEY"

// remote says which collection of which engine a command works with.
type remote struct {
	engine     string
	url        string
	collection string
}

func (r *remote) add(cmd *cobra.Command, names []string) {
	flags := cmd.Flags()
	flags.StringVar(&r.url, "url", "", "address of the engine (default http://localhost with the engine's port)")
	flags.StringVar(&r.collection, "collection", "toller", "collection, or index, of the engine")
	completes(cmd, "engine", names)
}

func (r *remote) check(names []string) error {
	if err := oneOf("engine", r.engine, names); err != nil {
		return err
	}
	if r.collection == "" {
		return usage("--collection is empty")
	}
	return nil
}

// making is how a collection is made that isn't there.
type making struct {
	shards, replicas int
	quantization     string
}

// connect makes the engine that the flags ask for.
func (r *remote) connect(m making) (engine.Engine, error) {
	key, address := os.Getenv(engineKey), r.url
	if r.engine == "qdrant" {
		if address == "" {
			address = "http://localhost:6333"
		}
		return qdrant.New(address, r.collection, qdrant.Options{Key: key, Shards: m.shards, Replicas: max(m.replicas, 0), Quantization: m.quantization})
	}
	if address == "" {
		address = "http://localhost:9200"
	}
	return opensearch.New(address, r.collection, opensearch.Options{
		Authorization: key, Shards: m.shards, Replicas: max(m.replicas, 0), NoReplicas: m.replicas == 0,
	})
}

// name is what the collection is called, without a password.
func (r *remote) name() string {
	address := r.url
	if parsed, err := url.Parse(address); err == nil {
		address = parsed.Redacted()
	}
	if address == "" {
		return r.engine + " " + r.collection
	}
	return r.engine + " " + r.collection + " at " + address
}
