// Package hidden makes test collections of long documents in each of which one sentence
// matters, after the passkey and needle tasks of LongEmbed (Zhu et al., arXiv
// 2404.12096): each query asks for what one of the documents hides, and an answer is
// right if that document comes first.
//
// [Passkey] hides a person's pass key in sentences that repeat, which tells how much of
// a document a model reads at all. [Needle] hides a fact in running text, and asks for
// it in other words.
//
// Texts are drawn from a random source alone: the same seed gives the same collection.
package hidden
