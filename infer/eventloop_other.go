//go:build !js

package infer

// handleEvents is for JavaScript's event loop, which isn't here.
func handleEvents() {}
