// An index in a worker of this page.

import { Engine } from './engine.js';
import { compiled } from './program.js';

/**
 * What an index needs of the model that it is opened with.
 *
 * @typedef {object} Encoder
 * @property {(program: URL, create: () => any, signal?: AbortSignal) => Promise<Engine>} start starts a worker that has the model, and this program
 * @property {(texts: string[], options: { maxTokens: number, signal?: AbortSignal }) => Promise<Uint8Array<ArrayBuffer>[]>} marshal encodes documents, in all of the model's workers, for an index to store
 * @property {boolean} pools whether the checkpoint says that documents are pooled
 */

/** Most documents and characters of a batch, which is stored as one: a killed page loses no more. */
const batchDocuments = 256;
const batchLength = 32 << 10;

/** Batches that are encoded while others are stored. */
const ahead = 2;

/** Bytes of a file that a worker hands over at once. */
const pieceSize = 4 << 20;

export class Shelf {
  #engine;
  #encoder;
  /** The last write; the next one waits for it. @type {Promise<unknown>} */
  #writes = Promise.resolve();

  /**
   * @param {Engine} engine
   * @param {Encoder} encoder
   */
  constructor(engine, encoder) {
    this.#engine = engine;
    this.#encoder = encoder;
  }

  /**
   * Opens an index.
   *
   * @param {Encoder} encoder
   * @param {string | undefined} folder that it is in; none for one in memory
   * @param {object} settings for the program
   * @param {import('./source.js').Source} [source] what it is to be a copy of
   * @param {AbortSignal} [signal]
   */
  static async open(encoder, folder, settings, source, signal) {
    const [engine, sqlite3] = await Promise.all([
      encoder.start(new URL('../dist/index.wasm', import.meta.url), createIndexWorker, signal),
      compiled(new URL('../dist/sqlite3.wasm', import.meta.url)),
    ]);
    const shelf = new Shelf(engine, encoder);
    try {
      const path = await engine.call('shelf.hold', { name: folder, source, sqlite3 }, { signal });
      await shelf.#call('index.open', { path, ...settings }, signal);
      return shelf;
    } catch (error) {
      await engine.call('shelf.release').catch(() => {});
      engine.close();
      throw error;
    }
  }

  /**
   * @param {'add' | 'update' | 'put'} how
   * @param {object[]} documents
   * @param {{ signal?: AbortSignal, progress?: (stored: number, total: number) => void }} options
   */
  async write(how, documents, { signal, progress }) {
    let stored = 0;
    /** @type {Promise<void>[]} */
    const under = [];
    /** @type {Promise<void>} */
    let last = Promise.resolve();
    try {
      for (let next = 0; next < documents.length; ) {
        signal?.throwIfAborted();
        const batch = documents.slice(next, next + batchSize(documents, next));
        next += batch.length;
        const encoded = this.#encode(batch, signal);
        encoded.catch(() => {}); // it is awaited below
        const before = last;
        last = (async () => {
          await before;
          const { counts, list } = await encoded;
          await this.#alone(() => this.#engine.call('index.write', { json: JSON.stringify({ how, documents: batch, counts }), encoded: list }, { signal }));
          stored += batch.length;
          progress?.(stored, documents.length);
        })();
        last.catch(() => {});
        under.push(last);
        if (under.length > ahead) await under.shift();
      }
      await last;
    } catch (error) {
      if (error instanceof Error && !signal?.aborted) Object.assign(error, { stored });
      throw error;
    }
  }

  /**
   * Has the texts of a batch encoded by all workers of the model.
   *
   * @param {object[]} documents
   * @param {AbortSignal} [signal]
   * @returns {Promise<{ counts?: number[], list?: Uint8Array[] }>}
   */
  async #encode(documents, signal) {
    if (this.#encoder.pools) return {}; // how tokens were pooled gets lost on the way: the index's worker encodes
    const { texts, maxTokens } = await this.#call('index.texts', { documents }, signal);
    const list = await this.#encoder.marshal(texts.flat(), { maxTokens, signal });
    return { counts: texts.map((/** @type {string[]} */ of) => of.length), list };
  }

  /** @param {string[]} keys @param {{ signal?: AbortSignal }} options */
  delete(keys, { signal }) {
    return this.#alone(() => this.#call('index.delete', { keys }, signal));
  }

  /** @param {object} query @param {{ signal?: AbortSignal }} options */
  search(query, { signal }) {
    return this.#call('index.search', query, signal);
  }

  /** @param {string[]} keys @param {{ signal?: AbortSignal }} options */
  get(keys, { signal }) {
    return this.#call('index.get', { keys }, signal);
  }

  /** @param {string} filter @param {{ signal?: AbortSignal }} options */
  keys(filter, { signal }) {
    return this.#call('index.keys', { filter }, signal);
  }

  /** @param {unknown} _ @param {{ signal?: AbortSignal }} options */
  status(_, { signal }) {
    return this.#call('index.status', {}, signal);
  }

  /** @param {unknown} _ @param {{ signal?: AbortSignal }} options */
  compact(_, { signal }) {
    return this.#alone(() => this.#call('index.compact', {}, signal));
  }

  /**
   * The file of the index.
   *
   * @param {unknown} _
   * @param {{ signal?: AbortSignal }} options
   * @returns {Promise<Blob>}
   */
  export(_, { signal }) {
    return this.#alone(async () => {
      await this.#call('index.flush', {}, signal);
      const parts = [];
      for (let offset = 0; ; offset += pieceSize) {
        const bytes = await this.#engine.call('shelf.read', { offset, length: pieceSize }, { signal });
        parts.push(bytes);
        if (bytes.length < pieceSize) break;
      }
      return new Blob(parts, { type: 'application/vnd.sqlite3' });
    });
  }

  /** Closes the file and ends the worker. */
  async close() {
    try {
      await this.#alone(() => this.#call('index.close', {}));
      await this.#engine.call('shelf.release');
    } finally {
      this.#engine.close();
    }
  }

  /**
   * @param {string} method
   * @param {object} args
   * @param {AbortSignal} [signal]
   */
  async #call(method, args, signal) {
    return JSON.parse(await this.#engine.call(method, { json: JSON.stringify(args) }, { signal }));
  }

  /**
   * Runs f when no other write runs.
   *
   * @template T
   * @param {() => Promise<T>} f
   * @returns {Promise<T>}
   */
  #alone(f) {
    const result = this.#writes.then(f);
    this.#writes = result.catch(() => {});
    return result;
  }
}

/**
 * How many documents the next batch has.
 *
 * @param {any[]} documents
 * @param {number} next
 */
function batchSize(documents, next) {
  let n = 0;
  for (let length = 0; n < batchDocuments && next + n < documents.length; n++) {
    length += documents[next + n].text?.length ?? 0;
    if (n > 0 && length > batchLength) break;
  }
  return n;
}

/** @returns {any} */
function createIndexWorker() {
  if (typeof Worker === 'function') {
    // Bundlers look for this very form.
    return new Worker(new URL('./index-worker.js', import.meta.url), { type: 'module', name: 'toller-index' });
  }
  const node = /** @type {any} */ (globalThis).process?.getBuiltinModule?.('node:worker_threads');
  return new node.Worker(new URL(/* @vite-ignore */ './index-worker.js', import.meta.url));
}
