package hidden

import (
	"fmt"
	"math/rand/v2"
)

// filler are the sentences between which a pass key is hidden.
var filler = []string{
	"The grass is green.", "The sky is blue.", "The sun is yellow.", "Here we go.", "There and back again.",
	"The kettle is on the stove.", "A dog sleeps by the door.", "Rain is expected later.",
	"The river bends to the east.", "Nobody answered the telephone.",
}

var (
	firstNames = []string{"Ada", "Bruno", "Chiara", "Dmitri", "Elena", "Farid", "Greta", "Hugo", "Ines", "Jonas",
		"Karim", "Lena", "Mona", "Nils", "Olga", "Pablo", "Quinn", "Rosa", "Stefan", "Tara"}
	lastNames = []string{"Abbott", "Brandt", "Castro", "Dietz", "Ekberg", "Ferrari", "Gupta", "Haddad", "Ito", "Jansen",
		"Kowalski", "Lindqvist", "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Silva", "Xu"}
)

// Passkey makes documents of about so many tokens, by count, which tells how many a text
// has. Every document hides another person's key.
func Passkey(r *rand.Rand, tokens int, count func(text string) int) *Collection {
	c := new(Collection)
	counts := make([]int, len(filler))
	for i, sentence := range filler {
		counts[i] = count(sentence)
	}
	people := r.Perm(len(firstNames) * len(lastNames))
	for i := range Documents {
		name := firstNames[people[i]%len(firstNames)] + " " + lastNames[people[i]/len(firstNames)]
		key := 10000 + r.IntN(90000)
		secret := fmt.Sprintf("%s's pass key is %d. Remember it. %d is the pass key for %s.", name, key, key, name)
		var sentences []string
		for left := tokens - count(secret); ; {
			next := r.IntN(len(filler))
			if left -= counts[next]; left < 0 {
				break
			}
			sentences = append(sentences, filler[next])
		}
		query := ""
		if i < Queries {
			query = fmt.Sprintf("what is the pass key for %s?", name)
		}
		c.add(hide(r, sentences, secret), query)
	}
	return c
}
