// Where the bytes of a file come from.

/**
 * One of these.
 *
 * @typedef {object} Source
 * @property {string} [url] to be fetched
 * @property {string} [path] in the file system, where there is one
 * @property {Blob} [blob]
 * @property {Uint8Array<ArrayBuffer>} [bytes]
 */

/**
 * @typedef {object} Opened
 * @property {string} origin what to call it in messages
 * @property {number} [size] in bytes, if that is known beforehand
 * @property {string} [version] what a server calls this version of it
 * @property {string} [sha256] what a server says that it is
 * @property {AsyncIterable<Uint8Array<ArrayBuffer>>} pieces
 */

/**
 * What goes with every request.
 *
 * @typedef {object} Requests
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} signal
 */

/**
 * Opens a source.
 *
 * @param {Source} source
 * @param {Requests} requests
 * @returns {Promise<Opened | undefined>} undefined if a server answers that there is no such file
 */
export async function open({ url, path, blob, bytes }, requests) {
  if (url !== undefined) return fetchURL(url, requests);
  if (path !== undefined) return readPath(path);
  if (blob) return openBlob(blob, /** @type {File} */ (blob).name ?? 'the blob');
  if (bytes) return { origin: 'the bytes given', size: bytes.length, pieces: once(bytes) };
  throw new Error('a source needs a URL, a path, a blob or bytes, found none');
}

/**
 * @param {Blob} blob
 * @param {string} origin
 * @returns {Opened}
 */
export function openBlob(blob, origin) {
  return { origin, size: blob.size, pieces: read(blob.stream(), origin) };
}

/**
 * @param {string} url
 * @param {Requests} requests
 * @returns {Promise<Opened | undefined>}
 */
async function fetchURL(url, requests) {
  let response;
  try {
    response = await fetch(url, requests);
  } catch (error) {
    requests.signal.throwIfAborted();
    throw new Error(`${url}: expected a file, found no answer: ${reason(error)}`);
  }
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`${url}: expected a file, found the status ${response.status} ${response.statusText}`.trimEnd());
  }
  // Compressed on the way, a file is longer than the answer says.
  const length = response.headers.get('content-encoding') ? null : response.headers.get('content-length');
  return {
    origin: url,
    size: length === null ? undefined : Number(length),
    version: version(response),
    // The hub says it of large files.
    sha256: response.headers.get('x-linked-etag')?.match(/^"?([0-9a-f]{64})"?$/)?.[1],
    pieces: read(response.body, url),
  };
}

/**
 * Asks a server for the version that it has of a file.
 *
 * @param {string} url
 * @param {Requests} requests
 * @returns {Promise<string | undefined>} undefined if it doesn't say, or doesn't answer
 */
export async function currentVersion(url, requests) {
  try {
    const response = await fetch(url, { ...requests, method: 'HEAD', cache: 'no-cache' });
    return response.ok ? version(response) : undefined;
  } catch {
    requests.signal.throwIfAborted();
    return undefined;
  }
}

/** @param {Response} response */
function version({ headers }) {
  return headers.get('etag') ?? headers.get('last-modified') ?? undefined;
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
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 * @param {string} origin
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
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

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function* once(bytes) {
  yield bytes;
}

/** @param {any} error */
function reason(error) {
  return error?.cause?.message ?? error?.message ?? String(error);
}
