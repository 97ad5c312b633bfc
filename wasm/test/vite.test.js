// The packages as they would be published, in a project with TypeScript and Vite.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { build, createServer } from 'vite';

import { launch, open } from './chromium.js';
import { createProject, root } from './project.js';
import { serve } from './server.js';

const project = createProject();

/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  cpSync(`${root}test/vite`, project, { recursive: true });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(project, { recursive: true, force: true });
});

/**
 * What the project's page says.
 *
 * @param {string} url
 */
async function says(url) {
  const context = await browser.newContext();
  const { page, errors } = await open(context, url);
  await page.waitForFunction(() => document.querySelector('output')?.value, undefined, { timeout: 60_000 });
  const said = await page.evaluate(() => document.querySelector('output')?.value);
  await context.close();
  assert.deepEqual(errors, []);
  return said;
}

const expected = 'open: Paris is the capital of France. paris';

test('type-checks, declarations of the package among it', () => {
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', project], { stdio: 'pipe' });
});

test('builds and runs', async () => {
  await build({ root: project, base: './', logLevel: 'warn', build: { rollupOptions: { onwarn: (warning) => warning.code === 'PLUGIN_TIMINGS' || assert.fail(warning.message) } } });
  const assets = readdirSync(`${project}/dist/assets`);
  for (const ending of ['rank-', 'index-worker-', 'relaxed-', 'simd128-', 'toller-small-', 'worker-']) {
    assert.equal(assets.filter((name) => name.startsWith(ending)).length, 1, `expected one ${ending}, found ${assets}`);
  }
  const server = await serve({ '/deep/down/': `${project}/dist/` });
  assert.equal(await says(`${server.url}/deep/down/index.html`), expected);
  await server.close();
});

test('runs while it is being developed', async () => {
  const server = await createServer({ root: project, logLevel: 'warn', server: { port: 0, host: '127.0.0.1' }, optimizeDeps: { exclude: ['toller'] } });
  await server.listen();
  assert.equal(await says(/** @type {string} */ (server.resolvedUrls?.local[0])), expected);
  await server.close();
});
