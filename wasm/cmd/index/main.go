//go:build js

// Command index is what runs in a worker of a web page that has an index: a model,
// and one file of documents that are searched with it.
package main

import "github.com/toller-search/toller/wasm/bridge"

func main() {
	s := bridge.New()
	shelf := &shelf{session: s}
	shelf.handle()
	s.Serve()
}
