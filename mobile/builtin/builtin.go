// Package builtin carries the model that comes with toller. An app that is bound
// with it, beside package mobile, grows by the model's 23 MB and can call
// mobile.OpenBuiltin; an app that brings a model of its own leaves it out.
package builtin

import (
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/mobile/internal/embedded"
)

// Name returns the name of the model. It is a function because gomobile links no
// package that has constants alone.
func Name() string { return builtin.Name }

func init() { embedded.Open = builtin.Open }
