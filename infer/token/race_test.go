//go:build race

package token

// raceDetector shortens tests of a single goroutine, of which the detector
// makes ten times the work.
const raceDetector = true
