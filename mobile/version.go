package mobile

import (
	"os"
	"runtime/debug"
)

const module = "github.com/toller-search/toller"

// Version is the version of toller that is inside, "(devel)" for a build from a
// checkout.
func Version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	version := ""
	for _, m := range append(build.Deps, &build.Main) {
		if m.Path == module && m.Replace == nil {
			version = m.Version
		}
	}
	if version == "" {
		return "(devel)"
	}
	return version
}

// SetTempFolder says where SQLite may put the files that Index.compact and large
// sorts need for a moment. Android apps need it, with Context.getCacheDir: the
// system's own folder isn't theirs. On iOS there is nothing to set.
func SetTempFolder(path string) (err error) {
	defer recovered(&err)
	return os.Setenv("TMPDIR", path)
}
