// Package newfile writes files that are complete or not there at all: each is
// written under a temporary name in the same folder, and gets its own when it is
// done.
package newfile
