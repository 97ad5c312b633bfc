// A static file server as dull as any: no special headers. It has the packages where
// npm puts them, and can be told to fail.

import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/**
 * @typedef {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void} Answer
 *
 * @typedef {object} Server
 * @property {string} url without a slash at its end
 * @property {string[]} requests "GET /path" for each so far
 * @property {Map<string, Answer | string>} answers by path: what answers it, or the file that does
 * @property {() => Promise<void>} close
 */

/**
 * Starts a server.
 *
 * @param {Record<string, string>} [folders] more folders, by the path that they begin with
 * @returns {Promise<Server>}
 */
export async function serve(folders = {}) {
  const places = Object.entries({
    ...folders,
    '/node_modules/toller-model-small/': `${root}model-small/`,
    '/node_modules/toller/': root,
  });
  /** @type {string[]} */
  const requests = [];
  /** @type {Server['answers']} */
  const answers = new Map([
    ['/', (_, response) => response.writeHead(200, { 'content-type': types['.html'] }).end('<!doctype html><title>toller</title><link rel="icon" href="data:,">')],
  ]);
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    requests.push(`${request.method} ${path}`);
    const answer = answers.get(path);
    if (typeof answer === 'function') return answer(request, response);
    const place = places.find(([prefix]) => path.startsWith(prefix));
    const file = answer ?? (place && place[1] + path.slice(place[0].length));
    if (!file || path.includes('..')) return response.writeHead(404).end();
    send(file, request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Sends a file.
 *
 * @param {string} file
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export function send(file, request, response) {
  let size;
  try {
    const status = statSync(file);
    if (!status.isFile()) return response.writeHead(404).end();
    size = status.size;
  } catch {
    return response.writeHead(404).end();
  }
  response.writeHead(200, {
    'content-type': types[/** @type {keyof typeof types} */ (extname(file))] ?? 'application/octet-stream',
    'content-length': size,
    etag: `"${size.toString(16)}"`,
  });
  if (request.method === 'HEAD') return response.end();
  createReadStream(file).pipe(response);
}
