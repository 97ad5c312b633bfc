package mirror

import "github.com/toller-search/toller/edge/files/walk"

// linkedNames tells names of the same file: what symbolic links lead to, and hard
// links.
type linkedNames map[fileID]seenFile

type fileID struct{ device, inode uint64 }

type seenFile struct {
	size, modified int64
	linked         bool // by a symbolic link
}

// known reports whether the file was seen under another name, and takes note of this
// one. Where no link is in play there is no doubt, whatever a file system says of
// numbers.
func (n linkedNames) known(e walk.Entry) bool {
	id, ok := identify(e.Info)
	if !ok || id.inode == 0 {
		return false
	}
	key := fileID{id.device, id.inode}
	first, seen := n[key]
	if !seen {
		n[key] = seenFile{e.Size, e.ModTime.UnixNano(), e.Linked}
		return false
	}
	return (e.Linked || first.linked || id.links > 1) && e.Size == first.size && e.ModTime.UnixNano() == first.modified
}
