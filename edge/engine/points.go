package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/toller-search/toller/edge/index"
)

// Points calls yield with a point for each passage of an index, stamped, in the
// order in which documents were added, and with what was read so far, which is also
// returned: documents, passages and empty ones, which have no point. It ends with
// the error that yield returns. yield must not call methods of the index.
func Points(ctx context.Context, x *index.Index, yield func(*Point, Report) error) (Report, error) {
	stat, err := x.Stat(ctx)
	if err != nil {
		return Report{}, err
	}
	codec := fmt.Sprintf("%s %d", stat.Codec, stat.Dims)
	var report Report
	var failed error
	err = x.Export(ctx, "", func(d *index.Exported) bool {
		report.Documents++
		failed = documentPoints(d, codec, stat.Pool, &report, yield)
		return failed == nil
	})
	if failed != nil {
		err = failed
	}
	return report, err
}

func documentPoints(d *index.Exported, codec string, pool int, report *Report, yield func(*Point, Report) error) error {
	var metadata json.RawMessage
	if d.Metadata != nil {
		var err error
		if metadata, err = json.Marshal(d.Metadata); err != nil {
			return fmt.Errorf("engine: metadata of %q: %w", d.Key, err)
		}
	}
	facts := newFacts(d.Metadata)
	for i := range d.Passages {
		report.Passages++
		if len(d.Passages[i].Vectors) == 0 {
			report.Empty++
			continue
		}
		point := newPoint(d, metadata, facts, i, pool)
		if err := point.stamp(codec); err != nil {
			return err
		}
		if err := yield(&point, *report); err != nil {
			return err
		}
	}
	return nil
}
