//go:build js

// Command rank is what runs in a worker of a web page: a model that ranks,
// encodes and explains.
package main

import "github.com/toller-search/toller/wasm/bridge"

func main() { bridge.New().Serve() }
