package tokenizers

import (
	"strings"
	"testing"

	"github.com/toller-search/toller/testdata"
)

// A kind is one sort of tokenizer.json that toller reads.
type kind struct {
	name  string
	file  string   // in testdata
	edits []string // old, new: what is changed in it
	lines string   // golden lines in testdata
}

const (
	nfc       = `"normalizer": {` + "\n    " + `"type": "NFC"` + "\n  }"
	byteLevel = `"pre_tokenizer": {` + "\n    " + `"type": "ByteLevel",` + "\n    " + `"add_prefix_space": false,` + "\n    " +
		`"trim_offsets": true,` + "\n    " + `"use_regex": true` + "\n  }"
)

var kinds = []kind{
	{"ModernBERT", "tokenizers/modernbert.json", nil, "tokenizer-lines.jsonl"},
	{"ModernBERT, merges as pairs", "tokenizers/modernbert-pairs.json", nil, "tokenizer-lines.jsonl"},
	{"ModernBERT, Lowercase and NFC", "tokenizers/modernbert.json",
		[]string{nfc, `"normalizer":{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"NFC"}]}`}, "tokenizer-lines.jsonl"},
	{"ModernBERT, no normalizer", "tokenizers/modernbert.json", []string{nfc, `"normalizer":null`}, "tokenizer-lines.jsonl"},
	{"ModernBERT, no pattern", "tokenizers/modernbert.json",
		[]string{byteLevel, `"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}`}, "tokenizer-lines.jsonl"},
	{"ModernBERT, space in front", "tokenizers/modernbert.json",
		[]string{byteLevel, `"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}`}, "tokenizer-lines.jsonl"},
	{"ModernBERT, ignore_merges", "tokenizers/modernbert.json", []string{`"ignore_merges": false`, `"ignore_merges": true`}, "tokenizer-lines.jsonl"},
}

// data returns the kind's tokenizer.json.
func (k kind) data(tb testing.TB) []byte {
	tb.Helper()
	data := string(testdata.Read(tb, k.file))
	for i := 0; i < len(k.edits); i += 2 {
		if strings.Count(data, k.edits[i]) != 1 {
			tb.Fatalf("%s: %s is there %d times, want once", k.file, k.edits[i], strings.Count(data, k.edits[i]))
		}
		data = strings.Replace(data, k.edits[i], k.edits[i+1], 1)
	}
	return []byte(data)
}
