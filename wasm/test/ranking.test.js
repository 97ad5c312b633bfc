// Ranking in Node: the same numbers however many workers there are, and what happens
// when something goes wrong.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { load } from '../src/toller.js';
import { buildCommand } from './command.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const query = 'does vitamin D deficiency lead to preterm birth?';
/** Abstracts, short texts, equal ones, and odd ones. @type {string[]} */
const documents = [
  ...readFileSync(`${root}/testdata/abstracts.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .slice(0, 4)
    .map((line) => JSON.parse(line).text.slice(0, 400)),
  'birth',
  'vitamin D',
  'birth',
  '',
  'Ünïcödé 😀 birth \u0000 日本',
];

/** @type {import('../src/toller.js').Model} */
let model;
before(async () => (model = await load({ model: 'small', workers: 2 })));
after(() => model.close());

test("gives Go's scores, to the last bit", async () => {
  const texts = documents.slice(2).filter((text) => text !== ''); // the command leaves those out
  const lines = texts.map((text) => JSON.stringify({ text })).join('\n');
  const environment = { ...process.env, TOLLER_SIMD: 'generic' };
  const output = execFileSync(buildCommand(), ['rank', query, '--json', '-k', '0'], { input: lines, env: environment });
  const want = JSON.parse(output.toString()).hits.map((/** @type {any} */ hit) => [hit.index, Math.fround(hit.score), Math.fround(hit.mean)]);
  const portable = await load({ model: 'small', workers: 1, kernels: [] });
  const hits = await portable.rank(query, texts);
  portable.close();
  assert.deepEqual(hits.map((hit) => [hit.index, hit.score, hit.mean]), want);
});

test('gives the same with one worker and with two, and any part of it', async () => {
  const one = await load({ model: 'small', workers: 1 });
  const hits = await model.rank(query, documents);
  assert.deepEqual(await one.rank(query, documents), hits);
  assert.deepEqual(await model.rank(query, documents, { k: 3 }), hits.slice(0, 3));
  const births = hits.filter((hit) => documents[hit.index] === 'birth').map((hit) => hit.index);
  assert.deepEqual(births, [4, 6], 'equal scores keep their order');
  one.close();
});

test('explains what it ranks', async () => {
  const hits = await model.rank(query, documents, { k: 4, explain: true });
  for (const { index, score, mean, evidence } of hits) {
    assert.ok(evidence);
    assert.deepEqual(await model.explain(query, documents[index]), evidence);
    assert.equal(evidence.score, score);
    assert.equal(evidence.mean, mean);
    const shares = evidence.matches.reduce((sum, match) => sum + match.share, 0);
    assert.ok(Math.abs(shares - 1) < 1e-4, `shares add up to ${shares}`);
    for (const { start, end } of evidence.highlights) assert.ok(documents[index].slice(start, end).trim() !== '');
  }
  const odd = documents[8];
  const { highlights, matches } = await model.explain('😀 birth', odd);
  assert.deepEqual(highlights.map(({ start, end }) => odd.slice(start, end)).filter((part) => part === 'birth'), ['birth']);
  assert.equal(matches.find((match) => match.query.spans?.[0].start === 3)?.query.spans?.[0].end, 8);
});

test('encodes queries and documents, which differ', async () => {
  const [a, b] = await model.encode(['vitamin D', 'birth.']);
  assert.equal(a.dim, model.info().dim);
  assert.equal(a.vectors.length, a.tokens.length * a.dim);
  assert.deepEqual(await model.encode('vitamin D'), a);
  const q = await model.encodeQuery('vitamin D');
  assert.notDeepEqual(q.vectors, a.vectors);
  assert.deepEqual(b.tokens.flatMap((token) => token.spans ?? []), [{ start: 0, end: 5 }]);
  // MaxSim of the vectors is the score.
  let sum = 0;
  for (let i = 0; i < q.tokens.length; i++) {
    let best = -Infinity;
    for (let j = 0; j < a.tokens.length; j++) {
      let dot = 0;
      for (let c = 0; c < a.dim; c++) dot += q.vectors[i * a.dim + c] * a.vectors[j * a.dim + c];
      best = Math.max(best, dot);
    }
    sum += best;
  }
  const [{ score }] = await model.rank('vitamin D', ['vitamin D']);
  assert.ok(Math.abs(sum - score) < 1e-5);
});

test('cuts and pools as it is told', async () => {
  const long = documents[0];
  const whole = await model.encode(long);
  const cut = await model.encode(long, { maxTokens: 20 });
  assert.ok(cut.truncated && !whole.truncated && cut.tokens.length <= 20);
  const pooled = await model.encode(long, { poolFactor: 2 });
  assert.ok(pooled.tokens.length < whole.tokens.length * 0.6);
  assert.equal((await model.rank(query, [long], { maxTokens: 20 }))[0].truncated, true);
});

test('reports progress', async () => {
  /** @type {number[]} */
  const seen = [];
  await model.rank(query, documents, { progress: (done, total) => (assert.equal(total, documents.length), seen.push(done)) });
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  assert.equal(seen.at(-1), documents.length);
  assert.deepEqual(await model.rank(query, []), []);
});

test('stops when it is told to, and goes on with the next', async () => {
  const controller = new AbortController();
  const many = Array.from({ length: 200 }, (_, i) => `${documents[i % 4]} ${i}`);
  let aborted = 0;
  setTimeout(() => {
    aborted = performance.now();
    controller.abort();
  }, 500);
  await assert.rejects(model.rank(query, many, { signal: controller.signal }), { name: 'AbortError' });
  const took = performance.now() - aborted;
  assert.ok(took < 100, `it took ${took} ms`);
  assert.equal((await model.rank(query, ['birth'])).length, 1);
  await assert.rejects(model.rank(query, many, { signal: AbortSignal.abort(new Error('no')) }), /^Error: no$/);
  await assert.rejects(model.explain(query, 'birth', { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('says what is wrong with arguments', async () => {
  /** @type {[() => Promise<any>, string][]} */
  const wrong = [
    [() => model.rank(/** @type {any} */ (1), []), 'toller: query: expected a string, found number'],
    [() => model.rank('a', /** @type {any} */ ('b')), 'toller: documents: expected an array of strings, found string'],
    [() => model.rank('a', ['b', /** @type {any} */ (null)]), 'toller: documents[1]: expected a string, found null'],
    [() => model.rank('a', ['b'], { k: -1 }), 'toller: k: expected a whole number from 0 on, found -1'],
    [() => model.rank('a', ['b'], { maxTokens: 1 << 30 }), 'toller: edge: MaxTokens: '],
    [() => model.encode(['a'], { poolFactor: -1 }), 'toller: edge: PoolFactor: expected 0 or more, found -1'],
    [() => load({ model: /** @type {any} */ (1) }), 'toller: model: expected a URL, the name of a repository, bytes, a Blob or "small", found number'],
    [() => load({ model: 'small', workers: 0 }), 'toller: workers: expected a whole number from 1 on, found 0'],
    [() => load({ model: './none.safetensors', workers: 1 }), 'toller: ENOENT: no such file or directory'],
    [() => load({ model: new Uint8Array(10), workers: 1 }), 'toller: weights: model: '],
  ];
  for (const [call, message] of wrong) {
    await assert.rejects(call, (/** @type {any} */ error) => {
      assert.ok(error instanceof Error && error.message.startsWith(message), `expected ${message}, found ${error}`);
      return true;
    });
  }
});

test('survives a panic, and says where it was', async () => {
  // A broken call, such as this package never makes.
  await assert.rejects(model.crew.engines[0].call('model.score', { query: 'a', documents: 1 }), (/** @type {any} */ error) => {
    assert.match(error.message, /^toller: internal error: /);
    assert.match(error.cause, /goroutine/);
    return true;
  });
  await assert.rejects(model.crew.engines[0].call('nonsense'), /^Error: toller: there is no method "nonsense"$/);
  assert.equal((await model.rank(query, ['birth'])).length, 1);
});

test('rejects what comes after it is closed, and what is under way', async () => {
  const closed = await load({ model: 'small', workers: 1 });
  const running = closed.rank(query, documents);
  closed.close();
  await assert.rejects(running, /^Error: toller: closed already$/);
  await assert.rejects(closed.rank(query, documents), /^Error: toller: closed already$/);
});

test('an idle model does not keep a program running', () => {
  const program = `import { load } from ${JSON.stringify(new URL('../src/toller.js', import.meta.url).href)};
    const model = await load({ model: 'small', workers: 1 });
    console.log((await model.rank('a', ['b'])).length);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 60_000, encoding: 'utf8' });
  assert.equal(output.trim(), '1');
});
