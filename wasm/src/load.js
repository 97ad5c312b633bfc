// Loading a model into the program's memory: file by file, piece by piece, each
// piece written where it stays.

import { open } from './source.js';

/**
 * @typedef {import('./source.js').Source} Source
 *
 * @typedef {object} ModelFile
 * @property {string} name in the checkpoint; of a packed model, its own
 * @property {Source} source
 * @property {string} [sha256] what it must have, in hexadecimal digits
 *
 * @typedef {object} Order
 * @property {string} name of the model
 * @property {boolean} packed whether it is one packed file, not those of a checkpoint
 * @property {ModelFile[]} files
 * @property {object} options for the program's model.open
 *
 * @typedef {object} Loaded
 * @property {string} info the model's description, as JSON
 * @property {{name: string, size: number}[]} files which the program holds until files.release
 */

/** @typedef {(method: string, args: object) => Promise<any>} Call */

/**
 * Loads a model and opens it.
 *
 * @param {Call} call
 * @param {Order} order
 * @param {(event: import('./toller.js').LoadProgress) => void} report
 * @param {AbortSignal} signal
 * @returns {Promise<Loaded>}
 */
export async function load(call, { name, packed, files, options }, report, signal) {
  const loaded = [];
  for (const file of files) {
    loaded.push({ name: file.name, size: await loadFile(call, file, report, signal) });
  }
  report({ phase: 'open', file: name });
  return { info: await call('model.open', { name, packed, ...options }), files: loaded };
}

/** How often progress is reported, in bytes. */
const reportEvery = 1 << 18;

/**
 * Loads one file and returns its size.
 *
 * @param {Call} call
 * @param {ModelFile} file
 * @param {(event: import('./toller.js').LoadProgress) => void} report
 * @param {AbortSignal} signal
 * @returns {Promise<number>}
 */
async function loadFile(call, { name, source, sha256 }, report, signal) {
  const { origin, size, pieces } = await open(source, signal);
  await call('files.create', { name, size: size ?? 0, digest: sha256 !== undefined });
  let loaded = 0;
  let reported = 0;
  report({ phase: 'load', file: name, loaded, total: size });
  for await (const bytes of pieces) {
    signal.throwIfAborted();
    if (size !== undefined && loaded + bytes.length > size) {
      throw new Error(`${origin}: expected ${size} bytes, found more`);
    }
    await call('files.append', { name, bytes });
    loaded += bytes.length;
    if (loaded - reported >= reportEvery) {
      reported = loaded;
      report({ phase: 'load', file: name, loaded, total: size });
    }
  }
  if (size !== undefined && loaded !== size) {
    throw new Error(`${origin}: expected ${size} bytes, found ${loaded}: the file is cut off`);
  }
  const finished = await call('files.finish', { name });
  if (sha256 !== undefined && finished.sha256 !== sha256) {
    throw new Error(`${origin}: expected the SHA-256 ${sha256}, found ${finished.sha256}`);
  }
  report({ phase: 'load', file: name, loaded, total: loaded });
  return loaded;
}
