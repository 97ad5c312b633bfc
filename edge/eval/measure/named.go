package measure

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Measure is a figure of one query's ranking, by the name that ir-measures gives it:
// nDCG@10, AP, RR@10, R@100, P@10 or Success@5. Without a cutoff the whole ranking counts.
type Measure struct {
	name   string
	cutoff int
	of     func(ranking []Hit, grades map[string]int, k int) float64
}

// families are the names without cutoffs.
var families = []struct {
	name string
	of   func(ranking []Hit, grades map[string]int, k int) float64
}{{"nDCG", NDCG}, {"AP", AP}, {"RR", MRR}, {"R", Recall}, {"P", Precision}, {"Success", Success}}

// Parse returns the measure of a name. Upper and lower case are the same.
func Parse(name string) (Measure, error) {
	family, cutoff, cut := strings.Cut(strings.TrimSpace(name), "@")
	for _, f := range families {
		if !strings.EqualFold(f.name, family) {
			continue
		}
		m := Measure{f.name, math.MaxInt, f.of}
		if cut {
			k, err := strconv.Atoi(cutoff)
			if err != nil || k < 1 {
				return Measure{}, fmt.Errorf("measure: %s: expected a cutoff of 1 or more after @, found %q", name, cutoff)
			}
			m.name, m.cutoff = fmt.Sprintf("%s@%d", f.name, k), k
		} else if f.name == "P" || f.name == "Success" {
			return Measure{}, fmt.Errorf("measure: %s: expected a cutoff, as in %s@10", name, f.name)
		}
		return m, nil
	}
	return Measure{}, fmt.Errorf("measure: expected nDCG, AP, RR, R, P or Success, with a cutoff as in nDCG@10, found %q", name)
}

// String returns the measure's name.
func (m Measure) String() string { return m.name }

// Depth is how many results of a ranking the measure looks at; math.MaxInt for all.
func (m Measure) Depth() int { return m.cutoff }

// Of returns the measure of a ranking.
func (m Measure) Of(ranking []Hit, grades map[string]int) float64 {
	return m.of(ranking, grades, m.cutoff)
}
