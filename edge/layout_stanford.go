package edge

import (
	"fmt"
	"path"
	"strings"

	"github.com/toller-search/toller/infer/weights"
)

// metadataFile is JSON, whatever its name says.
const metadataFile = "artifact.metadata"

// metadata is the part of artifact.metadata that matters here. The markers
// are those called ids: query_token and doc_token are for display.
type metadata struct {
	QueryToken     *string `json:"query_token_id"`
	DocumentToken  *string `json:"doc_token_id"`
	QueryLength    *int    `json:"query_maxlen"`
	DocumentLength *int    `json:"doc_maxlen"`
	Attend         *bool   `json:"attend_to_mask_tokens"`
	Similarity     *string `json:"similarity"`
	Interaction    *string `json:"interaction"`
	Punctuation    *bool   `json:"mask_punctuation"`
}

// The markers of Stanford's ColBERT.
const (
	queryMarker    = "[unused0]"
	documentMarker = "[unused1]"
)

// stanfordLayout reads a checkpoint of Stanford's ColBERT as PyLate does: queries
// are always filled up, and punctuation is always skipped.
func stanfordLayout(c *weights.Checkpoint, files backboneFiles) (*layout, error) {
	l, m, err := readMetadata(c, files)
	if err != nil {
		return nil, err
	}
	s := &l.settings
	s.expansion = expansion{on: true, attend: first(false, m.Attend)}
	s.skiplist = strings.Split(defaultSkiplist, "")
	if !first(true, m.Punctuation) {
		s.warnings = append(s.warnings, metadataFile+" has mask_punctuation false, which PyLate doesn't read: punctuation is skipped")
	}
	return l, nil
}

// readMetadata reads artifact.metadata, and puts in the settings what both
// references take from it.
func readMetadata(c *weights.Checkpoint, files backboneFiles) (*layout, metadata, error) {
	l := &layout{name: StanfordLayout, reference: PyLate, backbone: files}
	s := &l.settings
	s.pooling, s.similarity = noPooling, MaxSimilarity
	var m metadata
	if found, err := readJSON(c, metadataFile, &m); err != nil {
		return nil, m, err
	} else if !found {
		s.warnings = append(s.warnings, metadataFile+" is missing: the reference's defaults for Stanford's ColBERT apply")
	}
	for _, only := range []struct {
		key   string
		found *string
		want  string
	}{{"similarity", m.Similarity, "cosine"}, {"interaction", m.Interaction, "colbert"}} {
		if only.found != nil && *only.found != only.want {
			return nil, m, fmt.Errorf("edge: %s: %s: expected %q, found %q", path.Join(c.Name(), metadataFile), only.key, only.want, *only.found)
		}
	}
	s.query = kind{prefix: first(queryMarker, m.QueryToken), length: first(defaultQueryLength, m.QueryLength)}
	s.document = kind{prefix: first(documentMarker, m.DocumentToken), length: first(defaultDocumentLength, m.DocumentLength), skips: true}
	return l, m, nil
}
