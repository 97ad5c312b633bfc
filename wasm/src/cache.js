// Files that were downloaded, kept in the browser's own file system (OPFS). A worker
// writes them: there every browser has a way to.

/** The folder of the file system that the files are in. */
const folderName = 'toller-models';

/**
 * What is known of a kept file.
 *
 * @typedef {object} About
 * @property {string} url
 * @property {string} [file] that its bytes are in; without one, the server has no such file
 * @property {number} [size]
 * @property {string} [sha256] if it was checked
 * @property {string} [version] what the server calls this version of it
 */

/** @typedef {{ about: About, blob?: Blob }} Entry */

export class Cache {
  /** @type {FileSystemDirectoryHandle} */
  #folder;

  /** @param {FileSystemDirectoryHandle} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * Opens the cache.
   *
   * @returns {Promise<Cache | undefined>} undefined where there is none, as in pages that come by plain HTTP from elsewhere
   */
  static async open() {
    try {
      const root = await navigator.storage.getDirectory();
      return new Cache(await root.getDirectoryHandle(folderName, { create: true }));
    } catch {
      return undefined;
    }
  }

  /** Removes all that is kept. */
  static async clear() {
    const storage = globalThis.navigator?.storage;
    if (!storage?.getDirectory) return;
    const root = await storage.getDirectory();
    await root.removeEntry(folderName, { recursive: true }).catch((error) => {
      if (error?.name !== 'NotFoundError') throw error;
    });
  }

  /**
   * Finds what is kept of a URL.
   *
   * @param {string} url
   * @returns {Promise<Entry | undefined>}
   */
  async find(url) {
    try {
      const handle = await this.#folder.getFileHandle(`${await key(url)}.json`);
      /** @type {About} */
      const about = JSON.parse(await (await handle.getFile()).text());
      if (about.file === undefined) return { about };
      const blob = await (await this.#folder.getFileHandle(about.file)).getFile();
      return blob.size === about.size ? { about, blob } : undefined;
    } catch {
      return undefined; // there is none, or what there is can't be read
    }
  }

  /**
   * Begins to keep a file. What is kept of the URL until now stays until the new one
   * is complete.
   *
   * @param {string} url
   * @returns {Promise<Writer>}
   */
  async write(url) {
    const name = await key(url);
    const file = `${name}-${crypto.randomUUID()}`;
    const handle = await (await this.#folder.getFileHandle(file, { create: true })).createSyncAccessHandle();
    return new Writer(this, handle, file, url);
  }

  /**
   * Keeps what is known of a URL, whose bytes are there already, and forgets what was
   * kept before.
   *
   * @param {About} about
   */
  async put(about) {
    const old = await this.find(about.url);
    const handle = await (await this.#folder.getFileHandle(`${await key(about.url)}.json`, { create: true })).createSyncAccessHandle();
    try {
      handle.truncate(0);
      handle.write(new TextEncoder().encode(JSON.stringify(about)), { at: 0 });
      handle.flush();
    } finally {
      handle.close();
    }
    if (old?.about.file) await this.discard(old.about.file);
  }

  /**
   * Forgets a URL.
   *
   * @param {string} url
   */
  async remove(url) {
    const entry = await this.find(url);
    await this.discard(`${await key(url)}.json`);
    if (entry?.about.file) await this.discard(entry.about.file);
  }

  /**
   * Removes a file, if that can be done now.
   *
   * @param {string} file
   */
  async discard(file) {
    await this.#folder.removeEntry(file).catch(() => {});
  }
}

/** A file on its way into the cache. */
export class Writer {
  #cache;
  #handle;
  #file;
  #url;
  /** Bytes that are written. */
  size = 0;

  /**
   * @param {Cache} cache
   * @param {FileSystemSyncAccessHandle} handle
   * @param {string} file
   * @param {string} url
   */
  constructor(cache, handle, file, url) {
    this.#cache = cache;
    this.#handle = handle;
    this.#file = file;
    this.#url = url;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  write(bytes) {
    // Where there is no room, Chromium returns a number that no length can be.
    if (this.#handle.write(bytes, { at: this.size }) !== bytes.length) throw new DOMException('the storage is full', 'QuotaExceededError');
    this.size += bytes.length;
  }

  /**
   * Keeps the file.
   *
   * @param {{ sha256?: string, version?: string }} known
   */
  async finish(known) {
    try {
      this.#handle.flush();
      this.#handle.close();
      await this.#cache.put({ url: this.#url, file: this.#file, size: this.size, ...known });
    } catch (error) {
      await this.abandon();
      throw error;
    }
  }

  /** Keeps nothing. A handle that is closed already stays so. */
  async abandon() {
    this.#handle.close();
    await this.#cache.discard(this.#file);
  }
}

/**
 * The name that a URL has in the cache.
 *
 * @param {string} url
 */
async function key(url) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(url));
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * How many bytes of a file of that size have no room in the browser's storage, as far
 * as the browser says: some tell every page that there is room.
 *
 * @param {number} size
 */
export async function missing(size) {
  const { quota, usage } = (await navigator.storage.estimate?.()) ?? {};
  return quota === undefined || usage === undefined ? 0 : Math.max(0, size - (quota - usage));
}
