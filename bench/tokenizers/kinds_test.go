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

const (
	lowercase    = `"lowercase":true`
	stripAccents = `"strip_accents":null`
	added        = `{"id":30522,"content":"[Q] ","single_word":false,"lstrip":false,"rstrip":false,"normalized":true,"special":false},` +
		`{"id":1,"content":"[unused0]","single_word":false,"lstrip":true,"rstrip":true,"normalized":true,"special":false},` +
		`{"id":30523,"content":"é!","single_word":true,"lstrip":false,"rstrip":false,"normalized":true,"special":false},`
)

// prefixesAway has no text contain the two tokens that come after the
// vocabulary. Where ids have holes the library gives such tokens the number of
// tokens as id, which may be another's, whatever the file says; toller does
// what the file says.
var prefixesAway = []string{`"[Q] "`, `"\ufdd0Q"`, `"[D] "`, `"\ufdd0D"`}

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
	{"BERT", "tokenizers/bert.json", nil, "wordpiece/lines.jsonl"},
	{"BERT, cased", "tokenizers/bert.json", []string{lowercase, `"lowercase":false`}, "wordpiece/cased.jsonl"},
	{"BERT, strip_accents alone", "tokenizers/bert.json", []string{lowercase, `"lowercase":false`, stripAccents, `"strip_accents":true`}, "wordpiece/striponly.jsonl"},
	{"BERT, accents kept", "tokenizers/bert.json", []string{stripAccents, `"strip_accents":false`}, "wordpiece/lines.jsonl"},
	{"BERT, ideographs joined", "tokenizers/bert.json", []string{`"handle_chinese_chars":true`, `"handle_chinese_chars":false`}, "wordpiece/nochinese.jsonl"},
	{"BERT, not cleaned", "tokenizers/bert.json", []string{`"clean_text":true`, `"clean_text":false`}, "wordpiece/lines.jsonl"},
	{"BERT, normalized added tokens", "tokenizers/bert.json", []string{`"added_tokens":[`, `"added_tokens":[` + added}, "wordpiece/lines.jsonl"},
	{"byte fallback", "tokenizers/bytefallback.json", nil, "bytefallback/lines.jsonl"},
	{"byte fallback, bytes missing", "tokenizers/bytefallback-gaps.json", prefixesAway, "bytefallback/lines-gaps.jsonl"},
	{"byte fallback, unknown not fused", "tokenizers/bytefallback-gaps.json", append(prefixesAway, `"fuse_unk":true`, `"fuse_unk":false`), "bytefallback/lines-gaps.jsonl"},
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
