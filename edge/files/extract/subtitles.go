package extract

import (
	"regexp"
	"strings"
)

var (
	cueNumber = regexp.MustCompile(`^\d+$`)
	cueTag    = regexp.MustCompile(`</?[A-Za-z0-9][^<>]*>|\{\\[^{}]*\}`)
)

// readSubtitles reads SubRip and WebVTT: what is said, without numbers, times and
// marks. A line that only repeats the one before, as in captions that roll, is
// left out.
func readSubtitles(in *input) error {
	text, err := in.text()
	if err != nil {
		return err
	}
	var out strings.Builder
	last := ""
	for block := range strings.SplitSeq(tidy(text), "\n\n") {
		lines := strings.Split(strings.Trim(block, "\n"), "\n")
		head := strings.TrimSpace(lines[0])
		if word, _, _ := strings.Cut(head, " "); word == "WEBVTT" || word == "NOTE" || word == "STYLE" || word == "REGION" {
			continue
		}
		for i, line := range lines {
			line = strings.TrimSpace(line)
			if strings.Contains(line, "-->") {
				continue
			}
			if next := i + 1; next < len(lines) && strings.Contains(lines[next], "-->") && (cueNumber.MatchString(line) || i == 0) {
				continue // the cue's number or name
			}
			if line = strings.TrimSpace(cueTag.ReplaceAllString(line, "")); line == "" || line == last {
				continue
			}
			out.WriteString(line + "\n")
			last = line
		}
	}
	in.emit(Document{Text: strings.TrimSpace(out.String())})
	return nil
}
