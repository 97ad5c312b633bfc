// Package plot draws points by two figures, as an SVG picture that looks right on light
// and dark pages.
package plot
