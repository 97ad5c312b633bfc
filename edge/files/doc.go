// Package files reads documents from paths: files, folders with all that is in
// them, and streams. It is how every face of toller reads them, whether to rank,
// to explain or to index.
//
// Package walk lists what lies under a folder, package extract makes text of a
// file; [Read] puts the two together for whoever wants all documents in memory.
// Package mirror uses the same two to keep an index in step with a folder.
//
// What is left out is counted or named: see [Collection].
package files
