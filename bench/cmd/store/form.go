package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/store"
	"github.com/toller-search/toller/store/codec"
)

// A form is a way to store vectors.
type form struct {
	kind codec.Kind
	pool int // 1: every vector
}

// allForms starts with the one that the others are compared with.
const allForms = "fp32,fp16,int8,4bit,2bit,1bit,fp16/2,4bit/2"

func (f form) String() string {
	if f.pool > 1 {
		return fmt.Sprintf("%s/%d", f.kind, f.pool)
	}
	return f.kind.String()
}

// title is the form's name in a table.
func (f form) title() string {
	if f.pool > 1 {
		return fmt.Sprintf("%s, pooled by %d", f.kind, f.pool)
	}
	return f.kind.String()
}

func parseForms(list string) ([]form, error) {
	var forms []form
	for name := range strings.SplitSeq(list, ",") {
		f := form{pool: 1}
		kind, factor, pooled := strings.Cut(name, "/")
		var err error
		if f.kind, err = codec.ParseKind(kind); err != nil {
			return nil, err
		}
		if pooled {
			if f.pool, err = strconv.Atoi(factor); err != nil || f.pool < 2 {
				return nil, fmt.Errorf("expected a pooling factor of at least 2, found %q", factor)
			}
		}
		forms = append(forms, f)
	}
	return forms, nil
}

// create makes an empty store in the form.
func (f form) create(ctx context.Context, b *bench, path string) (*store.Store, error) {
	return store.Open(ctx, path, store.Options{
		Model:   b.identity(),
		Codec:   f.kind,
		Pool:    f.pool,
		Threads: b.threads,
	})
}

// pooled pools the passages of documents in place, as an index does.
func (f form) pooled(ctx context.Context, documents []store.Document, dim, threads int) error {
	const protected = 1 // [CLS] stays as it is
	if f.pool < 2 {
		return nil
	}
	var passages []*store.Passage
	for i := range documents {
		for j := range documents[i].Passages {
			passages = append(passages, &documents[i].Passages[j])
		}
	}
	errs := make([]error, len(passages))
	err := longrun.Each(ctx, threads, len(passages), func(i int) {
		p := passages[i]
		vectors, labels, err := heads.PoolContext(ctx, p.Vectors, dim, f.pool, protected)
		if err != nil || labels == nil {
			errs[i] = err
			return
		}
		p.Clusters = make([]uint32, 0, protected+len(labels))
		for token := range protected {
			p.Clusters = append(p.Clusters, uint32(token))
		}
		for _, label := range labels {
			p.Clusters = append(p.Clusters, uint32(label-1+protected))
		}
		heads.Normalize(vectors, dim)
		p.Vectors = vectors
	})
	for _, e := range errs {
		if err == nil {
			err = e
		}
	}
	return err
}
