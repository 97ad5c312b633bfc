// What a caller means by a model.

/**
 * Says which files a model is, from what the caller gave.
 *
 * @param {import('./toller.js').LoadOptions} options
 * @returns {Promise<import('./load.js').Order>}
 */
export async function locate({ model, integrity, host = 'https://huggingface.co', revision = 'main', headers, cache = true, queryLength, documentLength }) {
  const rest = { cache, headers, options: { queryLength, documentLength } };
  const packed = (/** @type {string} */ name, /** @type {import('./source.js').Source} */ source, sha256 = integrity) => {
    return { name, packed: { name, source, sha256 }, ...rest };
  };
  if (model === 'small') {
    const small = await smallModel();
    const source = locateURL(small.url);
    // Who installed it has checked it.
    return packed(small.name, source, source.path === undefined ? small.sha256 : undefined);
  }
  if (typeof model === 'string' && isRepository(model)) {
    return { name: model, hub: { host: host.replace(/\/+$/, ''), id: model, revision }, ...rest };
  }
  if (typeof model === 'string' || model instanceof URL) {
    return packed(String(model).split(/[?#]/)[0].split('/').pop() || 'model', locateURL(model));
  }
  if (model instanceof Blob) return packed(/** @type {File} */ (model).name ?? 'model', { blob: model });
  if (model instanceof ArrayBuffer) return packed('model', { bytes: new Uint8Array(model) });
  if (model instanceof Uint8Array) return packed('model', { bytes: model });
  throw new Error(`toller: model: expected a URL, the name of a repository, bytes, a Blob or "small", found ${model === null ? 'null' : typeof model}`);
}

/**
 * Where a file is read from that a caller gave.
 *
 * @param {string | URL | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob} file
 * @returns {import('./source.js').Source}
 */
export function locateFile(file) {
  if (typeof file === 'string' || file instanceof URL) return locateURL(file);
  if (file instanceof Blob) return { blob: file };
  if (file instanceof ArrayBuffer) return { bytes: new Uint8Array(file) };
  if (file instanceof Uint8Array) return { bytes: file };
  throw new TypeError(`toller: from: expected a URL, bytes or a Blob, found ${file === null ? 'null' : typeof file}`);
}

/**
 * Whether a string is the name of a repository on the hub: two words with a slash
 * between them, which isn't the path of a packed model.
 *
 * @param {string} model
 */
function isRepository(model) {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(model) && !model.endsWith('.safetensors');
}

/**
 * A URL to be fetched, or where there is a file system and the URL has no scheme,
 * a path.
 *
 * @param {string | URL} location
 * @returns {import('./source.js').Source}
 */
function locateURL(location) {
  const scope = /** @type {any} */ (globalThis);
  const url = scope.process?.getBuiltinModule?.('node:url');
  if (!url) return { url: new URL(location, scope.document?.baseURI ?? scope.location?.href).href };
  const text = String(location);
  if (/^https?:|^data:|^blob:/.test(text)) return { url: text };
  return { path: text.startsWith('file:') ? url.fileURLToPath(text) : text };
}

/**
 * What the package toller-model-small says of its model.
 *
 * @returns {Promise<{ name: string, url: URL, sha256: string }>}
 */
async function smallModel() {
  try {
    return await import('toller-model-small');
  } catch {
    // Without a bundler or an import map, a page finds it where npm puts it.
  }
  const beside = new URL('../../toller-model-small/index.js', import.meta.url).href;
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ beside);
  } catch (error) {
    throw new Error(`toller: the model "small" needs the package toller-model-small: npm install toller-model-small`, { cause: error });
  }
}
