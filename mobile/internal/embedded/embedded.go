// Package embedded is where package mobile finds the model that an app carries,
// if it was built with one. It keeps the edge.Model, which gomobile can't bind,
// out of what mobile and mobile/builtin export.
package embedded

import "github.com/toller-search/toller/edge"

// Open opens the embedded model. It is nil in an app that was built without one,
// and set while the program initialises.
var Open func(...edge.Option) (*edge.Model, error)
