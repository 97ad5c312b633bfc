// The package in the other runtimes, which come as npm packages.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { createProject, root } from './project.js';

const folder = createProject();
after(() => rmSync(folder, { recursive: true, force: true }));

// Bun's own command is put together by a script that npm need not run.
const packages = `${root}node_modules/`;
const [bun] = readdirSync(`${packages}@oven`).map((name) => `${packages}@oven/${name}/bin/bun`);
const program = join(folder, 'program.mjs');
writeFileSync(
  program,
  `import { load } from 'toller';
const model = await load({ model: 'small', workers: 2 });
const hits = await model.rank('capital of France', ['Berlin is in Germany.', 'Paris is the capital of France.', 'cats'], { k: 2, explain: true });
const controller = new AbortController();
setTimeout(() => controller.abort(), 200);
const many = Array.from({ length: 300 }, (_, i) => 'Paris is the capital of France. '.repeat(20) + i);
const aborted = await model.rank('capital', many, { signal: controller.signal }).catch((error) => error.name);
const failed = await load({ model: 'missing.safetensors' }).catch((error) => error.message);
model.close();
console.log(JSON.stringify({ order: hits.map((hit) => hit.index), matches: hits[0].evidence.matches.length, warnings: model.info().warnings, aborted, failed }));
`,
);

/** @type {Record<string, string[]>} */
const runtimes = { node: [process.execPath], deno: [`${packages}.bin/deno`, 'run', '--allow-all'], bun: [bun] };

for (const [name, [command, ...args]] of Object.entries(runtimes)) {
  test(`runs in ${name}`, () => {
    const output = execFileSync(command, [...args, program], { cwd: folder, encoding: 'utf8', timeout: 120_000 });
    const { order, matches, warnings, aborted, failed } = JSON.parse(output);
    assert.deepEqual(order, [1, 0]);
    assert.equal(matches, 6);
    assert.deepEqual(warnings, []);
    assert.equal(aborted, 'AbortError');
    assert.match(failed, /missing\.safetensors/);
  });
}
