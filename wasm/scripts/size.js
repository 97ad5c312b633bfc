// Prints what a page downloads, compressed as servers do it with Brotli at its best,
// and fails if that is more than it may be.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Most that may be downloaded beside the model, in bytes. */
const most = { ranking: 2_000_000, index: 2_800_000 };

const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
const sources = readdirSync(`${root}src`).filter((name) => name.endsWith('.js'));
const shared = [...['simd128.wasm', 'relaxed.wasm', 'wasm_exec.js'].map((name) => `dist/${name}`), ...sources.map((name) => `src/${name}`)];
const files = {
  ranking: ['dist/rank.wasm', ...shared],
  index: ['dist/index.wasm', 'dist/sqlite3.wasm', 'dist/sqlite3.js', ...shared],
};

/** @type {Map<string, number>} */
const sizes = new Map();
for (const name of new Set([...files.ranking, ...files.index])) {
  const size = brotliCompressSync(readFileSync(root + name), { params }).length;
  sizes.set(name, size);
  if (name.startsWith('dist/')) console.log(`${String(size).padStart(9)}  ${name}`);
}
for (const what of /** @type {('ranking' | 'index')[]} */ (['ranking', 'index'])) {
  const sum = files[what].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  console.log(`${String(sum).padStart(9)}  all that a page with ${what === 'index' ? 'an index' : 'ranking alone'} downloads beside the model, with ${files[what].length} files`);
  if (sum > most[what]) {
    console.error(`expected at most ${most[what]} bytes`);
    process.exitCode = 1;
  }
}
