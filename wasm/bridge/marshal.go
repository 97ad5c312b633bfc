//go:build js

package bridge

import (
	"context"
	"syscall/js"

	"github.com/toller-search/toller/edge"
)

// marshal encodes {texts} for another worker's index: each is a Uint8Array, which
// [edge.Document.UnmarshalBinary] reads.
func (s *Session) marshal(ctx context.Context, a js.Value) (any, error) {
	c, err := s.newCall(a)
	if err != nil {
		return nil, err
	}
	texts := stringsOf(a.Get("texts"))
	list := make([]any, len(texts))
	err = c.model.EncodeEach(ctx, texts, func(i int, d *edge.Document) error {
		data, err := d.MarshalBinary()
		if err == nil {
			list[i] = bytesToJS(data)
		}
		return err
	}, c.options...)
	return list, err
}
