// Package bind is where the bindings for Android and iOS are made: it pins gomobile,
// and tests what comes out. README.md beside it says how.
package bind

import (
	// What gomobile binds must be among the packages of this module.
	_ "github.com/toller-search/toller/mobile"
	_ "golang.org/x/mobile/bind"
	_ "golang.org/x/mobile/bind/seq"
)
