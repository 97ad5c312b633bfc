// Prints what a page downloads, compressed as servers do it with Brotli at its best,
// and fails if that is more than it may be.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Most that ranking may download beside the model, in bytes. */
const most = 2_000_000;

const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
const sources = readdirSync(`${root}src`).filter((name) => name.endsWith('.js'));
const files = [...['rank.wasm', 'simd128.wasm', 'relaxed.wasm', 'wasm_exec.js'].map((name) => `dist/${name}`), ...sources.map((name) => `src/${name}`)];

let sum = 0;
for (const name of files) {
  const size = brotliCompressSync(readFileSync(root + name), { params }).length;
  sum += size;
  if (name.endsWith('.wasm')) console.log(`${String(size).padStart(9)}  ${name}`);
}
console.log(`${String(sum).padStart(9)}  all that ranking downloads beside the model, with ${files.length} files`);
if (sum > most) {
  console.error(`expected at most ${most} bytes`);
  process.exit(1);
}
