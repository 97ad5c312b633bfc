// Package hub fetches checkpoints from a model hub that speaks Hugging Face's
// protocol into the cache that Python's huggingface_hub keeps, and finds what is
// there already.
//
//	h, err := hub.FromEnvironment()
//	s, err := h.Pull(ctx, hub.Repo{ID: "mixedbread-ai/mxbai-edge-colbert-v0-17m"}, hub.PullOptions{Check: edge.CheckFiles})
//	m, err := edge.Open(s.Path, edge.WithName(s.Repo.String()))
//
// Only [Hub.Pull] opens a connection. The rest looks at files.
//
// # The cache
//
// It is laid out as huggingface_hub has it, so that either finds what the other
// has fetched:
//
//	models--ORG--NAME/blobs/ETAG             content, by SHA-256 or, for small files, by its git object's SHA-1
//	models--ORG--NAME/snapshots/COMMIT/FILE  relative links to blobs, or copies where links can't be made
//	models--ORG--NAME/refs/REVISION          the commit that a branch or tag was when it was last fetched
//	models--ORG--NAME/.no_exist/COMMIT/FILE  empty: a file that was looked for and isn't in the commit
//	.locks/models--ORG--NAME/ETAG.lock       held while a blob is fetched
//
// A blob is written as blobs/ETAG.incomplete, which a later call goes on with, and
// gets its name when its size and its hash are right and it is on the disk. A ref
// is written when all that it stands for is there. So a process that is killed
// leaves nothing that isn't whole under a final name.
//
// # What is fetched
//
// The files that opening a checkpoint reads, as
// [github.com/toller-search/toller/infer/weights.ListFiles] knows them: not other
// formats of the same weights, and no code. A hub's answers aren't trusted: names
// that lead out of the cache are refused, sizes are bounded, contents are hashed.
//
// Source: huggingface_hub 2.4, file_download.py, _snapshot_download.py, constants.py.
package hub
