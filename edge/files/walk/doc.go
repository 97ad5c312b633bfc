// Package walk lists the files under a path that are worth indexing.
//
// Files come in the order of their names, a folder's contents where its name
// stands. Left out are
//
//   - what .gitignore files say: those in the folders passed, and where the path
//     lies in a git repository, those between its top and the path, and the
//     repository's .git/info/exclude; links in their place are reported and not
//     followed, as git does. The rules are git's own, nested files and
//     negated patterns included, case-sensitive on every system. A user's
//     global excludes are not read;
//   - names that begin with a dot, unless asked for; .git always;
//   - what an exclude pattern matches, and files that no include pattern matches;
//   - links to folders, so that no loop of links holds it up, links to files that lie
//     outside the path or in a .git folder (others are followed), and what is no
//     file: pipes, sockets, devices.
//
// A file that is itself the path is listed whatever these rules say.
//
// What can't be read comes as an error in its place in the order, and the rest
// goes on.
package walk
