// Package terminal is what the command shows things on: standard output, a
// terminal to look at or a pipe to read from.
//
// A [Screen] is that output. Text from elsewhere, such as a file's name or its
// contents, reaches it as [Cell]s, or through [Clean], which leave nothing in it
// that could steer a terminal. Cells have a width in columns and a [Style]; lines
// of them are cut, padded and wrapped before they are shown. [Progress] is the bar
// on standard error.
package terminal
