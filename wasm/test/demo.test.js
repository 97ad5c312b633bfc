// The demo page in a real browser, as the build makes it, from a static file server.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build } from '../demo/build.js';
import { serve } from '../demo/serve.js';
import { launch, open } from './chromium.js';

const library = fileURLToPath(new URL('../../testdata/library/', import.meta.url));
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const patience = { timeout: 120_000 };

/** @type {string} */
let folder;
/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  folder = build(await mkdtemp(join(tmpdir(), 'toller-demo-')));
  server = await serve(folder, 0);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
  if (folder) await rm(folder, { recursive: true });
});

/**
 * Opens the page in a browser without a past.
 *
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
async function visit(options) {
  const context = await browser.newContext(options);
  const { page, errors } = await open(context, server.url);
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.setDefaultTimeout(patience.timeout);
  return { context, page, errors };
}

/** @param {import('playwright-core').Page} page */
const ready = (page) => page.locator('#status', { hasText: 'Ready' }).waitFor(patience);

/**
 * Asks, and waits for the answer to this very question.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} question
 * @param {string} best the title that must come first
 */
async function ask(page, question, best) {
  await page.fill('#query', '');
  await page.locator('#results').waitFor({ state: 'hidden' });
  await page.fill('#query', question);
  await page.locator('#hits > li:first-child h3', { hasText: best }).waitFor(patience);
}

/**
 * Takes the household notes and asks.
 *
 * @param {import('playwright-core').Page} page
 */
async function askNotes(page) {
  await page.getByRole('button', { name: 'snails ate my salad' }).click();
  await page.locator('#hits > li:first-child h3', { hasText: 'Slugs' }).waitFor(patience);
}

/** A PDF of two pages, the second without text. */
const halfEmpty = `%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Resources <</Font <</F 5 0 R>>>> /Contents 6 0 R>> endobj
4 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 300 200]>> endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
6 0 obj <</Length 59>> stream
BT /F 12 Tf 10 100 Td (The crane lifts a container.) Tj ET
endstream endobj
trailer <</Root 1 0 R>>
`;

/** @param {import('playwright-core').Page} page */
const titles = (page) => page.locator('#hits h3').allTextContents();

test('loads the model, searches by meaning and shows why', async () => {
  const { context, page, errors } = await visit();
  // What the bar says while bytes arrive is noted by the page itself.
  await page.evaluate(() => {
    const scope = /** @type {any} */ (globalThis);
    scope.said = [document.getElementById('status')?.textContent];
    new MutationObserver(() => scope.said.push(document.getElementById('status')?.textContent)).observe(/** @type {Node} */ (document.getElementById('status')), { childList: true });
  });
  await ready(page);
  const said = await page.evaluate(() => /** @type {any} */ (globalThis).said);
  assert.ok(said.some((/** @type {string} */ text) => /^Loading the model: \d+\.\d of 23\.5 MB/.test(text)), `no progress in ${said}`);

  await askNotes(page);
  assert.match(await page.textContent('#status'), /^30 passages searched in \d+ ms, on this device\.$/);
  await page.locator('#announcement', { hasText: '6 results. The best is Slugs.' }).waitFor();

  // Three words of meaning, none of them in the question.
  const hit = page.locator('#hits > li:first-child');
  assert.deepEqual(await hit.locator('.passage .meaning').allTextContents(), ['Slugs', 'eat', 'lettuce']);
  assert.equal(await hit.locator('.words .same').count(), 0);
  const rows = await hit.locator('.row').evaluateAll((rows) => rows.map((row) => [row.querySelector('.asked')?.textContent, row.querySelector('.found')?.textContent, parseInt(row.querySelector('.share')?.textContent ?? '')]));
  assert.deepEqual(rows.map(([asked]) => asked), ['snails', 'ate', 'my', 'salad']);
  assert.deepEqual(rows[3].slice(0, 2), ['salad', 'lettuce']);

  // All shares are of one score.
  const parts = (await hit.locator('.legend strong').allTextContents()).map(parseFloat);
  assert.ok(Math.abs(parts.reduce((sum, part) => sum + part) - 100) <= 2, `${parts}`);
  const words = rows.reduce((sum, [, , share]) => sum + Number(share), 0);
  assert.ok(Math.abs(words - parts[0] - parts[1]) <= 4, `${words} of ${parts}`);

  // A word that is in the passage is told from one that is only alike.
  await ask(page, 'lettuce and slugs', 'Slugs');
  assert.deepEqual((await hit.locator('.words .same').allTextContents()).sort(), ['Slugs', 'lettuce']);
  assert.deepEqual(errors, []);
  await context.close();
});

test('a word of the question lights up its matches, by pointer and by keyboard', async () => {
  const { context, page, errors } = await visit();
  await page.getByRole('button', { name: 'snails ate my salad' }).click(); // before the model is there
  await page.locator('#hits > li').first().waitFor(patience);
  const passage = page.locator('#hits > li:first-child .passage');
  const rows = page.locator('#hits > li:first-child .row');

  await rows.nth(3).hover();
  assert.deepEqual(await passage.locator('.best').allTextContents(), ['lettuce']);
  await page.mouse.move(0, 0);
  assert.equal(await passage.locator('.best').count(), 0);
  await passage.getByText('lettuce', { exact: true }).hover();
  assert.equal(await page.locator('.row.answering .asked').textContent(), 'salad');

  const focused = () => page.evaluate(() => document.activeElement?.querySelector('.asked')?.textContent ?? document.activeElement?.textContent ?? '');
  await page.focus('#query');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(), 'Slugs');
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'snails');
  assert.deepEqual(await passage.locator('.best').allTextContents(), ['Slugs']);
  await page.keyboard.press('End');
  assert.equal(await focused(), 'salad');
  await page.keyboard.press('Enter');
  assert.equal(await rows.nth(3).getAttribute('aria-pressed'), 'true');
  await page.keyboard.press('Tab'); // one stop for all words
  assert.deepEqual(await passage.locator('.best').allTextContents(), ['lettuce']); // pinned
  const second = (await titles(page))[1];
  assert.equal(await focused(), second);
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#hits [aria-expanded="true"]').textContent(), second);
  await page.keyboard.press('ArrowUp');
  assert.equal(await focused(), 'Slugs');
  await page.keyboard.press('ArrowUp');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'query');
  assert.deepEqual(errors, []);
  await context.close();
});

test('a search is of what was typed last', async () => {
  const { context, page, errors } = await visit();
  await ready(page);
  await askNotes(page);
  await page.fill('#query', '');
  await page.locator('#query').pressSequentially('kitten diet', { delay: 15 });
  await page.locator('#hits > li:first-child h3', { hasText: 'Feeding the cat' }).waitFor(patience);
  await page.waitForTimeout(500);
  assert.equal((await titles(page))[0], 'Feeding the cat');
  await page.fill('#query', ' ');
  await page.locator('#results').waitFor({ state: 'hidden' });
  assert.deepEqual(errors, []);
  await context.close();
});

test('reads files that are chosen or dropped, pasted text, and says what it can not read', async () => {
  const { context, page, errors } = await visit();
  await ready(page);
  await page.setInputFiles('#files', ['crepes.txt', 'sourdough.md', 'garden/tomatoes.html', 'recipes.jsonl', 'birds.csv', 'bicycle-care.pdf'].map((name) => library + name));
  await page.locator('#shelf-summary', { hasText: '14 documents' }).waitFor(patience);
  await page.click('summary');
  const kept = await page.locator('#documents li > span').allTextContents();
  assert.deepEqual(kept, [
    'crepes crepes.txt',
    'Sourdough Bread sourdough.md',
    'Growing tomatoes tomatoes.html',
    ...['Lentil soup', 'Shakshuka', 'Apple crumble', 'Basil pesto'].map((title) => `${title} recipes.jsonl`),
    ...['Blackbird', 'Robin', 'Great tit', 'Barn swallow', 'Grey heron', 'Kestrel'].map((name) => `${name} birds.csv`),
    'Bicycle Care bicycle-care.pdf',
  ]);
  await ask(page, 'ham and Gruyère', 'crepes'); // which is in Windows-1252
  assert.match(await page.textContent('#hits > li:first-child .passage'), /^.*galettes and filled with ham and Gruyère\.$/s);
  await ask(page, 'why does my fruit split?', 'Growing tomatoes');
  assert.match(await page.textContent('#hits > li:first-child .origin'), /tomatoes\.html/);
  assert.doesNotMatch(await page.textContent('#hits') ?? '', /Home|not this|##/);

  // A PDF is read page by page, in the order of reading and with words made whole.
  await ask(page, 'when does a chain need oil?', 'Bicycle Care');
  assert.match(await page.textContent('#hits > li:first-child .origin') ?? '', /^Page 1 · bicycle-care\.pdf/);
  assert.match(await page.textContent('#hits > li:first-child .passage') ?? '', /Once a month,\s+put a drop of oil on each roller/);

  const dropped = await page.evaluateHandle((half) => {
    const data = new DataTransfer();
    data.items.add(new File(['Our ferry to the island sails at noon.'], 'ferry.txt'));
    data.items.add(new File(['%PDF-1.7'], 'broken.pdf', { type: 'application/pdf' }));
    data.items.add(new File([half], 'half', { type: 'application/pdf' }));
    data.items.add(new File([half.replace(/stream.*endstream/s, 'stream\nendstream')], 'scan.pdf'));
    data.items.add(new File(['GIF89a'], 'photo.gif', { type: 'image/gif' }));
    data.items.add(new File(['{"title": "no text"}'], 'bad.jsonl'));
    return data;
  }, halfEmpty);
  await page.dispatchEvent('body', 'drop', { dataTransfer: dropped });
  await page.locator('.notice', { hasText: 'bad.jsonl' }).waitFor();
  const notices = await page.locator('.notice p').allTextContents();
  assert.match(notices[0], /^broken\.pdf: expected a PDF, found what can't be read as one: /);
  assert.deepEqual(notices.slice(1), [
    'half: no text was found on page 2',
    'scan.pdf: expected text, found none on its 2 pages: pictures, such as scans, are not read',
    'photo.gif: expected text, Markdown, HTML, PDF, JSONL or CSV, found image/gif',
    'bad.jsonl: line 1: text: expected a string, found none',
  ]);
  await page.locator('#shelf-summary', { hasText: '16 documents' }).waitFor(patience);
  await ask(page, 'a boat trip', 'ferry');

  await page.click('#paste');
  await page.fill('#paste-text', 'Badgers\n\nThey dig their setts in dry slopes and keep them very clean.');
  await page.click('#paste-dialog button[value=add]');
  await page.locator('#shelf-summary', { hasText: '17 documents' }).waitFor(patience);
  await ask(page, 'badgers', 'Badgers');
  await page.getByRole('button', { name: 'Remove Badgers' }).click();
  await page.locator('#hits h3', { hasText: 'Badgers' }).waitFor({ state: 'detached' });
  assert.deepEqual(errors, []);
  await context.close();
});

test('says what went wrong with the model, and tries again', async () => {
  const model = (await readFile(join(folder, 'index.html'), 'utf8')).match(/model-[0-9a-f]+/)?.[0] ?? '';
  const file = join(folder, model, 'toller-small.safetensors');
  await rename(file, `${file}.away`);
  const { context, page } = await visit();
  const notice = page.locator('.notice');
  await notice.waitFor(patience);
  assert.match(await notice.textContent() ?? '', /toller-small\.safetensors: expected a file, found the status 404.*Check the connection/);
  await rename(`${file}.away`, file);
  await page.getByRole('button', { name: 'Try again' }).click();
  await ready(page);
  assert.equal(await notice.count(), 0);
  await context.close();
});

test('documents stay until they are removed, and go to other places as a file', async () => {
  const { context, page, errors } = await visit();
  await ready(page);
  await askNotes(page);
  await page.reload();
  await ready(page);
  assert.match(await page.textContent('#shelf-summary') ?? '', /^30 documents in 30 passages, kept in this browser/);
  await ask(page, 'snails ate my salad', 'Slugs');
  await page.click('summary');
  const download = page.waitForEvent('download');
  await page.click('#save');
  const file = join(folder, 'toller.db');
  await (await download).saveAs(file);

  // By meaning alone, a word that both have counts for nothing by itself.
  await ask(page, 'sleeping on the way to Austria', 'Swallows');
  assert.match(await page.textContent('#hits > li:first-child .origin') ?? '', /found by its words too/);
  await page.uncheck('#words');
  await page.locator('#hits > li:first-child h3', { hasText: 'Night train to Vienna' }).waitFor(patience);
  await page.click('#clear');
  await page.locator('#results').waitFor({ state: 'hidden' });
  await page.reload();
  await ready(page);
  assert.equal(await page.locator('#kept').isVisible(), false);

  await page.setInputFiles('#files', file);
  await page.locator('#shelf-summary', { hasText: 'toller.db: 30 documents in 30 passages' }).waitFor(patience);
  await ask(page, 'kitten diet', 'Feeding the cat');
  await page.click('#back');
  await page.locator('#results').waitFor({ state: 'hidden' });
  await writeFile(file, 'no database');
  await page.setInputFiles('#files', file);
  assert.match(await page.locator('.notice p').textContent() ?? '', /toller\.db/);
  assert.deepEqual(errors, []);
  await context.close();
});

test('where nothing can be kept, documents last as long as the tab', async () => {
  const context = await browser.newContext();
  await context.addInitScript(() => delete (/** @type {any} */ (StorageManager.prototype).getDirectory));
  const { page, errors } = await open(context, server.url);
  await ready(page);
  assert.match(await page.textContent('.notice') ?? '', /Documents are forgotten when this tab is closed: /);
  assert.equal(await page.locator('.notice button').count(), 1); // there is nothing to forget
  await askNotes(page);
  assert.match(await page.textContent('#shelf-summary') ?? '', /in the memory of this tab/);
  assert.deepEqual(errors, []);
  await context.close();
});

test('works without a network after the first visit; an update never mixes versions', async () => {
  const { context, page, errors } = await visit();
  await ready(page);
  await askNotes(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const { port } = new URL(server.url);
  await server.close();
  await page.reload();
  await ready(page);
  await ask(page, 'kitten diet', 'Feeding the cat');
  await page.setInputFiles('#files', `${library}bicycle-care.pdf`); // read by a library that no visit has run yet
  await page.locator('#shelf-summary', { hasText: '31 documents' }).waitFor(patience);
  assert.deepEqual(errors, []);

  // A new version, of which one file is broken, changes nothing.
  const versioned = async () => (await readFile(join(folder, 'index.html'), 'utf8')).match(/"([0-9a-f]{12})\/app\.js"/)?.[1] ?? '';
  const old = await versioned();
  const next = '0123456789ab';
  await rename(join(folder, old), join(folder, next));
  const html = (await readFile(join(folder, 'index.html'), 'utf8')).replaceAll(old, next);
  const imports = html.match(/<script type="importmap">(.*?)<\/script>/)?.[1] ?? '';
  await writeFile(join(folder, 'index.html'), html.replace(/'sha256-[^']*'/, `'${integrity(imports)}'`));
  const worker = (await readFile(join(folder, 'sw.js'), 'utf8')).replaceAll(old, next);
  const whole = worker.replace(/\["\.\/","[^"]*"\]/, `["./","${integrity(await readFile(join(folder, 'index.html')))}"]`);
  await writeFile(join(folder, 'sw.js'), `${worker}// half of an upload\n`);
  server = await serve(folder, Number(port));
  const update = () => page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update().catch(() => {});
    const worker = registration.installing;
    if (worker) await new Promise((resolve) => worker.addEventListener('statechange', () => ['redundant', 'activated'].includes(worker.state) && resolve(worker.state)));
    return (await caches.keys()).map((key) => key.split(' ').pop());
  });
  const loaded = () => page.evaluate(() => /** @type {HTMLScriptElement} */ (document.querySelector('script[type=module]')).src);
  assert.deepEqual(await update(), [old]);
  await page.reload();
  assert.match(await loaded(), new RegExp(old));

  // A whole one is taken at the next visit; a tab that is open stays with the old one.
  await writeFile(join(folder, 'sw.js'), whole);
  let versions = await update();
  // The reload has the browser look for an update too. One that was still busy with the
  // half upload answers for both.
  if (versions.length === 1) versions = await update();
  assert.deepEqual(versions.sort(), [old, next].sort());
  const sample = await page.evaluate(async (old) => (await fetch(`${old}/samples/abstracts.jsonl`)).status, old);
  assert.equal(sample, 200);
  await page.reload();
  assert.match(await loaded(), new RegExp(next));
  await ready(page);
  await context.close();
});

test('is what its types say', () => {
  execFileSync('npx', ['tsc', '-p', 'demo'], { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit' });
});

/** @param {string | Buffer} content */
function integrity(content) {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}

test('is accessible and fits a phone, light and dark', async () => {
  const { context, page } = await visit({ colorScheme: 'light', viewport: { width: 360, height: 740 }, reducedMotion: 'reduce', bypassCSP: true });
  await page.evaluate(() => {
    const scope = /** @type {any} */ (globalThis);
    scope.shifts = [];
    new PerformanceObserver((list) => list.getEntries().forEach((/** @type {any} */ entry) => entry.hadRecentInput || scope.shifts.push({ value: entry.value, what: entry.sources.map((/** @type {any} */ source) => source.node?.id || source.node?.className) }))).observe({ type: 'layout-shift', buffered: true });
  });
  await page.addScriptTag({ path: axe });
  /**
   * @param {string} where
   * @param {object} [options] of axe; all rules without
   */
  const violations = async (where, options) => {
    const found = await page.evaluate((options) => /** @type {any} */ (globalThis).axe.run(options ?? {}), options);
    assert.ok(found.passes.length > 0, `${where}: nothing was checked`);
    assert.deepEqual(found.violations.map((/** @type {any} */ v) => `${where}: ${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html + n.failureSummary).join()}`), []);
  };
  const contrast = { runOnly: ['color-contrast'] };
  // Colours are all that is different in the dark.
  const check = async (/** @type {string} */ where) => {
    await violations(where);
    await page.emulateMedia({ colorScheme: 'dark' });
    await violations(`${where}, dark`, contrast);
    await page.emulateMedia({ colorScheme: 'light' });
    const { scrollWidth, clientWidth } = await page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth }));
    assert.ok(scrollWidth <= clientWidth, `${where}: ${scrollWidth} px wide`);
  };
  const ink = () => page.evaluate(() => getComputedStyle(document.body).color);
  await ready(page);
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (globalThis).shifts), []);
  await check('empty');
  await askNotes(page);
  await page.locator('.row').nth(3).focus();
  await check('results, narrow');
  await page.setViewportSize({ width: 1200, height: 900 });
  await page.click('summary');
  await check('results, wide');
  await page.click('#paste');
  await check('dialog');
  await page.keyboard.press('Escape');
  // The button gives each of the two where the system has the other.
  const light = await ink();
  await page.click('#theme');
  const dark = await ink();
  assert.notEqual(dark, light);
  await violations('chosen dark', contrast);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.click('#theme');
  assert.equal(await ink(), light);
  await violations('chosen light', contrast);
  await context.close();
});
