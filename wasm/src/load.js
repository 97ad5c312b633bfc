// Loading a model into the program's memory: file by file, piece by piece, each
// piece written where it stays.

import { missing } from './cache.js';
import { hubFiles } from './hub.js';
import { currentVersion, open, openBlob } from './source.js';

/**
 * @typedef {import('./source.js').Source} Source
 * @typedef {import('./cache.js').Writer} Writer
 * @typedef {import('./cache.js').Cache} Cache
 * @typedef {import('./toller.js').LoadProgress} LoadProgress
 *
 * @typedef {object} ModelFile
 * @property {string} name in the checkpoint; of a packed model, its own
 * @property {Source} source
 * @property {string} [sha256] what it must have, in hexadecimal digits
 * @property {boolean} [fixed] whether what its URL gives never changes
 * @property {boolean} [optional] whether it may be missing
 *
 * @typedef {object} Order
 * @property {string} name of the model
 * @property {ModelFile} [packed] a packed model
 * @property {import('./hub.js').Repository} [hub] or a checkpoint
 * @property {boolean} cache whether downloaded files are kept, and kept ones used
 * @property {Record<string, string>} [headers] of requests
 * @property {object} options for the program's model.open
 *
 * @typedef {object} Loaded
 * @property {{name: string, size: number}[]} files which the program holds until files.release
 * @property {string[]} warnings why something isn't kept
 */

/** @typedef {(method: string, args: object) => Promise<any>} Call */

/** How often progress is reported, in bytes. */
const reportEvery = 1 << 18;

/**
 * The loading of one model.
 */
export class Loading {
  /** @type {{name: string, size: number}[]} */
  files = [];
  /** @type {string[]} */
  warnings = [];
  #call;
  #cache;
  #report;
  #requests;
  /** URLs whose files came from the cache. @type {string[]} */
  #kept = [];

  /**
   * @param {Call} call
   * @param {Cache | undefined} cache
   * @param {(event: LoadProgress) => void} report
   * @param {import('./source.js').Requests} requests
   */
  constructor(call, cache, report, requests) {
    this.#call = call;
    this.#cache = cache;
    this.#report = report;
    this.#requests = requests;
  }

  /**
   * Loads all files of a model.
   *
   * @param {Order} order
   * @returns {Promise<Loaded>}
   */
  async all({ packed, hub }) {
    await this.#call('files.release', {});
    if (packed) await this.file(packed);
    if (hub) await hubFiles(this, hub);
    return { files: this.files, warnings: this.warnings };
  }

  /**
   * Removes from the cache what was loaded from there.
   *
   * @returns {Promise<boolean>} whether there was anything
   */
  async forget() {
    for (const url of this.#kept) await this.#cache?.remove(url);
    return this.#kept.length > 0;
  }

  /**
   * Reads a file that is loaded, as text.
   *
   * @param {string} name
   * @returns {Promise<string>}
   */
  async text(name) {
    const { size } = await this.#call('files.finish', { name });
    return new TextDecoder().decode(await this.#call('files.read', { name, offset: 0, length: size }));
  }

  /**
   * Fetches something in JSON, the newest there is: what was kept is for when nobody
   * answers, and for what never changes.
   *
   * @param {string} url
   * @param {boolean} fixed whether what the URL gives never changes
   * @returns {Promise<any>} undefined if there is none
   */
  async json(url, fixed) {
    const kept = await this.#cache?.find(url);
    if (fixed && kept?.blob) return JSON.parse(await kept.blob.text());
    try {
      const response = await fetch(url, this.#requests);
      if (!response.ok) return undefined;
      const bytes = new Uint8Array(await response.arrayBuffer());
      const value = JSON.parse(new TextDecoder().decode(bytes));
      const writer = await this.#writer(url, url, bytes.length);
      writer?.write(bytes);
      await writer?.finish({});
      return value;
    } catch {
      this.#requests.signal.throwIfAborted();
      return kept?.blob && JSON.parse(await kept.blob.text());
    }
  }

  /**
   * Loads one file.
   *
   * @param {ModelFile} file
   * @returns {Promise<boolean>} whether there is one, if it is optional
   */
  async file({ name, source, sha256, fixed, optional }) {
    const { url } = source;
    const kept = url && (await this.#find(url, sha256, fixed));
    if (kept) {
      this.#kept.push(kept.about.url);
      if (kept.blob) await this.#take(name, openBlob(kept.blob, `${url}, as it was kept`));
      return kept.blob !== undefined;
    }
    const opened = await open(source, this.#requests);
    if (!opened) {
      if (!optional) throw new Error(`${url}: expected a file, found the status 404: there is none`);
      if (url) await this.#cache?.put({ url }).catch(() => {});
      return false;
    }
    const expected = sha256 ?? opened.sha256;
    const writer = url && (await this.#writer(name, url, opened.size));
    await this.#take(name, opened, expected, writer || undefined);
    return true;
  }

  /**
   * What is kept of a URL, if it is what is wanted.
   *
   * @param {string} url
   * @param {string} [sha256]
   * @param {boolean} [fixed]
   */
  async #find(url, sha256, fixed) {
    const entry = await this.#cache?.find(url);
    if (!entry) return undefined;
    if (sha256 !== undefined) return entry.about.sha256 === sha256 ? entry : undefined;
    if (fixed) return entry;
    const version = await currentVersion(url, this.#requests);
    // A server that says nothing, or can't be reached, changes nothing.
    return version === undefined || version === entry.about.version ? entry : undefined;
  }

  /**
   * Begins to keep a file, if there is room for it.
   *
   * @param {string} name
   * @param {string} url
   * @param {number} [size]
   * @returns {Promise<Writer | undefined>}
   */
  async #writer(name, url, size) {
    if (!this.#cache) return undefined;
    try {
      const lacking = await missing(size ?? 0);
      if (lacking === 0) return await this.#cache.write(url);
      this.#notKept(name, noRoom(lacking, size));
    } catch (error) {
      this.#failed(name, error, size, size);
    }
    return undefined;
  }

  /**
   * @param {string} name
   * @param {string} reason
   */
  #notKept(name, reason) {
    this.warnings.push(`${name} isn't kept for the next time: ${reason}`);
  }

  /**
   * Notes that keeping a file has failed.
   *
   * @param {string} name
   * @param {any} error
   * @param {number} [lacking] bytes that were not kept by then
   * @param {number} [size] of the file
   */
  #failed(name, error, lacking, size) {
    this.#notKept(name, error?.name === 'QuotaExceededError' ? noRoom(lacking, size) : String(error?.message ?? error));
  }

  /**
   * Takes the bytes of a file into the program's memory, and into the cache.
   *
   * @param {string} name
   * @param {import('./source.js').Opened} opened
   * @param {string} [sha256]
   * @param {Writer} [writer]
   */
  async #take(name, { origin, size, version, pieces }, sha256, writer) {
    try {
      await this.#call('files.create', { name, size: size ?? 0, digest: sha256 !== undefined });
      let loaded = 0;
      let reported = 0;
      this.#report({ phase: 'load', file: name, loaded, total: size });
      for await (const bytes of pieces) {
        this.#requests.signal.throwIfAborted();
        if (size !== undefined && loaded + bytes.length > size) throw new Error(`${origin}: expected ${size} bytes, found more`);
        await this.#call('files.append', { name, bytes });
        writer = await this.#keep(name, bytes, size, writer);
        loaded += bytes.length;
        if (loaded - reported >= reportEvery) {
          reported = loaded;
          this.#report({ phase: 'load', file: name, loaded, total: size });
        }
      }
      if (size !== undefined && loaded !== size) throw new Error(`${origin}: expected ${size} bytes, found ${loaded}: the file is cut off`);
      const finished = await this.#call('files.finish', { name });
      if (sha256 !== undefined && finished.sha256 !== sha256) throw new Error(`${origin}: expected the SHA-256 ${sha256}, found ${finished.sha256}`);
      this.#report({ phase: 'load', file: name, loaded, total: loaded });
      this.files.push({ name, size: loaded });
    } catch (error) {
      await writer?.abandon();
      throw error;
    }
    try {
      await writer?.finish({ sha256, version });
    } catch (error) {
      this.#failed(name, error, writer?.size, writer?.size);
    }
  }

  /**
   * Writes a piece into the cache. When that is full, the file goes on without it.
   *
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {number | undefined} size of the file
   * @param {Writer} [writer]
   * @returns {Promise<Writer | undefined>}
   */
  async #keep(name, bytes, size, writer) {
    try {
      writer?.write(bytes);
      return writer;
    } catch (error) {
      const left = size === undefined || !writer ? undefined : size - writer.size;
      this.#failed(name, error, left, size);
      await writer?.abandon();
      return undefined;
    }
  }
}

/**
 * Says how much is missing.
 *
 * @param {number} [lacking] bytes
 * @param {number} [size] of the file
 */
function noRoom(lacking, size) {
  const what = lacking === undefined || size === undefined ? 'the rest of it has' : `${lacking} of its ${size} bytes have`;
  return `${what} no room in the browser's storage`;
}
