// The package in Firefox, driven by puppeteer-core: load, rank, and load again from
// what was kept.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import puppeteer from 'puppeteer-core';

import { entry } from './chromium.js';
import { serve } from './server.js';

/** @type {import('./server.js').Server} */
let server;
/** @type {import('puppeteer-core').Browser} */
let browser;

before(async () => {
  server = await serve();
  browser = await puppeteer.launch({ browser: 'firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr', headless: true });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test('loads, ranks, and loads without network', { timeout: 180_000 }, async () => {
  const page = await browser.newPage();
  for (let visit = 0; visit < 2; visit++) {
    await page.goto(server.url);
    const { order, warnings, aborted } = await page.evaluate(async (entry) => {
      const { load } = await import(entry);
      const model = await load({ model: 'small', workers: 2 });
      const documents = ['Berlin is in Germany.', 'Paris is the capital of France.', 'cats'];
      const hits = await model.rank('capital of France', documents, { explain: true });
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 300);
      const many = Array.from({ length: 300 }, (_, i) => `${documents.join(' ').repeat(10)} ${i}`);
      const aborted = await model.rank('cats', many, { signal: controller.signal }).catch((/** @type {any} */ error) => error.name);
      model.close();
      return { order: hits.map((/** @type {any} */ hit) => hit.index), warnings: model.info().warnings, aborted };
    }, entry);
    assert.deepEqual(order, [1, 0, 2]);
    assert.deepEqual(warnings, []);
    assert.equal(aborted, 'AbortError');
  }
  assert.equal(server.requests.filter((request) => request.endsWith('.safetensors')).length, 1);
});
