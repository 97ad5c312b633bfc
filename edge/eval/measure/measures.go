package measure

import (
	"math"
	"slices"
)

// NDCG returns the normalised discounted cumulative gain of the first k
// results, trec_eval's ndcg_cut: the sum of grade/log2(rank+1), divided by
// the same sum for the best possible order of all judged documents. Ranking
// is best first and holds no document twice; grades are by document id.
func NDCG(ranking []Hit, grades map[string]int, k int) float64 {
	ideal := make([]int, 0, len(grades))
	for _, grade := range grades {
		ideal = append(ideal, grade)
	}
	slices.SortFunc(ideal, func(a, b int) int { return b - a })

	best := 0.0
	for i, grade := range ideal[:min(k, len(ideal))] {
		best += discounted(grade, i)
	}
	if best == 0 {
		return 0
	}
	sum := 0.0
	for i, hit := range ranking[:min(k, len(ranking))] {
		sum += discounted(grades[hit.Document], i)
	}
	return sum / best
}

// discounted returns the gain of a grade at a 0-based position.
func discounted(grade, position int) float64 {
	return float64(max(grade, 0)) / math.Log2(float64(position)+2)
}

// AP returns the average precision of the first k results, trec_eval's map_cut_k: the
// sum, over the relevant documents that are among them, of the precision down to each,
// divided by the number of relevant documents.
func AP(ranking []Hit, grades map[string]int, k int) float64 {
	relevant := relevantOf(grades)
	if relevant == 0 {
		return 0
	}
	found, sum := 0, 0.0
	for i, hit := range ranking[:min(k, len(ranking))] {
		if grades[hit.Document] >= 1 {
			found++
			sum += float64(found) / float64(i+1)
		}
	}
	return sum / float64(relevant)
}

// Precision returns the share of relevant documents among the first k results,
// trec_eval's P_k: results that are missing count as irrelevant.
func Precision(ranking []Hit, grades map[string]int, k int) float64 {
	if k <= 0 {
		return 0
	}
	return float64(found(ranking, grades, k)) / float64(k)
}

// Success tells, as 1 or 0, whether a relevant document is among the first k results,
// trec_eval's success_k.
func Success(ranking []Hit, grades map[string]int, k int) float64 {
	if found(ranking, grades, k) == 0 {
		return 0
	}
	return 1
}

// Recall returns the share of the relevant documents that are among the
// first k results, trec_eval's recall_k.
func Recall(ranking []Hit, grades map[string]int, k int) float64 {
	relevant := relevantOf(grades)
	if relevant == 0 {
		return 0
	}
	return float64(found(ranking, grades, k)) / float64(relevant)
}

// relevantOf counts the relevant documents.
func relevantOf(grades map[string]int) int {
	n := 0
	for _, grade := range grades {
		if grade >= 1 {
			n++
		}
	}
	return n
}

// found counts the relevant documents among the first k results.
func found(ranking []Hit, grades map[string]int, k int) int {
	n := 0
	for _, hit := range ranking[:min(k, len(ranking))] {
		if grades[hit.Document] >= 1 {
			n++
		}
	}
	return n
}

// MRR returns the reciprocal rank of the first relevant document, zero when
// none is among the first k results.
func MRR(ranking []Hit, grades map[string]int, k int) float64 {
	for i, hit := range ranking[:min(k, len(ranking))] {
		if grades[hit.Document] >= 1 {
			return 1 / float64(i+1)
		}
	}
	return 0
}
