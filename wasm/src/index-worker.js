// What runs in the worker of an index: worker.js, SQLite beside the Go program, and
// the file that both work on.

import init from '../dist/sqlite3.js';
import { methods } from './worker.js';
import { HeldFiles, MemoryFiles } from './sqlite-files.js';
import { bindings } from './sqlite.js';
import { open as openSource } from './source.js';

/** The folder of the browser's file system that indexes are in, each in one of its own. */
const folderName = 'toller-indexes';
const path = '/index.db';

/** @type {HeldFiles | MemoryFiles | undefined} */
let files;

/**
 * Makes ready what the program opens an index in: {name} is the index's folder, none
 * for one in memory, {source} what it is to be a copy of, {sqlite3} the compiled
 * SQLite. Returns the path for the program.
 *
 * @param {{ name?: string, source?: import('./source.js').Source, sqlite3: WebAssembly.Module }} args
 */
methods['shelf.hold'] = async ({ name, source, sqlite3: module }) => {
  const instantiateWasm = (/** @type {any} */ imports, /** @type {any} */ done) => {
    WebAssembly.instantiate(module, imports).then((instance) => done(instance, module));
    return {};
  };
  // Of its ways to keep files none is used; some complain where they can't be.
  /** @type {any} */ (globalThis).sqlite3ApiConfig = { disable: { vfs: { 'opfs': true, 'opfs-vfs': true, 'opfs-wl': true, 'opfs-sahpool': true, 'kvvfs': true } } };
  const sqlite3 = await init({ instantiateWasm });
  if (name === undefined) {
    files = new MemoryFiles();
  } else {
    files = new HeldFiles();
    await hold(files, name);
  }
  if (source) await copy(files, source);
  /** @type {any} */ (globalThis).tollerSQLite = bindings(sqlite3, files);
  return path;
};

/**
 * Reads a part of the file, which index.flush has made whole before.
 *
 * @param {{ offset: number, length: number }} args
 */
methods['shelf.read'] = async ({ offset, length }) => {
  const file = files?.open(path, false);
  if (!file) throw new Error('there is no file to read');
  const bytes = new Uint8Array(Math.max(0, Math.min(length, file.getSize() - offset)));
  file.read(bytes, { at: offset });
  return bytes;
};

/** Lets go of the file. */
methods['shelf.release'] = async () => {
  if (files instanceof HeldFiles) files.release(path);
};

/** How long a file that another worker has just let go of may take to be free, in milliseconds. */
const patience = 5000;

/**
 * Opens the files of an index. A worker that was ended keeps its own for a moment.
 *
 * @param {HeldFiles} files
 * @param {string} name
 */
async function hold(files, name) {
  const root = await navigator.storage.getDirectory();
  const all = await root.getDirectoryHandle(folderName, { create: true });
  const folder = await all.getDirectoryHandle(name, { create: true });
  for (const until = Date.now() + patience; ; ) {
    try {
      return await files.hold(folder, path);
    } catch (error) {
      if (/** @type {any} */ (error)?.name !== 'NoModificationAllowedError' || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The first bytes of a file of SQLite. */
const magic = 'SQLite format 3\0';

/**
 * Writes the file that a source has, as the index's.
 *
 * @param {HeldFiles | MemoryFiles} files
 * @param {import('./source.js').Source} source
 */
async function copy(files, source) {
  if (files.size(path) > 0) throw new Error('there is an index of this name already: expected none to copy a file to');
  const opened = await openSource(source, { signal: new AbortController().signal });
  if (!opened) throw new Error(`${source.url}: expected the file of an index, found none`);
  const { origin, size, pieces } = opened;
  const file = /** @type {import('./sqlite-files.js').OpenFile} */ (files.open(path, true));
  let at = 0;
  try {
    for await (const bytes of pieces) {
      if (file.write(bytes, { at }) !== bytes.length) throw new Error(`${origin}: no room left in the browser's storage after ${at} bytes${size === undefined ? '' : ` of ${size}`}`);
      at += bytes.length;
    }
    if (size !== undefined && at !== size) throw new Error(`${origin}: expected ${size} bytes, found ${at}: the file is cut off`);
    const head = new Uint8Array(magic.length);
    file.read(head, { at: 0 });
    if (String.fromCharCode(...head) !== magic) throw new Error(`${origin}: expected the file of an index, found something else`);
    file.flush();
  } catch (error) {
    files.remove(path);
    throw error;
  }
}
