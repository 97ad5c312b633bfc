// The golden checkpoints of testdata, and what the original implementations make of
// texts with them.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const testdata = fileURLToPath(new URL('../../testdata/', import.meta.url));

/**
 * Reads a file of testdata, unzipped.
 *
 * @param {string} path
 * @returns {Buffer}
 */
function read(path) {
  return existsSync(path) ? readFileSync(path) : gunzipSync(readFileSync(`${path}.gz`));
}

/**
 * The files of a golden checkpoint by their names in it.
 *
 * @param {string} model
 * @returns {Map<string, Buffer>}
 */
export function checkpoint(model) {
  const files = new Map();
  const walk = (/** @type {string} */ folder) => {
    for (const name of readdirSync(`${testdata}models/${model}/${folder}`)) {
      const path = folder + name;
      if (statSync(`${testdata}models/${model}/${path}`).isDirectory()) walk(`${path}/`);
      else files.set(path.replace(/\.gz$/, ''), read(`${testdata}models/${model}/${path.replace(/\.gz$/, '')}`));
    }
  };
  walk('');
  // As package testdata does: the ModernBERT checkpoints share their tokenizer.
  if (![...files.keys()].some((name) => name.endsWith('tokenizer.json'))) {
    files.set('tokenizer.json', read(`${testdata}tokenizers/${model === 'modernbert-residual' ? 'modernbert-pairs' : 'modernbert'}.json`));
  }
  return files;
}

/**
 * What a checkpoint must make of texts.
 *
 * @param {string} model
 * @returns {any}
 */
export function cases(model) {
  return JSON.parse(read(`${testdata}cases/${model}.json`).toString());
}

/** The path of the packed model that comes with toller. */
export const small = fileURLToPath(new URL('../../edge/builtin/toller-small.safetensors', import.meta.url));
