package token

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// huggingface/tokenizers has character data of four versions of Unicode, none
// of which is Go's: categories of 8.0, normalization of 9.0, the classes of
// regular expressions of 16.0, and lower case of the Rust release it was built
// with. They are in unicode_tables.go, and here in the form that is quick to
// look up.

//go:generate sh -c "go run maketables.go -crates $HOME/.cargo/registry/src/*"

// A trait is a set of things that a character is.
type trait uint8

const (
	vanishes   trait = 1 << iota // Cc, Cf, Co, U+0000 and U+FFFD, but for tab, line feed and carriage return
	blank                        // property White_Space
	isolated                     // punctuation: ASCII's of all kinds, and the categories P*
	ideograph                    // what BertNormalizer takes for a Chinese character
	decomposes                   // canonically
	combines                     // has a canonical combining class other than 0
	nonspacing                   // Mn
	capital                      // has another lower case
)

// characterData is made of the tables.
type characterData struct {
	pages   [(unicode.MaxRune + 1) / 256]uint16 // 0 is the page without any trait
	traits  [][256]trait
	class   map[rune]uint8 // canonical combining class
	decomp  map[rune]string
	compose map[[2]rune]rune
	lower   map[rune]rune
}

func (d *characterData) of(r rune) trait { return d.traits[d.pages[r>>8]][r&0xFF] }

func (d *characterData) add(r rune, t trait) {
	page := &d.pages[r>>8]
	if *page == 0 {
		*page = uint16(len(d.traits))
		d.traits = append(d.traits, [256]trait{})
	}
	d.traits[*page][r&0xFF] |= t
}

func (d *characterData) addTable(table *unicode.RangeTable, t trait) {
	for _, r := range table.R16 {
		d.addRange(rune(r.Lo), rune(r.Hi), t)
	}
	for _, r := range table.R32 {
		d.addRange(rune(r.Lo), rune(r.Hi), t)
	}
}

func (d *characterData) addRange(first, last rune, t trait) {
	for r := first; r <= last; r++ {
		d.add(r, t)
	}
}

// whiteSpace is the property White_Space, the same in all these versions.
var whiteSpace = []rune{'\t', '\n', '\v', '\f', '\r', ' ', 0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
	0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}

// chinese are the blocks of is_chinese_char in huggingface/tokenizers,
// normalizers/bert.rs. BERT's own list begins the sixth with U+2B820.
var chinese = [][2]rune{{0x4E00, 0x9FFF}, {0x3400, 0x4DBF}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F},
	{0x2B920, 0x2CEAF}, {0xF900, 0xFAFF}, {0x2F800, 0x2FA1F}}

// characters returns the data, which is made when it is needed first.
var characters = sync.OnceValue(func() *characterData {
	d := &characterData{
		traits:  make([][256]trait, 1),
		class:   map[rune]uint8{},
		decomp:  map[rune]string{},
		compose: map[[2]rune]rune{},
		lower:   map[rune]rune{},
	}
	d.addTable(otherCategories, vanishes)
	d.add(utf8.RuneError, vanishes)
	for _, r := range "\t\n\r" {
		d.traits[d.pages[0]][r] &^= vanishes
	}
	for _, r := range whiteSpace {
		d.add(r, blank)
	}
	d.addTable(punctuation, isolated)
	for r := rune('!'); r <= '~'; r++ {
		if !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			d.add(r, isolated)
		}
	}
	for _, block := range chinese {
		d.addRange(block[0], block[1], ideograph)
	}
	d.addTable(nonspacingMarks, nonspacing)
	for _, c := range combiningClasses {
		d.addRange(c.first, c.last, combines)
		for r := c.first; r <= c.last; r++ {
			d.class[r] = c.class
		}
	}
	d.addRange(hangulBase, hangulBase+hangulCount-1, decomposes)
	for rest := decompositions; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		end := size
		for rest[end] != '\n' {
			end++
		}
		d.decomp[r] = rest[size:end]
		d.add(r, decomposes)
		rest = rest[end+1:]
	}
	for parts := []rune(compositions); len(parts) > 0; parts = parts[3:] {
		d.compose[[2]rune{parts[0], parts[1]}] = parts[2]
	}
	d.addRange('A', 'Z', capital)
	d.add('İ', capital)
	for pairs := []rune(lowerCases); len(pairs) > 0; pairs = pairs[2:] {
		d.lower[pairs[0]] = pairs[1]
		d.add(pairs[0], capital)
	}
	return d
})

// lowerRust is Rust's char::to_lowercase for all characters but İ, which
// becomes two.
func (d *characterData) lowerRust(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + 'a' - 'A'
	}
	if r >= utf8.RuneSelf && d.of(r)&capital != 0 && r != 'İ' {
		return d.lower[r]
	}
	return r
}

// appendDecomposed appends the full canonical decomposition of r.
func (d *characterData) appendDecomposed(dst []rune, r rune) []rune {
	if d.of(r)&decomposes == 0 {
		return append(dst, r)
	}
	if syllable := r - hangulBase; syllable >= 0 && syllable < hangulCount {
		dst = append(dst, hangulL+syllable/(hangulVs*hangulTs), hangulV+syllable/hangulTs%hangulVs)
		if t := syllable % hangulTs; t > 0 {
			dst = append(dst, hangulT+t)
		}
		return dst
	}
	for _, part := range d.decomp[r] {
		dst = append(dst, part)
	}
	return dst
}

// classOf returns the canonical combining class.
func (d *characterData) classOf(r rune) uint8 {
	if d.of(r)&combines == 0 {
		return 0
	}
	return d.class[r]
}

// firstClass returns the class of the first character of the decomposition.
func (d *characterData) firstClass(r rune) uint8 {
	if first, _ := utf8.DecodeRuneInString(d.decomp[r]); first != utf8.RuneError {
		r = first
	}
	return d.classOf(r)
}
