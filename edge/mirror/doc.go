// Package mirror keeps an index in step with files and folders: what is new or
// has changed is read and encoded, what has gone is taken out.
//
//	m := mirror.New(x, mirror.Options{})
//	report, err := m.Update(ctx, "notes", "papers")  // once
//	err = m.Watch(ctx, []string{"notes"}, show)      // until ctx ends
//
// The way of a file: package walk lists it, with the rules of .gitignore and the
// caller's patterns; its size and time are compared with the stamp that the index
// keeps as the hash of each entry, and where they differ, its contents; package
// extract makes text of it, a document for the file or one for each of its
// records; package index cuts, encodes and stores these, a batch of whole files at
// a time, while the next is read.
//
// Files are known in the index by their absolute paths, records by the path, #
// and their id or place. What an index holds beside these is left alone.
//
// What a caller may rely on:
//
//   - A file that didn't change costs a look at its size and time.
//   - A file that can't be read is reported, and what the index has of it stays;
//     so does what it has from a folder that can't be read.
//   - Whatever of the paths is not in the index, or not all of it, is named with its
//     reason: in the report, and in the index, where [SkippedFiles] finds it later. What
//     is hidden, ignored or excluded is counted.
//   - A round that ends early, or is killed, loses no more than the batch under
//     way; the next one goes on from there.
package mirror
