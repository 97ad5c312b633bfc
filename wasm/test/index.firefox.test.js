// An index in Firefox: kept, found again after a reload, served to a second tab.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import puppeteer from 'puppeteer-core';

import { entry } from './chromium.js';
import { checkpoint } from './checkpoints.js';
import { pack } from './pack.js';
import { serve } from './server.js';

/** @type {import('./server.js').Server} */
let server;
/** @type {import('puppeteer-core').Browser} */
let browser;

before(async () => {
  server = await serve();
  const packed = pack(checkpoint('pylate-flat'));
  server.answers.set('/model.safetensors', (_, response) => response.writeHead(200, { 'content-length': packed.length, etag: '"1"' }).end(packed));
  browser = await puppeteer.launch({ browser: 'firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr', headless: true });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens a page that has the index. */
async function tab() {
  const page = await browser.newPage();
  await page.goto(server.url);
  await start(page);
  return page;
}

/** @param {import('puppeteer-core').Page} page */
async function start(page) {
  await page.evaluate(async (entry) => {
    const { load } = await import(entry);
    const model = await load({ model: '/model.safetensors', workers: 1, index: true });
    /** @type {any} */ (globalThis).index = await model.openIndex('notes');
  }, entry);
}

/** @param {import('puppeteer-core').Page} page @param {string} code @returns {Promise<any>} */
const run = (page, code) => page.evaluate(`(async () => ${code})()`);

test('keeps documents, and has them in two tabs', { timeout: 240_000 }, async () => {
  const first = await tab();
  await run(first, `index.put([{ key: 'cat', text: 'the cat sat' }, { key: 'heron', text: 'a heron stands' }])`);
  await first.reload();
  await start(first);
  assert.equal(await run(first, `(await index.search('heron', { mode: 'lexical' }))[0].key`), 'heron');
  const second = await tab();
  assert.equal(await run(second, `(await index.status()).here`), false);
  await run(second, `index.put({ key: 'cow', text: 'a cow came' })`);
  await first.close();
  assert.deepEqual(await run(second, `index.keys()`), ['cat', 'heron', 'cow']);
  assert.equal(await run(second, `(await index.status()).here`), true);
});
