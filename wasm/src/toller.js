// The package's entry: load opens a model, clear forgets those that were kept.

import { Cache } from './cache.js';
import { Crew } from './crew.js';
import { Model } from './model.js';
import { locate } from './locate.js';
import { program } from './program.js';

export { Model };
export { Index, deleteIndex, listIndexes } from './index.js';

/**
 * @typedef {import('./model.js').Span} Span
 * @typedef {import('./model.js').Token} Token
 * @typedef {import('./model.js').Match} Match
 * @typedef {import('./model.js').Evidence} Evidence
 * @typedef {import('./model.js').Hit} Hit
 * @typedef {import('./model.js').Encoded} Encoded
 * @typedef {import('./model.js').EncodeOptions} EncodeOptions
 * @typedef {import('./model.js').RankOptions} RankOptions
 * @typedef {import('./index.js').IndexDocument} IndexDocument
 * @typedef {import('./index.js').IndexOptions} IndexOptions
 * @typedef {import('./index.js').IndexStatus} IndexStatus
 * @typedef {import('./index.js').WriteOptions} WriteOptions
 * @typedef {import('./index.js').SearchOptions} SearchOptions
 * @typedef {import('./index.js').Result} Result
 */

/**
 * What happens while a model is loaded. Bytes are loaded, and then the model is
 * opened.
 *
 * @typedef {object} LoadProgress
 * @property {'load' | 'open'} phase
 * @property {string} file what is loaded or opened
 * @property {number} [loaded] bytes so far
 * @property {number} [total] bytes in all, if that is known
 */

/**
 * @typedef {object} LoadOptions
 * @property {string | URL | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob} model a packed model: its URL, its bytes, a Blob or File; a checkpoint on the hub by its name, "organisation/name"; or "small", the model of the package toller-model-small
 * @property {number} [workers] how many workers share the work; one for each core, within reason, if this is left out
 * @property {(event: LoadProgress) => void} [progress] called while the model is loaded
 * @property {AbortSignal} [signal] gives up loading
 * @property {string} [integrity] what a packed model must have for a SHA-256, in hexadecimal digits
 * @property {string} [host] where checkpoints are looked up, https://huggingface.co if this is left out
 * @property {string} [revision] branch, tag or commit of a checkpoint on the hub, "main" if this is left out
 * @property {Record<string, string>} [headers] of the requests for the model's files, such as an authorization
 * @property {boolean} [cache] whether downloaded files are kept in the browser for the next time, which they are if this is left out
 * @property {readonly ('simd128' | 'relaxed')[]} [kernels] which of the SIMD kernels may be used, none for []; the best that works if this is left out
 * @property {boolean} [index] whether an index is going to be opened: then one larger program is downloaded instead of two
 * @property {number} [queryLength] tokens at which queries are cut, in place of the model's own
 * @property {number} [documentLength] tokens at which documents are cut, in place of the model's own
 */

/**
 * Loads a model.
 *
 * @param {LoadOptions} options
 * @returns {Promise<Model>}
 */
export async function load(options) {
  const { workers, progress, signal, kernels, index = false } = options;
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1)) {
    throw new Error(`toller: workers: expected a whole number from 1 on, found ${workers}`);
  }
  const order = await locate(options);
  const code = await program(index ? new URL('../dist/index.wasm', import.meta.url) : new URL('../dist/rank.wasm', import.meta.url), kernels);
  return new Model(await Crew.start(code, order, { count: (size) => workers ?? within(size), progress, signal }));
}

/**
 * Forgets all models that were kept in the browser. Those that are open stay open.
 *
 * @returns {Promise<void>}
 */
export async function clear() {
  await Cache.clear();
}

/**
 * How many workers there are for a model of so many bytes unless the caller says: one
 * for each core, as long as they take no more than a fair part of the memory.
 *
 * @param {number} size
 */
function within(size) {
  const scope = /** @type {any} */ (globalThis);
  const navigator = scope.navigator ?? {};
  const cores = navigator.hardwareConcurrency ?? scope.process?.getBuiltinModule?.('node:os').availableParallelism() ?? 1;
  // Where the browser doesn't say how much memory there is, a screen that is touched
  // is a phone's or a tablet's; they end pages that take more than a gigabyte or so.
  const gigabytes = navigator.deviceMemory ?? (navigator.maxTouchPoints > 1 ? 2 : 8);
  const most = Math.floor((gigabytes * 2 ** 30) / 4 / (1.5 * size + perWorker));
  return Math.max(1, Math.min(cores, most, 8));
}

/** Bytes that a worker takes beside the model: code, tokenizer, what it computes with. */
const perWorker = 64 << 20;
