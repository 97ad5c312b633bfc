// Indexes in a real browser: kept, shared between tabs, killed, exchanged with the
// command line.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { checkpoint } from './checkpoints.js';
import { entry, launchPersistent, open } from './chromium.js';
import { buildCommand } from './command.js';
import { pack } from './pack.js';
import { serve } from './server.js';

const folder = mkdtempSync(join(tmpdir(), 'toller-index-'));
const packed = join(folder, 'model.safetensors');
/** The command. @type {string} */
let toller;

/** @type {import('./server.js').Server} */
let server;
/** @type {import('playwright-core').BrowserContext} */
let context;

before(async () => {
  writeFileSync(packed, pack(checkpoint('pylate-flat')));
  toller = buildCommand();
  server = await serve();
  server.answers.set('/model.safetensors', packed);
  // A page that goes on without a network keeps its scripts by such a worker.
  server.answers.set('/offline.js', (_, response) =>
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(`
      addEventListener('install', () => skipWaiting());
      addEventListener('activate', (event) => event.waitUntil(clients.claim()));
      addEventListener('fetch', (event) => event.respondWith((async () => {
        const kept = await caches.open('kept');
        try {
          const response = await fetch(event.request);
          if (event.request.method === 'GET') await kept.put(event.request, response.clone());
          return response;
        } catch (error) {
          return (await kept.match(event.request)) ?? Response.error();
        }
      })()));`),
  );
});
after(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  context = await launchPersistent(mkdtempSync(join(folder, 'profile-')));
});
afterEach(() => context.close());

/**
 * Opens a page with the model loaded, and the index of that name open as `index`,
 * unless the name is empty.
 *
 * @param {string} [name]
 * @param {any} [options]
 */
async function tab(name = 'notes', options = {}) {
  const { page, errors } = await open(context, server.url);
  await start(page, name, options);
  return { page, errors };
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} name
 * @param {any} [options]
 */
async function start(page, name, options = {}) {
  await page.evaluate(
    async ({ entry, name, options }) => {
      const scope = /** @type {any} */ (globalThis);
      scope.toller = await import(entry);
      scope.model = await scope.toller.load({ model: '/model.safetensors', workers: 1, index: true });
      if (name) scope.index = await scope.model.openIndex(name, options);
    },
    { entry, name, options },
  );
}

/**
 * Evaluates code in a page that has an index, and returns what it gives or the error.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} code
 * @returns {Promise<any>}
 */
function run(page, code) {
  return page.evaluate(`(async () => { try { return await (${code}); } catch (error) { return { error: String(error), stored: error.stored }; } })()`);
}

const animals = JSON.stringify([
  { key: 'cat', title: 'The cat', text: 'the cat sat on the mat 😀 and slept', metadata: { legs: 4, tags: ['pet'] }, time: 1_700_000_000_123 },
  { key: 'heron', text: 'a heron stands on one leg', metadata: { legs: 2 } },
  { key: 'snake', text: 'a snake has no legs', metadata: { legs: 0 } },
]);

test('keeps documents, and finds them after a reload without a network', async () => {
  const { page, errors } = await tab();
  await page.evaluate(() => navigator.serviceWorker.register('/offline.js').then(() => navigator.serviceWorker.ready));
  await page.reload(); // whose requests the service worker sees
  await start(page, 'notes');
  assert.equal(await run(page, `index.add(${animals}).then(() => index.search('cat sat', { k: 1, mode: 'lexical' })).then((found) => found[0].key)`), 'cat');
  assert.deepEqual(await run(page, `index.search('one leg', { mode: 'lexical', filter: 'legs = 2' }).then((found) => found.map((r) => r.key))`), ['heron']);

  await context.setOffline(true);
  const requests = server.requests.length;
  await page.reload();
  await start(page, 'notes');
  const [cat] = await run(page, `index.search('slept', { mode: 'lexical' })`);
  assert.equal(cat.key, 'cat');
  // Places count UTF-16 code units.
  const [mark] = cat.snippet.highlights;
  assert.equal(cat.text.slice(mark.start, mark.end), 'slept');
  const [explained] = await run(page, `index.search('slept 😀', { mode: 'exact', k: 1, explain: true })`);
  for (const match of explained.evidence.matches) {
    for (const span of match.document.spans ?? []) assert.ok(span.end <= explained.text.length);
  }
  assert.deepEqual(await run(page, `index.get('cat')`), { source: '', ...JSON.parse(animals)[0] });
  // The browser asks for a newer service worker by itself.
  assert.deepEqual(server.requests.slice(requests).filter((request) => request !== 'GET /offline.js'), []);
  assert.deepEqual(await run(page, `toller.listIndexes()`), ['notes']);
  assert.match((await run(page, `toller.deleteIndex('notes')`)).error, /it is open/);
  await run(page, `index.close().then(() => toller.deleteIndex('notes'))`);
  assert.deepEqual(await run(page, `toller.listIndexes()`), []);
  assert.deepEqual(errors, []);
});

test('says what is wrong in words', async () => {
  const { page } = await tab();
  await run(page, `index.add(${animals})`);
  const error = async (/** @type {string} */ code) => (await run(page, code)).error;
  assert.match(await error(`index.add({ key: 'cat', text: '' })`), /document "cat": exists already/);
  assert.match(await error(`index.add({ text: 'x' })`), /documents\[0\]\.key: expected a string, found undefined/);
  assert.match(await error(`index.update({ key: 'cow', text: '' })`), /"cow": not found/);
  assert.match(await error(`index.search('x', { filter: 'legs = ' })`), /filter/);
  assert.match(await error(`index.search('x', { mode: 'fast' })`), /expected one of auto, exact/);
  assert.match(await error(`model.openIndex('new', { codec: '3bit' })`), /3bit/);
  assert.match(await error(`model.openIndex('')`), /expected a name/);
  assert.match(await error(`model.openIndex('new', { from: '/missing.db' })`), /missing\.db: expected the file of an index, found none/);
  assert.match(await error(`model.openIndex('new', { from: new Uint8Array(5000) })`), /found something else/);
  assert.deepEqual(await run(page, `toller.listIndexes()`), ['notes'], 'what could not be opened is not there');
});

test('stores ten thousand short documents, and stops when told', async () => {
  const { page } = await tab();
  const measured = await page.evaluate(async () => {
    const { index } = /** @type {any} */ (globalThis);
    const words = ['cat', 'dog', 'heron', 'snake', 'mat', 'tree', 'river', 'stone'];
    const documents = Array.from({ length: 10_000 }, (_, i) => ({ key: `${i}`, text: `${words[i % 8]} ${words[(i >> 3) % 8]} ${i}`, metadata: { i } }));
    const abort = new AbortController();
    let stopped = NaN;
    const reason = await index
      .add(documents, {
        signal: abort.signal,
        progress: (/** @type {number} */ stored) => {
          if (stored < 2000 || abort.signal.aborted) return;
          stopped = performance.now();
          abort.abort();
        },
      })
      .catch((/** @type {any} */ error) => error.name);
    stopped = performance.now() - stopped;
    const before = (await index.status()).documents;
    const start = performance.now();
    let last = 0;
    await index.put(documents, { progress: (/** @type {number} */ stored) => (last = stored) });
    const seconds = (performance.now() - start) / 1000;
    /** @type {Record<string, number>} */
    const times = {};
    for (const mode of ['exact', 'pruned', 'lexical', 'hybrid']) {
      const each = [];
      for (let i = 0; i < 9; i++) {
        const start = performance.now();
        const found = await index.search(`${words[i % 8]} ${words[i >> 3]}`, { mode, k: 10 });
        if (found.length !== 10) throw new Error(`${mode}: ${found.length} results`);
        each.push(performance.now() - start);
      }
      times[mode] = each.sort((a, b) => a - b)[4];
    }
    const [found] = await index.search('heron 4242', { mode: 'lexical', k: 1 });
    return { reason, stopped, before, last, seconds, times, found: found.key, status: await index.status() };
  });
  assert.equal(measured.reason, 'AbortError');
  assert.ok(measured.stopped < 100, `stopped after ${measured.stopped} ms`);
  assert.ok(measured.before >= 2000 && measured.before < 10_000, `${measured.before} were stored`);
  assert.equal(measured.last, 10_000);
  assert.equal(measured.status.documents, 10_000);
  assert.equal(measured.found, '4242');
  console.log(`# 10,000 documents in ${measured.seconds.toFixed(1)} s, ${measured.status.bytes} bytes; search, median ms:`, JSON.stringify(measured.times));
});

test('serves a second tab, which takes over when the first is gone', async () => {
  const { page: first } = await tab();
  await run(first, `index.add(${animals})`);
  const { page: second } = await tab();
  assert.equal((await run(first, `index.status()`)).here, true);
  assert.equal((await run(second, `index.status()`)).here, false);
  assert.equal(await run(second, `index.search('heron', { k: 1, mode: 'lexical' }).then((found) => found[0].key)`), 'heron');
  const progress = await run(second, `(async () => { const seen = []; await index.put([{ key: 'cow', text: 'a cow came' }], { progress: (...p) => seen.push(p) }); return seen; })()`);
  assert.deepEqual(progress, [[1, 1]]);
  assert.match((await run(second, `index.add({ key: 'cow', text: '' })`)).error, /exists already/);
  assert.deepEqual(await run(first, `index.keys('legs < 4')`), ['heron', 'snake']);
  assert.equal(await run(second, `index.export().then((blob) => blob.slice(0, 15).text())`), 'SQLite format 3');

  await first.close();
  assert.equal(await run(second, `index.search('cow', { k: 1, mode: 'lexical' }).then((found) => found[0].key)`), 'cow');
  assert.equal((await run(second, `index.status()`)).here, true);

  // A third, which closes its index before its turn comes, leaves nothing behind.
  const { page: third } = await tab();
  await run(third, `index.close()`);
  await run(second, `index.close()`);
  await run(third, `toller.deleteIndex('notes')`);
  assert.deepEqual(await run(third, `toller.listIndexes()`), []);
});

test('loses at most a batch when a tab is killed', async () => {
  const { page } = await tab();
  await page.evaluate(() => {
    const scope = /** @type {any} */ (globalThis);
    scope.stored = 0;
    const documents = Array.from({ length: 5000 }, (_, i) => ({ key: `${i}`, text: `document ${i}` }));
    scope.index.add(documents, { progress: (/** @type {number} */ stored) => (scope.stored = stored) });
  });
  await page.waitForFunction(() => /** @type {any} */ (globalThis).stored >= 512);
  const stored = await page.evaluate(() => /** @type {any} */ (globalThis).stored);
  const cdp = await context.newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  cdp.send('Page.crash').catch(() => {}); // the process is gone before it can answer
  await crashed;
  const { page: again } = await tab();
  const { documents } = await run(again, `index.status()`);
  assert.ok(documents >= stored && documents % 256 === 0 && documents < 5000, `${documents} of ${stored}`);
  const file = join(folder, 'killed.db');
  await download(again, file);
  check(file);
});

test('exchanges files with the command line', async () => {
  // Made by toller index, opened in the page.
  const library = join(folder, 'library');
  mkdirSync(library);
  writeFileSync(join(library, 'plum.md'), '# Plum\n\nA plum splits when rain follows a dry week.\n');
  writeFileSync(join(library, 'pear.txt'), 'Pears ripen from the inside.\n');
  const made = join(folder, 'made.db');
  execFileSync(toller, ['index', library, '--index', made, '--model', packed], { stdio: 'pipe' });
  server.answers.set('/made.db', made);
  const { page } = await tab('library', { from: '/made.db' });
  const found = await run(page, `index.search('rain', { mode: 'lexical' })`);
  assert.equal(found.length, 1);
  assert.match(found[0].key, /plum\.md$/);
  assert.match((await run(page, `model.openIndex('library', { from: '/made.db' })`)).error, /expected none/);
  // Changed in the page, searched by toller search.
  await run(page, `index.put({ key: 'quince', text: 'a quince is hard and sour, and so is its rain' })`);
  const changed = join(folder, 'changed.db');
  await download(page, changed);
  const result = JSON.parse(execFileSync(toller, ['search', 'sour', '--mode', 'lexical', '--index', changed, '--model', packed, '--json'], { encoding: 'utf8' }));
  assert.deepEqual(result.hits.map((/** @type {any} */ hit) => hit.key), ['quince']);
  const meaning = JSON.parse(execFileSync(toller, ['search', 'sour', '--mode', 'exact', '--index', changed, '--model', packed, '--json'], { encoding: 'utf8' }));
  const here = await run(page, `index.search('sour', { mode: 'exact' })`);
  assert.deepEqual(here.map((/** @type {any} */ r) => r.key), meaning.hits.map((/** @type {any} */ hit) => hit.key));
  here.forEach((/** @type {any} */ r, /** @type {number} */ i) => assert.ok(Math.abs(r.score - meaning.hits[i].score) < 1e-4, `${r.score} here, ${meaning.hits[i].score} there`));
  check(changed);
  // With another model it is refused.
  const { page: other } = await open(context, server.url);
  server.answers.set('/other.safetensors', (_, response) => response.writeHead(200).end(pack(checkpoint('linear-head'))));
  await other.evaluate(
    async ({ entry }) => {
      const scope = /** @type {any} */ (globalThis);
      scope.toller = await import(entry);
      scope.model = await scope.toller.load({ model: '/other.safetensors', workers: 1 });
    },
    { entry },
  );
  assert.match((await run(other, `model.openIndex('library')`)).error, /open in another tab with another model/);
  assert.match((await run(other, `model.openIndex('copy', { from: '/made.db' })`)).error, /another model's index/);
  assert.deepEqual(await run(other, `toller.listIndexes()`), ['library']);
});

test('says that the storage is full, and goes on when it is not', async () => {
  const { page } = await tab();
  await run(page, `index.add(${animals})`);
  const cdp = await context.newCDPSession(page);
  const { usage } = await page.evaluate(() => navigator.storage.estimate());
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: server.url, quotaSize: (usage ?? 0) + 200_000 });
  const failed = await page.evaluate(async () => {
    const { index } = /** @type {any} */ (globalThis);
    const documents = Array.from({ length: 3000 }, (_, i) => ({ key: `${i}`, text: `document ${i} `.repeat(20) }));
    return index.add(documents).then(
      () => undefined,
      (/** @type {any} */ error) => ({ message: error.message, stored: error.stored }),
    );
  });
  assert.ok(failed, 'expected the storage to be full');
  assert.match(failed.message, /no room left/);
  const before = await run(page, `index.status()`);
  assert.equal(before.documents, 3 + failed.stored);
  assert.equal(await run(page, `index.search('heron', { k: 1, mode: 'lexical' }).then((found) => found[0].key)`), 'heron');
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: server.url });
  assert.equal(await run(page, `index.put({ key: 'after', text: 'room again' })`), undefined);
  const file = join(folder, 'full.db');
  await download(page, file);
  check(file);
});

/**
 * Writes the file of a page's index.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} file
 */
async function download(page, file) {
  const coded = await run(
    page,
    `index.export().then((blob) => new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(blob);
    }))`,
  );
  assert.equal(typeof coded, 'string', coded.error);
  writeFileSync(file, Buffer.from(coded, 'base64'));
}

/**
 * Checks a file by the command line, which fails if anything is wrong with it.
 *
 * @param {string} file
 */
function check(file) {
  execFileSync(toller, ['check', '--index', file], { stdio: 'pipe' });
}
