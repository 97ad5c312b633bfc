// Package mirror keeps an index in step with files and folders: what is new or
// has changed is read and encoded, what has gone is taken out.
//
//	m := mirror.New(x, mirror.Options{})
//	report, err := m.Update(ctx, "notes", "papers")  // once
//	err = m.Watch(ctx, []string{"notes"}, show)      // until ctx ends
//
// The way of a file: package walk lists it, with the rules of .gitignore and the
// caller's patterns; what the system says of it is compared with the stamp that the
// index keeps as the hash of each entry, and where they differ, its contents; package
// extract makes text of it, a document for the file or one for each of its
// records; package index cuts, encodes and stores these, a batch at a time, while the
// next is read.
//
// Files are known in the index by their absolute paths, records by the path, #
// and their id or place. What an index holds beside these is left alone.
//
// What a caller may rely on:
//
//   - A file that didn't change costs a look at its size, its times and, where the
//     system has them, its inode and ctime. One that was modified so short a time
//     before that a later change might leave its time as it is, is read again in the
//     next round. So is one that was read by other options than now hold: the text
//     field, where it has records, bounds, kinds of readers, the rule for passages.
//     Of a file without documents a note in the index says why.
//   - A file with another time or another name, or in another folder, is read and not
//     encoded: entries go by the contents of files, or of their records. So does a file
//     whose text is the same after all.
//   - A file that can't be read is reported, and what the index has of it stays;
//     so does what it has from a folder that can't be read.
//   - A path that is quite empty now, but for names that begin with a dot, keeps what
//     the index has of it, and so do files whose folder lies on another device than
//     they did, unless [Options].Prune: a disk that is not there looks like that.
//     Whatever else has vanished is taken out.
//   - A file that links give several names is read once, by the first name in the
//     order of paths and names. When that goes, the next takes over.
//   - Nothing that lies in a folder has anything read outside it: links that lead out,
//     links in place of .gitignore, and .git files of no worktree are not followed.
//   - Whatever of the paths is not in the index, or not all of it, is named with its
//     reason: in the report, and in the index, where [SkippedFiles] finds it later. What
//     is hidden, ignored or excluded is counted.
//   - A round that ends early, or is killed, loses no more than the batch under
//     way; the next one goes on from there. Files with many records are read twice,
//     so that no more than a batch of them is in memory; of the others there is what
//     tells one from another, some 60 bytes and its id or place.
package mirror
