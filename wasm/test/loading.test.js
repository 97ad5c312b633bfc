// Loading in a real browser: what is kept, what is noticed, what is said.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';

import { checkpoint } from './checkpoints.js';
import { entry, launch, open } from './chromium.js';
import { commit, publish } from './hub.js';
import { pack } from './pack.js';
import { serve } from './server.js';

const packed = pack(checkpoint('pylate-flat'));
const sha256 = createHash('sha256').update(packed).digest('hex');

/** @type {import('./server.js').Server} */
let server;
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('playwright-core').BrowserContext} */
let context;
/** @type {import('playwright-core').Page} */
let page;

before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});
beforeEach(async () => {
  await context?.close();
  context = await browser.newContext();
  ({ page } = await open(context, server.url));
  answer((_, response) => response.writeHead(200, { 'content-length': packed.length, etag: '"1"' }).end(packed));
  server.requests.length = 0;
});

/** @param {import("./server.js").Answer} how */
function answer(how) {
  server.answers.set('/model.safetensors', how);
}

const model = '/model.safetensors';

/**
 * Loads a model in the page and ranks with it.
 *
 * @param {any} options
 * @returns {Promise<{ order: number[], warnings: string[], progress: any[], name: string, error?: string }>}
 */
function load(options = {}) {
  return page.evaluate(
    async ({ entry, options }) => {
      const { load } = await import(entry);
      /** @type {any[]} */
      const progress = [];
      try {
        const model = await load({ workers: 1, progress: (/** @type {any} */ event) => progress.push(event), ...options });
        const hits = await model.rank('a', ['a', 'b']);
        model.close();
        const { warnings, name } = model.info();
        return { order: hits.map((/** @type {any} */ hit) => hit.index), warnings, name, progress };
      } catch (error) {
        return { error: String(error), progress };
      }
    },
    { entry, options: { model, ...options } },
  );
}

/** How often the model was asked for. */
const downloads = () => server.requests.filter((request) => request === `GET ${model}`).length;

test('reports progress', async () => {
  const { progress, warnings, order } = await load({ workers: 2 });
  assert.deepEqual(order.toSorted(), [0, 1]);
  assert.deepEqual(warnings.filter((w) => w.includes('kept')), []);
  assert.deepEqual(progress.at(0), { phase: 'load', file: 'model.safetensors', loaded: 0, total: packed.length });
  assert.deepEqual(progress.at(-2), { phase: 'load', file: 'model.safetensors', loaded: packed.length, total: packed.length });
  assert.deepEqual(progress.at(-1), { phase: 'open', file: 'model.safetensors' });
  assert.equal(downloads(), 1, 'two workers share one download');
});

test('keeps a model and needs no network for it', async () => {
  await load();
  await page.reload();
  assert.equal((await load()).error, undefined);
  assert.equal(downloads(), 1);
  answer((request) => request.socket.destroy()); // the browser asks again when that happens
  await page.reload();
  assert.equal((await load()).error, undefined);
});

test('checks what was kept without a hash when there is one', async () => {
  await load();
  await load({ integrity: sha256 });
  assert.equal(downloads(), 2);
});

test('asks whether a model has changed, unless it has a hash', async () => {
  await load({ integrity: sha256 });
  answer((request, response) => response.writeHead(200, { 'content-length': packed.length, etag: '"2"' }).end(request.method === 'HEAD' ? undefined : packed));
  await load({ integrity: sha256 });
  assert.equal(downloads(), 1);
  await load();
  assert.equal(downloads(), 2);
  await load();
  assert.equal(downloads(), 2);
});

test('keeps nothing if it is told so, and forgets', async () => {
  await load({ cache: false });
  await load({ cache: false });
  assert.equal(downloads(), 2);
  await load();
  await page.evaluate(async (entry) => (await import(entry)).clear(), entry);
  await load();
  assert.equal(downloads(), 4);
});

test('says what is wrong with a file', async () => {
  const url = `${server.url}${model}`;
  answer((_, response) => response.writeHead(404).end());
  assert.equal((await load()).error, `Error: toller: ${url}: expected a file, found the status 404: there is none`);
  answer((_, response) => response.writeHead(503).end());
  assert.equal((await load()).error, `Error: toller: ${url}: expected a file, found the status 503 Service Unavailable`);
  answer((request) => request.socket.destroy());
  assert.match((await load()).error ?? '', new RegExp(`^Error: toller: ${url}: expected a file, found no answer: `));

  answer((request, response) => {
    response.writeHead(200, { 'content-length': packed.length });
    response.write(packed.subarray(0, 100_000), () => request.socket.end());
  });
  assert.match((await load()).error ?? '', new RegExp(`^Error: toller: ${url}: expected more than \\d+ bytes, found the end of the connection`));
  answer((_, response) => response.writeHead(200, { 'content-length': 100_000 }).end(packed.subarray(0, 100_000)));
  assert.match((await load()).error ?? '', /^Error: toller: weights: model\.safetensors: .*truncated/);
  answer((_, response) => response.end('<!doctype html><title>Not found</title>'));
  assert.match((await load()).error ?? '', /^Error: toller: weights: model\.safetensors: /);

  const broken = Buffer.from(packed);
  broken[broken.length - 1] ^= 1;
  answer((_, response) => response.writeHead(200, { 'content-length': broken.length }).end(broken));
  const found = createHash('sha256').update(broken).digest('hex');
  assert.equal((await load({ integrity: sha256 })).error, `Error: toller: ${url}: expected the SHA-256 ${sha256}, found ${found}`);

  // None of these was kept.
  answer((_, response) => response.writeHead(200, { 'content-length': packed.length }).end(packed));
  assert.equal((await load({ integrity: sha256 })).error, undefined);
});

test('loads what was kept and has been damaged since once more', async () => {
  await load({ integrity: sha256 });
  await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('toller-models');
    for await (const [name, handle] of folder.entries()) {
      if (name.endsWith('.json')) continue;
      const size = (await handle.getFile()).size;
      const file = await handle.createWritable();
      await file.write(new Uint8Array(size));
      await file.close();
    }
  });
  assert.equal((await load({ integrity: sha256 })).error, undefined);
  assert.equal(downloads(), 2);
});

test('goes on in memory where there is too little room, and says how much is missing', async () => {
  const session = await context.newCDPSession(page);
  const { usage } = await session.send('Storage.getUsageAndQuota', { origin: server.url });
  await session.send('Storage.overrideQuotaForOrigin', { origin: server.url, quotaSize: usage + 100_000 });
  const { warnings, order, error } = await load();
  assert.equal(error, undefined);
  assert.deepEqual(order.toSorted(), [0, 1]);
  const warning = warnings.find((w) => w.includes('kept')) ?? '';
  const [, missing, size] = warning.match(/^model\.safetensors isn't kept for the next time: (\d+) of its (\d+) bytes have no room in the browser's storage$/) ?? [];
  assert.equal(Number(size), packed.length, warning);
  assert.ok(Number(missing) > 0 && Number(missing) <= packed.length, warning);
  await load();
  assert.equal(downloads(), 2);
});

test('takes bytes, blobs and files', async () => {
  const orders = await page.evaluate(
    async ({ entry, model }) => {
      const { load } = await import(entry);
      const bytes = await (await fetch(model)).arrayBuffer();
      const names = [];
      for (const given of [bytes.slice(0), new Uint8Array(bytes), new Blob([bytes]), new File([bytes], 'mine.safetensors')]) {
        const opened = await load({ model: given, workers: 2 });
        names.push(opened.info().name);
        opened.close();
      }
      return names;
    },
    { entry, model },
  );
  assert.deepEqual(orders, ['model', 'model', 'model', 'mine.safetensors']);
});

for (const [what, api] of /** @type {const} */ ([['says', true], ["doesn't say", false]])) {
  test(`takes a checkpoint from a hub that ${what} what files it has`, async () => {
    for (const name of ['pylate-subfolder', 'stanford']) {
      publish(server, `test/${name}`, checkpoint(name), { api });
      const wanted = { model: `test/${name}`, host: server.url };
      const first = await load(wanted);
      assert.equal(first.error, undefined);
      assert.equal(first.name, `test/${name}`);
      const requests = server.requests.length;
      const second = await load(wanted);
      assert.deepEqual(second.order, first.order);
      const more = server.requests.slice(requests).filter((r) => r.startsWith('GET /test/'));
      assert.deepEqual(more, [], 'files that were kept are fetched again');

      // Offline: whatever the path, nobody answers.
      await context.route(/\/(api\/models|test)\//, (route) => route.abort());
      assert.deepEqual((await load(wanted)).order, first.order);
      await context.unroute(/\/(api\/models|test)\//);
    }
    const missing = await load({ model: 'test/none', host: server.url });
    assert.match(missing.error ?? '', /test\/none: expected a checkpoint at the revision main, found none of its files$/);
  });
}

test('checks the large files of a hub', async () => {
  const files = checkpoint('stanford');
  publish(server, 'test/bad', files);
  const weights = Buffer.from(files.get('model.safetensors') ?? '');
  weights[weights.length - 1] ^= 1;
  server.answers.set(`/test/bad/resolve/${commit}/model.safetensors`, (_, response) => response.end(weights));
  const { error } = await load({ model: 'test/bad', host: server.url });
  assert.match(error ?? '', /model\.safetensors: expected the SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$/);
});

test('gives up loading when told to', async () => {
  answer((_, response) => response.writeHead(200, { 'content-length': packed.length }).write(packed.subarray(0, 1000)));
  const found = await page.evaluate(
    async ({ entry, model }) => {
      const { load } = await import(entry);
      const controller = new AbortController();
      let aborted = 0;
      setTimeout(() => {
        aborted = performance.now();
        controller.abort();
      }, 3000);
      const error = await load({ model, signal: controller.signal }).catch((/** @type {any} */ e) => e);
      return { name: error.name, after: performance.now() - aborted };
    },
    { entry, model },
  );
  assert.equal(found.name, 'AbortError');
  assert.ok(found.after < 100, `it took ${found.after} ms`);
});

test('leaves nothing behind of a model that it could not load', async () => {
  answer((_, response) => response.end('nonsense'));
  await load({ workers: 3 });
  for (let i = 0; i < 50 && page.workers().length > 0; i++) await page.waitForTimeout(100); // ending takes a moment
  assert.equal(page.workers().length, 0);
});
