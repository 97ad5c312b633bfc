// Documents that stay: an index in the browser, or in memory.

import { locateFile } from './locate.js';
import { Shelf } from './shelf.js';
import { Tabs, lock } from './tabs.js';

/**
 * What an index needs of the model that it is opened with.
 *
 * @typedef {import('./shelf.js').Encoder & { fingerprint: string, name: string }} Encoder
 *
 * @typedef {import('./model.js').Span} Span
 * @typedef {Span & { weight: number }} Highlight
 *
 * @typedef {object} IndexDocument
 * @property {string} key by which it is known: a path, a URL, a number
 * @property {string} [title] is encoded with each passage of the text
 * @property {string} [text]
 * @property {string} [source] where it came from, free form
 * @property {Record<string, any>} [metadata] for filters; what JSON can hold
 * @property {number | Date} [time] to the millisecond
 * @property {boolean} [plain] whether # begins no heading in the text, as in source code
 *
 * @typedef {object} IndexOptions
 * @property {boolean} [memory] keeps the index in memory, and nowhere else
 * @property {string | URL | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob} [from] a file that the index begins as a copy of: its bytes, a Blob or File, or its URL
 * @property {'4bit' | '2bit' | '1bit' | 'int8' | 'fp16' | 'fp32'} [codec] the form in which a new index keeps vectors
 * @property {number} [dims] dimensions that it keeps of them
 * @property {number} [pool] tokens of which it keeps one vector
 * @property {number} [passageTokens] most tokens of a passage
 * @property {number} [passageOverlap] tokens that a passage repeats from the one before
 * @property {boolean} [wholeDocuments] keeps each document in one passage
 * @property {AbortSignal} [signal]
 *
 * @typedef {object} WriteOptions
 * @property {AbortSignal} [signal]
 * @property {(stored: number, total: number) => void} [progress]
 *
 * @typedef {object} SearchOptions
 * @property {number} [k] how many results there are, 10 if this is left out
 * @property {string} [filter] a condition, such as: year >= 2020 and tags has "birds"
 * @property {'auto' | 'exact' | 'pruned' | 'lexical' | 'hybrid'} [mode]
 * @property {'weighted' | 'rrf' | 'maxsim'} [fusion] the order of a hybrid search
 * @property {boolean} [explain] whether results come with evidence, token by token
 * @property {boolean} [snippets] false leaves out snippets and highlights, which take time
 * @property {boolean} [perDocument] keeps only the best passage of each document
 * @property {AbortSignal} [signal]
 *
 * @typedef {object} Result a passage that answers a query; places count UTF-16 code units
 * @property {string} key
 * @property {string} title
 * @property {string} source
 * @property {string} heading path of the headings above the passage
 * @property {number} start of the passage in the document's text
 * @property {number} end
 * @property {string} text of the passage
 * @property {number} score what the results are ordered by
 * @property {number} maxsim
 * @property {number} bm25
 * @property {Span & { highlights: Highlight[] }} snippet the stretch of the text that answers the query best
 * @property {Highlight[]} titleHighlights
 * @property {{ score: number, mean: number, matches: import('./model.js').Match[] }} [evidence]
 *
 * @typedef {object} IndexStatus
 * @property {boolean} here whether this tab has the file; otherwise another one does the work
 * @property {string} driver
 * @property {string} model
 * @property {number} dim
 * @property {string} codec
 * @property {number} dims
 * @property {number} pool
 * @property {number} documents
 * @property {number} passages
 * @property {number} tokens
 * @property {boolean} trained
 * @property {number} bytes of the file
 * @property {string} [trouble] why the training after the last write failed
 */

/**
 * An index that is open. Its methods can be called side by side. Several tabs can have
 * it open: one has the file and does the others' work, and when it is closed another
 * one takes over.
 */
export class Index {
  #run;
  #close;
  #closed = false;

  /**
   * @internal
   * @param {string} name
   * @param {(method: string, args: any, options: any) => Promise<any>} run
   * @param {() => Promise<void>} close
   */
  constructor(name, run, close) {
    this.name = name;
    this.#run = run;
    this.#close = close;
  }

  /**
   * Opens an index, and makes it if there is none.
   *
   * @internal
   * @param {Encoder} encoder
   * @param {string} name
   * @param {IndexOptions} options
   * @param {() => void} closed called when the index is closed
   * @returns {Promise<Index>}
   */
  static async open(encoder, name, { memory = false, from, signal, ...settings }, closed) {
    const source = from === undefined ? undefined : locateFile(from);
    if (memory) {
      const shelf = await Shelf.open(encoder, undefined, settings, source, signal);
      return new Index(name, answer(shelf), async () => (closed(), shelf.close()));
    }
    const folder = folderOf(name);
    storage(); // or it says what is missing
    const tabs = new Tabs(name);
    /** @type {Shelf | undefined} */
    let shelf;
    let release = () => {};
    let over = false;
    const hello = async (/** @type {string} */ fingerprint) => {
      if (fingerprint !== encoder.fingerprint) {
        throw new Error(`toller: index "${name}": it is open in another tab with another model, ${encoder.name}`);
      }
    };
    const open = async (/** @type {boolean} */ first) => {
      const isNew = first && !(await exists(folder));
      try {
        shelf = await Shelf.open(encoder, folder, settings, first ? source : undefined, first ? signal : undefined);
      } catch (error) {
        if (isNew) await remove(folder).catch(() => {});
        throw error;
      }
      const run = answer(shelf);
      return async (/** @type {string} */ method, /** @type {any} */ args, /** @type {any} */ options) =>
        method === 'hello' ? hello(args) : run(method, args, options);
    };
    const owning = (/** @type {() => void} */ let_go) => {
      release = let_go;
      if (over) shelf?.close().finally(release);
    };
    try {
      const here = await tabs.join(open, owning);
      if (!here) {
        if (source) throw new Error(`toller: index "${name}": it is open already: expected none to copy a file to`);
        await tabs.call('hello', encoder.fingerprint, { signal });
      }
    } catch (error) {
      tabs.leave();
      throw error;
    }
    const run = async (/** @type {string} */ method, /** @type {any} */ args, /** @type {any} */ options) => {
      const result = await tabs.call(method, args, options);
      return method === 'status' ? { ...result, here: shelf !== undefined } : result;
    };
    return new Index(name, run, async () => {
      over = true;
      closed();
      const mine = shelf;
      tabs.retire();
      try {
        await mine?.close();
      } finally {
        tabs.leave();
        release();
      }
    });
  }

  /**
   * Stores new documents. A key that exists is an error.
   *
   * Documents are stored in batches: when a call ends early, by an error or its
   * signal, what was stored until then stays. The error's property stored says how
   * many documents that are.
   *
   * @param {IndexDocument | IndexDocument[]} documents
   * @param {WriteOptions} [options]
   * @returns {Promise<void>}
   */
  add(documents, options = {}) {
    return this.#write('add', documents, options);
  }

  /**
   * Replaces documents whose keys exist; another is an error.
   *
   * @param {IndexDocument | IndexDocument[]} documents
   * @param {WriteOptions} [options]
   * @returns {Promise<void>}
   */
  update(documents, options = {}) {
    return this.#write('update', documents, options);
  }

  /**
   * Adds the documents whose keys are new, and replaces the others.
   *
   * @param {IndexDocument | IndexDocument[]} documents
   * @param {WriteOptions} [options]
   * @returns {Promise<void>}
   */
  put(documents, options = {}) {
    return this.#write('put', documents, options);
  }

  /**
   * Removes documents by their keys, and returns how many there were.
   *
   * @param {string | string[]} keys
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<number>}
   */
  delete(keys, options = {}) {
    return this.#call('delete', strings('keys', keys), options);
  }

  /**
   * Finds the passages that answer a query best, best first.
   *
   * @param {string} query
   * @param {SearchOptions} [options]
   * @returns {Promise<Result[]>}
   */
  async search(query, { signal, ...rest } = {}) {
    if (typeof query !== 'string') throw new TypeError(`toller: query: expected a string, found ${kind(query)}`);
    if (rest.k !== undefined && (!Number.isInteger(rest.k) || rest.k < 1)) throw new Error(`toller: k: expected a whole number from 1 on, found ${rest.k}`);
    return this.#call('search', { query, ...rest }, { signal });
  }

  /**
   * The document with a key, undefined if there is none.
   *
   * @param {string} key
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<IndexDocument | undefined>}
   */
  async get(key, options = {}) {
    return (await this.#call('get', strings('key', key), options))[0];
  }

  /**
   * The keys of all documents, or of those that meet a filter, in the order in which
   * they were added.
   *
   * @param {string} [filter]
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<string[]>}
   */
  keys(filter = '', options = {}) {
    return this.#call('keys', filter, options);
  }

  /**
   * What the index holds, and how it was made.
   *
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<IndexStatus>}
   */
  async status(options = {}) {
    const { fingerprint, ...status } = await this.#call('status', undefined, options);
    return { here: true, ...status };
  }

  /**
   * Makes the file as small as it can be. It takes as much free space as the file has.
   *
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<void>}
   */
  async compact(options = {}) {
    await this.#call('compact', undefined, options);
  }

  /**
   * The file of the index, which `toller search --index` opens, and openIndex with
   * `from`.
   *
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<Blob>}
   */
  export(options = {}) {
    return this.#call('export', undefined, options);
  }

  /** Closes the index, after writes that are under way. Later calls are rejected. */
  async close() {
    if (this.#closed) return;
    this.#closed = true;
    await this.#close();
  }

  /**
   * @param {'add' | 'update' | 'put'} how
   * @param {IndexDocument | IndexDocument[]} documents
   * @param {WriteOptions} options
   */
  async #write(how, documents, options) {
    const list = (Array.isArray(documents) ? documents : [documents]).map(plain);
    if (list.length > 0) await this.#call(how, list, options);
  }

  /**
   * @param {string} method
   * @param {any} args
   * @param {{ signal?: AbortSignal, progress?: (...event: any[]) => void }} options
   */
  async #call(method, args, { signal, progress }) {
    if (this.#closed) throw new Error(`toller: index "${this.name}": closed already`);
    return this.#run(method, args, { signal, progress });
  }
}

/**
 * The names of the indexes that this browser keeps for this site.
 *
 * @returns {Promise<string[]>}
 */
export async function listIndexes() {
  const names = [];
  for await (const name of (await all()).keys()) names.push(decodeURIComponent(name.slice(prefix.length)));
  return names.sort();
}

/**
 * Removes an index from this browser. One that is open, in this tab or another, is an
 * error; one that doesn't exist is none.
 *
 * @param {string} name
 * @returns {Promise<void>}
 */
export async function deleteIndex(name) {
  const folder = folderOf(name);
  storage();
  const release = await lock(name, { ifAvailable: true });
  if (!release) throw new Error(`toller: index "${name}": it is open, in this tab or another: close it first`);
  try {
    await remove(folder);
  } finally {
    release();
  }
}

/**
 * What a shelf does when it is asked.
 *
 * @param {Shelf} shelf
 */
function answer(shelf) {
  return async (/** @type {string} */ method, /** @type {any} */ args, /** @type {any} */ options) => {
    switch (method) {
      case 'add':
      case 'update':
      case 'put':
        return shelf.write(method, args, options);
      case 'delete':
      case 'search':
      case 'get':
      case 'keys':
      case 'status':
      case 'compact':
      case 'export':
        return shelf[method](/** @type {never} */ (args), options);
    }
    throw new Error(`toller: index: there is no method ${method}: are all tabs of the same version?`);
  };
}

/**
 * A document as the program takes it.
 *
 * @param {IndexDocument} document
 * @param {number} i
 */
function plain(document, i) {
  if (document === null || typeof document !== 'object') throw new TypeError(`toller: documents[${i}]: expected an object with a key and a text, found ${kind(document)}`);
  const { key, title, text, source, metadata, time, plain } = document;
  for (const [name, value] of Object.entries({ key, title, text, source })) {
    if (typeof value !== 'string' && (value !== undefined || name === 'key')) throw new TypeError(`toller: documents[${i}].${name}: expected a string, found ${kind(value)}`);
  }
  const moment = time === undefined ? undefined : Number(time);
  if (moment !== undefined && !Number.isFinite(moment)) throw new TypeError(`toller: documents[${i}].time: expected a Date or milliseconds, found ${String(time)}`);
  return { key, title, text, source, metadata, time: moment === undefined ? undefined : Math.round(moment), plain };
}

/**
 * @param {string} name
 * @param {string | string[]} value
 */
function strings(name, value) {
  const list = Array.isArray(value) ? value : [value];
  for (const s of list) if (typeof s !== 'string') throw new TypeError(`toller: ${name}: expected strings, found ${kind(s)}`);
  return list;
}

/** @param {unknown} value */
const kind = (value) => (value === null ? 'null' : typeof value);

/** Folder of the browser's file system, as in index-worker.js, and what names in it begin with. */
const folderName = 'toller-indexes';
const prefix = 'index-';

/** @param {string} name */
function folderOf(name) {
  const folder = prefix + encodeURIComponent(name);
  if (typeof name !== 'string' || name === '' || folder.length > 200) throw new Error(`toller: index: expected a name of 1 to some sixty characters, found ${JSON.stringify(name)}`);
  return folder;
}

function storage() {
  const scope = /** @type {any} */ (globalThis);
  if (!scope.navigator?.storage?.getDirectory || !scope.navigator.locks) {
    throw new Error('toller: index: there is no place to keep one here: expected a page that comes by HTTPS or from this machine, in a browser with a private file system; { memory: true } keeps it in memory');
  }
  return navigator.storage;
}

async function all() {
  return (await storage().getDirectory()).getDirectoryHandle(folderName, { create: true });
}

/** @param {string} folder */
async function exists(folder) {
  try {
    await (await all()).getDirectoryHandle(folder);
    return true;
  } catch {
    return false;
  }
}

/** How long the files of a worker that has just ended may take to be free, in milliseconds. */
const patience = 5000;

/** @param {string} folder */
async function remove(folder) {
  for (const until = Date.now() + patience; ; ) {
    try {
      return await (await all()).removeEntry(folder, { recursive: true });
    } catch (/** @type {any} */ error) {
      if (error?.name === 'NotFoundError') return;
      if (error?.name !== 'NoModificationAllowedError' || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
