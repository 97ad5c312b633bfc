// Compares a model with what the original implementation makes of texts with it: in
// whatever runs this module, a page too.

/** Tolerances of float32 arithmetic, from testdata/README.md. */
export const vectorTolerance = 2e-5;
export const scoreTolerance = 1e-4;

/** Longer texts take too long without kernels, in characters. */
const longest = 1500;

/**
 * @typedef {object} Comparison
 * @property {string} kernels that were in use
 * @property {string[]} warnings that are about kernels
 * @property {number} texts that were compared
 * @property {number} rankings that were compared
 * @property {number} worst difference between components of vectors
 * @property {number} worstScore difference between scores
 * @property {string[]} problems texts with another number of vectors than expected
 */

/**
 * Loads a checkpoint of a hub and compares it.
 *
 * @param {typeof import('../src/toller.js').load} load
 * @param {string} name of the checkpoint
 * @param {string} host
 * @param {readonly ('simd128' | 'relaxed')[]} kernels
 * @param {any} golden
 * @returns {Promise<Comparison>}
 */
export async function compare(load, name, host, kernels, golden) {
  const model = await load({ model: name, host, workers: 1, kernels, queryLength: golden.query_length, documentLength: golden.document_length });
  try {
    const { kernels: used, warnings = [] } = model.info();
    /** @type {Comparison} */
    const result = {
      kernels: used,
      warnings: warnings.filter((/** @type {string} */ warning) => warning.includes('kernels')),
      texts: 0,
      rankings: 0,
      worst: 0,
      worstScore: 0,
      problems: [],
    };
    for (const expected of golden.cases) {
      if (expected.error || expected.text.length > longest) continue;
      const found = expected.kind === 'query' ? await model.encodeQuery(expected.text) : await model.encode(expected.text);
      if (found.tokens.length !== expected.num_vectors) {
        result.problems.push(`${expected.name}: expected ${expected.num_vectors} vectors, found ${found.tokens.length}`);
        continue;
      }
      expected.rows.forEach((/** @type {number} */ row, /** @type {number} */ i) => {
        expected.embeddings[i].forEach((/** @type {number} */ value, /** @type {number} */ j) => {
          result.worst = Math.max(result.worst, Math.abs(found.vectors[row * found.dim + j] - value));
        });
      });
      result.texts++;
    }
    const byName = new Map(golden.cases.map((/** @type {any} */ c) => [c.name, c]));
    for (const { query, documents, scores } of golden.maxsim.slice(0, 3)) {
      const texts = documents.map((/** @type {string} */ d) => byName.get(d).text);
      const short = [...texts.keys()].filter((i) => texts[i].length < 200);
      for (const hit of await model.rank(byName.get(query).text, short.map((i) => texts[i]))) {
        result.worstScore = Math.max(result.worstScore, Math.abs(hit.score - scores[short[hit.index]]));
      }
      result.rankings++;
    }
    return result;
  } finally {
    model.close();
  }
}
