// What the original implementations make of texts, in Node with each of the kernels
// and without.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import v8 from 'node:v8';

import { cases, checkpoint } from './checkpoints.js';
import { publish } from './hub.js';
import { serve } from './server.js';

// Node 20 has relaxed SIMD behind a flag.
v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
const { load } = await import('../src/toller.js');

// Those of float32 arithmetic, from testdata/README.md.
const vectorTolerance = 2e-5;
const scoreTolerance = 1e-4;

/** Longer texts take too long without kernels, in characters. */
const longest = 1500;

/** @type {import('./server.js').Server} */
let server;
before(async () => (server = await serve()));
after(() => server.close());

const backbones = { ModernBERT: 'modernbert-residual', BERT: 'stanford' };
/** @type {[string, readonly ('simd128' | 'relaxed')[]][]} */
const sets = [
  ['generic', []],
  ['simd128', ['simd128']],
  ['relaxed', ['relaxed']],
];

for (const [backbone, name] of Object.entries(backbones)) {
  for (const [set, kernels] of sets) {
    test(`golden vectors of ${backbone} with ${set} kernels`, async (t) => {
      publish(server, `golden/${name}`, checkpoint(name));
      const golden = cases(name);
      const model = await load({
        model: `golden/${name}`,
        host: server.url,
        workers: 1,
        kernels,
        queryLength: golden.query_length,
        documentLength: golden.document_length,
      });
      try {
        assert.equal(model.info().kernels, set);
        assert.deepEqual(model.info().warnings?.filter((warning) => warning.includes('kernels')) ?? [], []);
        let texts = 0;
        let worst = 0;
        for (const expected of golden.cases) {
          if (expected.error || expected.text.length > longest) continue;
          const found = expected.kind === 'query' ? await model.encodeQuery(expected.text) : await model.encode(expected.text);
          assert.equal(found.tokens.length, expected.num_vectors, expected.name);
          expected.rows.forEach((row, i) => {
            expected.embeddings[i].forEach((value, j) => {
              const off = Math.abs(found.vectors[row * found.dim + j] - value);
              worst = Math.max(worst, off);
              assert.ok(off <= vectorTolerance, `${expected.name}: vector ${row}, component ${j}: expected ${value}, found ${found.vectors[row * found.dim + j]}`);
            });
          });
          texts++;
        }
        assert.ok(texts >= 40, `expected most of the texts, found ${texts}`);

        const byName = new Map(golden.cases.map((/** @type {any} */ c) => [c.name, c]));
        let rankings = 0;
        for (const { query, documents, scores } of golden.maxsim.slice(0, 3)) {
          const texts = documents.map((/** @type {string} */ d) => byName.get(d).text);
          const short = [...texts.keys()].filter((i) => texts[i].length < 200);
          const hits = await model.rank(byName.get(query).text, short.map((i) => texts[i]));
          for (const hit of hits) {
            const score = scores[short[hit.index]];
            assert.ok(Math.abs(hit.score - score) <= scoreTolerance, `${query}: document ${documents[short[hit.index]]}: expected ${score}, found ${hit.score}`);
          }
          rankings++;
        }
        t.diagnostic(`${texts} texts, ${rankings} rankings, vector components off by at most ${worst.toExponential(1)}`);
      } finally {
        model.close();
      }
    });
  }
}
