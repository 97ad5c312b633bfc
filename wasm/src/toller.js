// The package's entry: load opens a model, clear forgets those that were kept.

import { Cache } from './cache.js';
import { Engine } from './engine.js';
import { Model } from './model.js';
import { locate } from './locate.js';
import { program } from './program.js';

export { Model };
export { Index, deleteIndex, listIndexes } from './index.js';

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
  const count = workers ?? cores();
  if (!Number.isInteger(count) || count < 1) throw new Error(`toller: workers: expected a whole number from 1 on, found ${count}`);
  const order = await locate(options);
  const code = await program(index ? new URL('../dist/index.wasm', import.meta.url) : new URL('../dist/rank.wasm', import.meta.url), kernels);
  const first = await Engine.start(code, signal);
  // The others start while the first loads.
  const starting = Array.from({ length: count - 1 }, () => Engine.start(code, signal));
  try {
    const { name, warnings } = await first.call('kernels.choose', {}, { signal });
    const loaded = await first.call('load', order, { signal, event: progress });
    const others = await Promise.all(starting);
    await Promise.all(
      others.map(async (other) => {
        await other.call('kernels.use', { name }, { signal });
        await copy(first, other, order, loaded, signal);
      }),
    );
    const engines = [first, ...others];
    // The first keeps its files, from which the model is opened in the workers of
    // indexes. They are what the model uses anyway.
    await Promise.all(others.map((engine) => engine.call('files.release')));
    const info = JSON.parse(loaded.info);
    /** @type {import('./model.js').Start} */
    const start = async (url, create, signal) => {
      const engine = await Engine.start(await program(url, kernels), signal, create);
      try {
        await engine.call('kernels.use', { name }, { signal });
        await copy(first, engine, order, loaded, signal);
        await engine.call('files.release');
        return engine;
      } catch (error) {
        engine.close();
        throw error;
      }
    };
    return new Model(engines, { ...info, warnings: [...(info.warnings ?? []), ...warnings, ...loaded.warnings] }, start);
  } catch (error) {
    first.close();
    for (const other of starting) other.then((engine) => engine.close()).catch(() => {});
    throw error;
  }
}

/**
 * Forgets all models that were kept in the browser. Those that are open stay open.
 *
 * @returns {Promise<void>}
 */
export async function clear() {
  await Cache.clear();
}

/** Bytes that go from one worker to another at a time. */
const pieceSize = 4 << 20;

/**
 * Opens a model in a worker from the files that another one has.
 *
 * @param {Engine} from
 * @param {Engine} to
 * @param {import('./load.js').Order} order
 * @param {import('./load.js').Loaded} loaded
 * @param {AbortSignal} [signal]
 */
async function copy(from, to, order, loaded, signal) {
  for (const { name, size } of loaded.files) {
    await to.call('files.create', { name, size }, { signal });
    for (let offset = 0; offset < size; offset += pieceSize) {
      const bytes = await from.call('files.read', { name, offset, length: pieceSize }, { signal });
      await to.call('files.append', { name, bytes }, { signal, transfer: [bytes.buffer] });
    }
  }
  await to.call('model.open', { name: order.name, packed: order.packed !== undefined, ...order.options }, { signal });
}

/** How many workers there are unless the caller says. */
function cores() {
  const scope = /** @type {any} */ (globalThis);
  const count = scope.navigator?.hardwareConcurrency ?? scope.process?.getBuiltinModule?.('node:os').availableParallelism() ?? 1;
  return Math.max(1, Math.min(count, 8));
}
