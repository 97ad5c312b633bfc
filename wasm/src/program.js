// The compiled programs: Go's, and the kernels beside it. They are compiled once and
// sent to the workers.

import { loadKernels } from './kernels.js';

/**
 * What a worker runs.
 *
 * @typedef {object} Program
 * @property {WebAssembly.Module} module
 * @property {import('./kernels.js').Kernels['modules']} kernels
 */

/** Modules by URL. @type {Map<string, Promise<WebAssembly.Module>>} */
const modules = new Map();

/**
 * Gets a program and what kernels this engine runs.
 *
 * @param {URL} url of the Go program
 * @param {readonly import('./kernels.js').Variant[]} [variants] of the kernels to choose from; all if this is left out
 * @returns {Promise<Program>}
 */
export async function program(url, variants) {
  const [module, { modules: kernels }] = await Promise.all([once(url), loadKernels(readKernels, variants)]);
  return { module, kernels };
}

/** @param {string} file */
async function readKernels(file) {
  // Bundlers look for URLs that are written out.
  const url = file === 'relaxed.wasm' ? new URL('../dist/relaxed.wasm', import.meta.url) : new URL('../dist/simd128.wasm', import.meta.url);
  return bytes(url);
}

/**
 * Compiles a module that isn't a Go program.
 *
 * @param {URL} url
 * @returns {Promise<WebAssembly.Module>}
 */
export const compiled = (url) => once(url);

/**
 * Compiles a module the first time that somebody asks for it.
 *
 * @param {URL} url
 * @returns {Promise<WebAssembly.Module>}
 */
function once(url) {
  let compiled = modules.get(url.href);
  if (!compiled) {
    compiled = compile(url);
    modules.set(url.href, compiled);
    compiled.catch(() => modules.delete(url.href));
  }
  return compiled;
}

/** @param {URL} url */
async function compile(url) {
  if (url.protocol !== 'file:') {
    const response = await get(url);
    // Streaming needs the right media type, which not every server sends.
    if (response.headers.get('content-type')?.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
    return WebAssembly.compile(await response.arrayBuffer());
  }
  return WebAssembly.compile(await bytes(url));
}

/**
 * @param {URL} url
 * @returns {Promise<BufferSource>}
 */
async function bytes(url) {
  if (url.protocol !== 'file:') return (await get(url)).arrayBuffer();
  const fs = /** @type {any} */ (globalThis).process?.getBuiltinModule?.('node:fs');
  if (!fs) throw new Error(`toller: ${url}: a page that was opened from a file can't load programs: it needs a web server, any will do`);
  return fs.promises.readFile(url);
}

/** @param {URL} url */
async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`toller: ${url}: expected the status 200, found ${response.status} ${response.statusText}`.trimEnd());
  return response;
}
