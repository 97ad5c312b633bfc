// Late interaction, on vectors that the model gave: what MaxSim is, and where a
// score comes from. (The package's explain does the same inside the model, for the
// best matches; here every similarity is wanted, to draw them.)

/**
 * @typedef {Awaited<ReturnType<import('toller').Model['encodeQuery']>>} Encoded
 * @typedef {Encoded['tokens'][number]} Token
 *
 * @typedef {object} Answer what answers one token of the query
 * @property {number} index of the passage's token that is most like it
 * @property {number} similarity of the two
 * @property {number} share of the score
 * @property {'same' | 'meaning' | 'whole'} kind whether the two are of the same word, or alike in meaning; or the token stands for the text as a whole
 *
 * @typedef {object} Mark a word of the passage that answers the query
 * @property {number} start
 * @property {number} end
 * @property {number} similarity
 * @property {Answer['kind']} kind
 *
 * @typedef {object} Interaction
 * @property {string} query its text
 * @property {string} text of the passage
 * @property {Token[]} queryTokens
 * @property {Token[]} tokens of the passage
 * @property {number} score the sum of the best similarities
 * @property {number} mean of the best similarities
 * @property {Float32Array} similarities [tokens of the query, tokens of the passage]
 * @property {Answer[]} answers one for each token of the query
 */

/**
 * Takes the score of a passage apart.
 *
 * @param {string} queryText
 * @param {Encoded} query
 * @param {string} passageText
 * @param {Encoded} passage
 * @returns {Interaction}
 */
export function interact(queryText, query, passageText, passage) {
  const rows = query.tokens.length;
  const columns = passage.tokens.length;
  const similarities = new Float32Array(rows * columns);
  /** @type {Answer[]} */
  const answers = [];
  let score = 0;
  for (let i = 0; i < rows; i++) {
    let best = 0;
    for (let j = 0; j < columns; j++) {
      similarities[i * columns + j] = dot(query, i, passage, j);
      if (similarities[i * columns + j] > similarities[i * columns + best]) best = j;
    }
    const similarity = columns ? similarities[i * columns + best] : 0;
    score += similarity;
    answers.push({ index: best, similarity, share: 0, kind: kindOf(queryText, query.tokens[i], passageText, passage.tokens[best]) });
  }
  for (const answer of answers) answer.share = score ? answer.similarity / score : 0;
  return { query: queryText, text: passageText, queryTokens: query.tokens, tokens: passage.tokens, score, mean: rows ? score / rows : 0, similarities, answers };
}

/** Below this, words have so little to do with each other that they aren't marked. */
const least = 0.3;

/**
 * The words of the passage that answer words of the query, in the order of the
 * text: a word that answers several counts for the one that it is most like. Words
 * without a meaning of their own are left out: they always find one another.
 *
 * @param {Pick<Interaction, 'query' | 'queryTokens' | 'text' | 'tokens' | 'answers'>} interaction
 * @returns {Mark[]}
 */
export function marks({ query, queryTokens, text, tokens, answers }) {
  /** @type {Map<number, Mark>} */
  const found = new Map();
  answers.forEach(({ index, similarity, kind }, i) => {
    const span = wordSpan(text, tokens[index]);
    if (kind === 'whole' || !span || similarity < least || isSmall(wordOf(query, queryTokens[i])) || isSmall(wordOf(text, tokens[index]))) return;
    if (similarity > (found.get(span.start)?.similarity ?? 0)) found.set(span.start, { ...span, similarity, kind });
  });
  return [...found.values()].sort((a, b) => a.start - b.start);
}

/**
 * What kind of match two tokens are.
 *
 * @param {string} query
 * @param {Token} asked
 * @param {string} text
 * @param {Token | undefined} found
 * @returns {Answer['kind']}
 */
export function kindOf(query, asked, text, found) {
  const word = wordOf(query, asked);
  if (!word) return 'whole';
  return word === wordOf(text, found) ? 'same' : 'meaning';
}

/**
 * The whole word that a token is of, without case and accents; '' for what isn't
 * of a word: punctuation, and the marks that the model puts around a text.
 *
 * @param {string} text
 * @param {Token | undefined} token
 */
export function wordOf(text, token) {
  const span = wordSpan(text, token);
  return span ? text.slice(span.start, span.end).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase() : '';
}

/**
 * Where the whole word is that a token is of.
 *
 * @param {string} text
 * @param {Token | undefined} token
 */
export function wordSpan(text, token) {
  const span = token?.spans?.[0];
  if (!span || !wordCharacter.test(text.slice(span.start, span.end))) return undefined;
  let { start, end } = span;
  while (start > 0 && wordCharacter.test(text[start - 1])) start--;
  while (end < text.length && wordCharacter.test(text[end])) end++;
  return { start, end };
}

/**
 * Whether a word has no meaning of its own.
 *
 * @param {string} word
 */
export function isSmall(word) {
  return word.length < 2 || small.has(word);
}

const small = new Set(
  ('a about after again all am an and any are as at be because been before being but by can could did do does done for from get had has have he her him his ' +
    'how i if in into is it its just me more most my no not of off on one only or our out over own she so some such than that the their them then there these ' +
    'they this to too under until up us very was we were what when where which while who whom why will with without would you your')
    .split(' '),
);

const wordCharacter = /[\p{L}\p{N}\p{M}]/u;

/**
 * @param {Encoded} a
 * @param {number} i
 * @param {Encoded} b
 * @param {number} j
 */
function dot(a, i, b, j) {
  const { dim, vectors: x } = a;
  const y = b.vectors;
  let sum = 0;
  for (let k = 0, p = i * dim, q = j * dim; k < dim; k++) sum += x[p + k] * y[q + k];
  return sum;
}
