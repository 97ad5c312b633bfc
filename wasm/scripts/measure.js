// Measures the package in Chromium, with the embedded model: the time from a page's
// load to the first ranked result with the model kept from before, what a second
// worker gains, and the tab's memory. The machine must have nothing else to do.
//
//	node scripts/measure.js [start] [workers] [memory]

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { entry, launch, open } from '../test/chromium.js';
import { serve } from '../test/server.js';

const abstracts = readFileSync(fileURLToPath(new URL('../../testdata/abstracts.jsonl', import.meta.url)), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line).text);
const query = 'does vitamin D deficiency lead to preterm birth?';

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const wanted = process.argv.slice(2);
const wants = (/** @type {string} */ what) => wanted.length === 0 || wanted.includes(what);
const server = await serve();
const browser = await launch();

if (wants('start')) {
  const context = await browser.newContext();
  const times = [];
  for (let visit = 0; visit <= 10; visit++) {
    const { page } = await open(context, server.url);
    const time = await page.evaluate(
      async ({ entry, query, documents }) => {
        const { load } = await import(entry);
        const model = await load({ model: 'small' });
        await model.rank(query, documents);
        const time = performance.now(); // since the page began to load
        model.close();
        return time;
      },
      { entry, query, documents: abstracts.slice(0, 1) },
    );
    if (visit > 0) times.push(time); // the first downloads it
    await page.close();
  }
  console.log(`page load to first result, model kept: median ${median(times).toFixed(0)} ms of ${times.map((t) => t.toFixed(0)).join(' ')}`);
  await context.close();
}

if (wants('workers')) {
  const context = await browser.newContext();
  const { page } = await open(context, server.url);
  const { one, two, tokens, kernels } = await page.evaluate(
    async ({ entry, query, documents }) => {
      const { load } = await import(entry);
      const models = [await load({ model: 'small', workers: 1 }), await load({ model: 'small', workers: 2 })];
      const encoded = await models[1].encode(documents);
      const times = [[], []];
      for (let round = 0; round < 7; round++) {
        for (const [i, model] of models.entries()) {
          const start = performance.now();
          await model.rank(query, documents);
          if (round > 0) times[i].push(performance.now() - start);
        }
      }
      const tokens = encoded.reduce((sum, text) => sum + text.tokens.length, 0);
      return { one: times[0], two: times[1], tokens, kernels: models[0].info().kernels };
    },
    { entry, query, documents: abstracts.slice(0, 40) },
  );
  console.log(`40 abstracts, ${tokens} vectors, ${kernels}: one worker ${median(one).toFixed(0)} ms, two ${median(two).toFixed(0)} ms, ratio ${median(one.map((t, i) => t / two[i])).toFixed(2)}`);
  await context.close();
}

if (wants('memory')) {
  const context = await browser.newContext();
  const { page } = await open(context, server.url);
  const session = await browser.newBrowserCDPSession();
  const memory = async (/** @type {string} */ when) => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const sizes = processInfo
      .filter(({ type }) => type === 'renderer')
      .map(({ id }) => {
        const text = readFileSync(`/proc/${id}/smaps_rollup`, 'utf8');
        return ['Rss', 'Pss', 'Anonymous'].map((name) => Number(text.match(new RegExp(`^${name}: *(\\d+)`, 'm'))?.[1]) / 1024);
      })
      .sort((a, b) => b[0] - a[0])[0]; // the tab's; others wait for tabs to come
    console.log(`${when}: resident ${sizes[0].toFixed(0)} MiB, its share ${sizes[1].toFixed(0)}, of its own ${sizes[2].toFixed(0)}`);
  };
  await memory('empty tab');
  await page.evaluate(async (entry) => {
    const { load } = await import(entry);
    Object.assign(globalThis, { model: await load({ model: 'small', workers: 2 }) });
  }, entry);
  await memory('model open, 2 workers');
  const rank = (/** @type {string[]} */ documents) => page.evaluate(({ query, documents }) => /** @type {any} */ (globalThis).model.rank(query, documents, { k: 10 }).then(() => 0), { query, documents });
  await rank(abstracts.slice(0, 100));
  await memory('100 abstracts');
  for (let i = 0; i < 5; i++) {
    await rank(abstracts);
    await memory(`${100 + 200 * (i + 1)} abstracts`);
  }
  await page.evaluate(() => /** @type {any} */ (globalThis).model.close());
  await page.waitForTimeout(3000);
  await memory('closed');
  await context.close();
}

await browser.close();
await server.close();
