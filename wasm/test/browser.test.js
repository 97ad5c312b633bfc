// The package in a real browser, from a static file server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { entry, launch, open } from './chromium.js';
import { serve } from './server.js';

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

test('loads, ranks and explains without special headers', async () => {
  const context = await browser.newContext();
  const { page, errors } = await open(context, server.url);
  const found = await page.evaluate(async (entry) => {
    const { load } = await import(entry);
    const model = await load({ model: 'small', workers: 2 });
    const documents = ['Berlin is in Germany.', 'Paris is the capital of France.', 'cats'];
    const hits = await model.rank('capital of France', documents, { k: 2, explain: true });
    const evidence = await model.explain('capital of France', documents[1]);
    model.close();
    return { hits, evidence, isolated: globalThis.crossOriginIsolated };
  }, entry);
  assert.equal(found.isolated, false);
  assert.deepEqual(found.hits.map((hit) => hit.index), [1, 0]);
  assert.deepEqual(found.hits[0].evidence, found.evidence);
  assert.equal(found.evidence.score, found.hits[0].score);
  assert.deepEqual(errors, []);
  await context.close();
});
