// Package synthetic makes any number of passages out of a few encoded
// documents, to measure what depends on how many vectors there are and how they
// lie rather than on what they mean.
//
// A passage is a window of a real document, or of several one after the other
// where one is too short, with noise added to each of its vectors. Like real
// passages it has vectors that lie where the model puts them, in the order and
// company in which words occur, and texts with the words of a language. Unlike
// real ones many passages are near copies of each other, and the noise has no
// preferred direction, which makes vectors harder to compress and to tell apart
// by their centroids than real ones are: sizes and times are meant to hold for
// real passages, rankings are not.
package synthetic
