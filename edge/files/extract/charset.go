package extract

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// encodingOf tells UTF-16 by its byte order mark, or by the NULs that beginnings
// in European languages have in every other byte; nil for anything else.
func encodingOf(head []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	head = head[:len(head)&^1]
	if len(head) < 8 {
		return nil
	}
	var even, odd int // bytes that are NUL
	for i := 0; i < len(head); i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	switch half := len(head) / 2; {
	case even == 0 && odd > half*7/10:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case odd == 0 && even > half*7/10:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// decode makes UTF-8 of a file's bytes. Where most characters beyond ASCII are
// no UTF-8 they are taken for Windows-1252.
func decode(raw string) (string, error) {
	if e := encodingOf([]byte(raw[:min(len(raw), sniffed)])); e != nil {
		return e.NewDecoder().String(raw)
	}
	if !isUTF8(raw) {
		return charmap.Windows1252.NewDecoder().String(raw)
	}
	return strings.TrimPrefix(raw, "\uFEFF"), nil
}

// isUTF8 reports that more of the characters beyond ASCII are well formed than
// not.
func isUTF8(raw string) bool {
	if utf8.ValidString(raw) {
		return true
	}
	good, bad := 0, 0
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRuneInString(raw[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			good++
		}
		i += size
	}
	return good > bad
}
