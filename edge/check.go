package edge

import (
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/weights"
)

// CheckFiles reports whether [Open] refuses a checkpoint already by what its files
// other than the weights say: another architecture or layout, a tokenizer of an
// unknown kind. They are given as for [OpenFiles]. It saves fetching or reading
// large weights that are of no use.
func CheckFiles(name string, files map[string][]byte) error {
	c, err := weights.OpenConfiguration(name, files)
	if err != nil {
		return err
	}
	l, err := readLayout(c, "")
	if err != nil {
		return err
	}
	config := l.backbone.file(configFile)
	text, err := c.ReadFile(config)
	if err != nil {
		return err
	}
	if _, err := infer.ParseConfig(name+"/"+config, text); err != nil {
		return err
	}
	d, err := l.draftTokenizer(c)
	if err != nil {
		return err
	}
	_, _, err = d.load()
	return err
}
