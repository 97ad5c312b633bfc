// What the original implementations make of texts, in Node and in Chromium, with each
// of the kernels and without.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import v8 from 'node:v8';

import { cases, checkpoint } from './checkpoints.js';
import { entry, launch, open } from './chromium.js';
import { compare, scoreTolerance, vectorTolerance } from './golden.js';
import { publish } from './hub.js';
import { serve } from './server.js';

// Node 20 has relaxed SIMD behind a flag.
v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
const { load } = await import('../src/toller.js');

/** @type {import('./server.js').Server} */
let server;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const backbones = { ModernBERT: 'modernbert-residual', BERT: 'stanford' };
/** @type {[string, readonly ('simd128' | 'relaxed')[]][]} */
const sets = [
  ['generic', []],
  ['simd128', ['simd128']],
  ['relaxed', ['relaxed']],
];

/** @type {Record<string, (name: string, kernels: readonly ('simd128' | 'relaxed')[], golden: any) => Promise<import('./golden.js').Comparison>>} */
const places = {
  Node: (name, kernels, golden) => compare(load, name, server.url, kernels, golden),
  async Chromium(name, kernels, golden) {
    const context = await browser.newContext();
    try {
      const { page } = await open(context, server.url);
      return await page.evaluate(
        async ({ entry, name, kernels, golden }) => {
          const { load } = await import(entry);
          const { compare } = await import(new URL('../test/golden.js', new URL(entry, location.href)).href);
          return compare(load, name, location.origin, kernels, golden);
        },
        { entry, name, kernels, golden },
      );
    } finally {
      await context.close();
    }
  },
};

for (const [place, run] of Object.entries(places)) {
  for (const [backbone, name] of Object.entries(backbones)) {
    for (const [set, kernels] of sets) {
      test(`golden vectors of ${backbone} with ${set} kernels in ${place}`, async (t) => {
        publish(server, `golden/${name}`, checkpoint(name));
        const found = await run(`golden/${name}`, kernels, cases(name));
        assert.equal(found.kernels, set);
        assert.deepEqual(found.warnings, []);
        assert.deepEqual(found.problems, []);
        assert.ok(found.texts >= 40, `expected most of the texts, found ${found.texts}`);
        assert.ok(found.worst <= vectorTolerance, `components of vectors are off by ${found.worst}`);
        assert.ok(found.worstScore <= scoreTolerance, `scores are off by ${found.worstScore}`);
        const digits = (/** @type {number} */ x) => x.toExponential(1);
        t.diagnostic(`${found.texts} texts, ${found.rankings} rankings; components off by at most ${digits(found.worst)}, scores by ${digits(found.worstScore)}`);
      });
    }
  }
}
