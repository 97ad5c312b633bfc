//go:build race

package codec

// raceDetector tells tests that pools forget at random and that all is slow.
const raceDetector = true
