//go:build race

package serve

// raceDetector tells that memory isn't what it is without: the detector has more of it
// allocated.
const raceDetector = true
