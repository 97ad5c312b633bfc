// Package token turns text into the token ids of ModernBERT, BERT, Gemma and
// their relatives, exactly as huggingface/tokenizers does, from the same
// tokenizer.json.
//
// # What it reads
//
// Three models, each with the components that go with it:
//
//   - byte-level BPE (ModernBERT and its relatives): the normalizers NFC and
//     Lowercase, the pre-tokenizer ByteLevel with or without GPT-2's pattern
//     and the space in front;
//   - WordPiece (BERT): the normalizer BertNormalizer with all its options, and
//     those above; the pre-tokenizer BertPreTokenizer. LoadWordPiece makes one
//     of a vocab.txt without tokenizer.json;
//   - BPE with byte fallback (Gemma): the normalizer Replace of one character by
//     another, and those of ModernBERT; no pre-tokenizer, or Split at the
//     character that is replaced.
//
// Normalizers stand alone or in a Sequence. Merges are strings ("a b") or lists
// (["a", "b"]). Added tokens have all their flags. Post-processors are
// TemplateProcessing, BertProcessing and ByteLevel, alone or in a Sequence, or
// none. The sections truncation, padding and decoder are ignored. Everything
// else in the file is refused by name, because it could change the ids.
//
// Character data are those of huggingface/tokenizers and not Go's, in
// unicode_tables.go: they differ for a few hundred characters.
//
// # What it guarantees
//
// Ids are those of the reference on all texts of the golden data: 3,590 for
// byte-level BPE in four variants, 4,001 for WordPiece and 1,839 for byte
// fallback, hostile ones included. bench/tokenizers compares them on any number
// of random texts.
//
// Every token has its span in the string that Encode was given, through
// stripping, lower-casing, composition and added tokens. Spans come in order
// of their beginnings, leave no text out but what was stripped and, with
// WordPiece, white space and characters that cleaning deletes, and lie on
// rune boundaries: a token that is part of a character has the span of the
// whole character. Where normalization composes, reorders or lengthens a group
// of characters, the tokens of the group have the span of the group. Where
// text is not changed, a span is the token's very text, except that an added
// token also spans the white space that it takes in.
//
// Bytes that are no UTF-8, which the reference can't read, are each read as
// U+FFFD; the span is that of the byte. Encoding.Repaired counts them, so that
// a program can warn.
//
// With Options.Limit the tokens are the first ones of the whole encoding, and
// the text behind them is not looked at: 509 tokens of 10 MB take 0.3 ms and
// no memory beside the result. Texts are worked on in chunks of some 4 KB, cut
// where nothing on one side can change the tokens on the other. The exception
// is a text that has no such place for megabytes, such as one letter repeated:
// it is worked on as a whole, in time n·log(n) and 5 to 30 bytes of memory a
// byte (BenchmarkLongTexts). A chunk of 256 MB is cut wherever it ends.
//
// A Tokenizer never changes and is safe for concurrent use.
package token
