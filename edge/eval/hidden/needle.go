package hidden

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// needles are facts and, after a tab, what asks for them: a fact and its question share
// few words.
//
//go:embed needles.tsv
var needles string

// sentenceEnd is where haystacks are cut.
var sentenceEnd = regexp.MustCompile(`[.!?]['"”’)]*\s+`)

// Needle makes documents of about so many tokens, by count, out of the running text
// haystack, each of another part of it that may overlap with others', and hides a fact in
// each of the first.
func Needle(r *rand.Rand, tokens int, count func(text string) int, haystack string) (*Collection, error) {
	sentences := split(haystack)
	const least = 20
	if len(sentences) < least {
		return nil, fmt.Errorf("hidden: haystack: expected running text of at least %d sentences, found %d", least, len(sentences))
	}
	counts := make([]int, len(sentences))
	for i, sentence := range sentences {
		counts[i] = count(sentence)
	}
	facts := strings.Split(strings.TrimSpace(needles), "\n")
	order := r.Perm(len(facts))
	c := new(Collection)
	for i := range Documents {
		fact, question := "", ""
		if i < Queries {
			fact, question, _ = strings.Cut(facts[order[i%len(facts)]], "\t")
		}
		var part []string
		at := r.IntN(len(sentences))
		for left := tokens - count(fact); ; at = (at + 1) % len(sentences) {
			if left -= counts[at]; left < 0 {
				break
			}
			part = append(part, sentences[at])
		}
		if fact == "" {
			c.add(strings.Join(part, " "), "")
		} else {
			c.add(hide(r, part, fact), question)
		}
	}
	return c, nil
}

// split cuts a text into sentences, white space made single.
func split(text string) []string {
	var sentences []string
	for text != "" {
		end := len(text)
		if at := sentenceEnd.FindStringIndex(text); at != nil {
			end = at[1]
		}
		if words := strings.Fields(text[:end]); len(words) > 0 {
			sentences = append(sentences, strings.Join(words, " "))
		}
		text = text[end:]
	}
	return sentences
}
