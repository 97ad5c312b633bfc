// A stand-in for the hub.

import { createHash } from 'node:crypto';

/** The commit that every repository of the stand-in is at. */
export const commit = '0123456789abcdef0123456789abcdef01234567';

/**
 * Puts a repository on a server.
 *
 * @param {import('./server.js').Server} server
 * @param {string} id
 * @param {Map<string, Buffer>} files
 * @param {{ api?: boolean, revision?: string }} [options] whether the server says what files there are, as the hub does
 */
export function publish(server, id, files, { api = true, revision = 'main' } = {}) {
  const sha256 = (/** @type {Buffer} */ content) => createHash('sha256').update(content).digest('hex');
  if (api) {
    const siblings = [...files].map(([rfilename, content]) => ({
      rfilename,
      size: content.length,
      lfs: rfilename.endsWith('.safetensors') ? { sha256: sha256(content), size: content.length } : undefined,
    }));
    server.answers.set(`/api/models/${id}/revision/${revision}`, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id, sha: commit, siblings }));
    });
  }
  for (const [name, content] of files) {
    server.answers.set(`/${id}/resolve/${api ? commit : revision}/${name}`, (request, response) => {
      response.writeHead(200, { 'content-length': content.length, etag: `"${sha256(content).slice(0, 40)}"` });
      response.end(request.method === 'HEAD' ? undefined : content);
    });
  }
}
