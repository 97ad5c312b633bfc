package vespa

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/index"
)

// Feed writes a line of JSON for each passage of an index, in the form that "vespa
// feed" reads. Of the report the counts of what was read are set, and as Sent what
// was written. progress, which may be nil, is called now and then. Control
// characters other than tabs and line breaks, which Vespa refuses, become U+FFFD.
func Feed(ctx context.Context, w io.Writer, x *index.Index, progress func(engine.Report)) (engine.Report, error) {
	sent := 0
	report, err := engine.Points(ctx, x, func(p *engine.Point, r engine.Report) error {
		line, err := put(p)
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
		if sent++; progress != nil && sent%100 == 0 {
			r.Sent = sent
			progress(r)
		}
		return nil
	})
	report.Sent = sent
	return report, err
}

// fields are a point's as Vespa takes them: metadata as text, vectors by token.
type fields struct {
	engine.Payload
	Metadata string `json:"metadata,omitempty"`
	Vectors  struct {
		Blocks map[string][]float32 `json:"blocks"`
	} `json:"vectors"`
}

// put is the line for a point.
func put(p *engine.Point) ([]byte, error) {
	f := fields{Payload: p.Payload, Metadata: clean(string(p.Payload.Metadata))}
	for _, text := range []*string{&f.Key, &f.Title, &f.Source, &f.Heading, &f.Text} {
		*text = clean(*text)
	}
	for _, list := range []*[]string{&f.Present, &f.Equal, &f.Elements} {
		*list = slices.Clone(*list) // which all passages of a document share
		for i, text := range *list {
			(*list)[i] = clean(text)
		}
	}
	f.Strings = slices.Clone(f.Strings)
	for i, s := range f.Strings {
		f.Strings[i].Value = clean(s.Value)
	}
	f.Vectors.Blocks = map[string][]float32{}
	for row := 0; row < len(p.Vectors); row += p.Dim {
		f.Vectors.Blocks[strconv.Itoa(row/p.Dim)] = p.Vectors[row : row+p.Dim]
	}
	line, err := json.Marshal(map[string]any{"put": "id:toller:passage::" + p.ID.String(), "fields": f})
	return append(line, '\n'), err
}

// clean replaces what Vespa's strings can't hold.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe {
			return '\uFFFD'
		}
		return r
	}, text)
}
