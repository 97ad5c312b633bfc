// Where the bytes of a file come from.

/**
 * One of these.
 *
 * @typedef {object} Source
 * @property {string} [url] to be fetched
 * @property {string} [path] in the file system, where there is one
 * @property {Blob} [blob]
 * @property {Uint8Array} [bytes]
 */

/**
 * @typedef {object} Opened
 * @property {string} origin what to call it in messages
 * @property {number} [size] in bytes, if that is known beforehand
 * @property {AsyncIterable<Uint8Array>} pieces
 */

/**
 * Opens a source.
 *
 * @param {Source} source
 * @param {AbortSignal} signal
 * @returns {Promise<Opened>}
 */
export async function open({ url, path, blob, bytes }, signal) {
  if (url !== undefined) return fetchURL(url, signal);
  if (path !== undefined) return readPath(path);
  if (blob) return { origin: /** @type {File} */ (blob).name ?? 'the blob', size: blob.size, pieces: read(blob.stream(), 'the blob') };
  if (bytes) return { origin: 'the bytes given', size: bytes.length, pieces: once(bytes) };
  throw new Error('a source needs a URL, a path, a blob or bytes, found none');
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<Opened>}
 */
async function fetchURL(url, signal) {
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`${url}: expected a file, found no answer: ${reason(error)}`);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url}: expected the status 200, found ${response.status} ${response.statusText}`.trimEnd());
  }
  if (!response.body) throw new Error(`${url}: expected a file, found an empty answer`);
  // Compressed on the way, a file is longer than the answer says.
  const length = response.headers.get('content-encoding') ? null : response.headers.get('content-length');
  return { origin: url, size: length === null ? undefined : Number(length), pieces: read(response.body, url) };
}

/**
 * @param {string} path
 * @returns {Promise<Opened>}
 */
async function readPath(path) {
  const fs = /** @type {any} */ (globalThis).process.getBuiltinModule('node:fs');
  const { size } = await fs.promises.stat(path);
  return { origin: path, size, pieces: fs.createReadStream(path, { highWaterMark: 1 << 20 }) };
}

/**
 * The pieces of a stream.
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @param {string} origin
 * @returns {AsyncGenerator<Uint8Array>}
 */
async function* read(stream, origin) {
  const reader = stream.getReader(); // not every browser can iterate over a stream
  let loaded = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        if (error?.name === 'AbortError') throw error;
        throw new Error(`${origin}: expected more than ${loaded} bytes, found the end of the connection: ${reason(error)}`);
      });
      if (done) return;
      loaded += value.length;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {Uint8Array} bytes */
async function* once(bytes) {
  yield bytes;
}

/** @param {any} error */
function reason(error) {
  return error?.cause?.message ?? error?.message ?? String(error);
}
